"""The server gives a page its recording, and others nothing."""

import errno
import http.client
import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from threading import enumerate as enumerate_threads

import numpy as np
import pytest

from liftpose.io import write_poses
from liftpose.plot.chunks import decode_chunk
from liftpose.poses import Lifted
from liftpose.view import open_shown, serve, shown

FRAMES, JOINTS, ROWS = 1000, 5, 64


@pytest.fixture(scope="module")
def lifted():
    draw = np.random.default_rng(0)
    position = draw.normal(size=(FRAMES, JOINTS, 3)).cumsum(axis=0).astype(np.float32)
    position[70:80, 1] = np.nan
    spread = draw.random(position.shape).astype(np.float32)
    return Lifted(position, position, ("walk",), (FRAMES,), spread=spread, unit="mm")


@pytest.fixture(scope="module")
def served(lifted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    (folder / "secret.txt").write_text("nobody's business")
    path = write_poses(lifted, folder / "lifted.h5")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shown, "CHUNK", ROWS)
        with open_shown(path) as found, serve(found) as page:
            yield page


def ask(served, route, method="GET", token=None, **headers):
    """Status, headers and body of an answer; the route is sent as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    try:
        start = served.token if token is None else token
        address = route if route.startswith("/") else f"/{start}/{route}"
        connection.putrequest(method, address, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def test_the_page_and_all_that_it_loads_is_there(served):
    status, _, page = ask(served, "")
    assert status == 200
    loaded = re.findall(r'<(?:script src|link rel="stylesheet" href)="([^"]+)"', page.decode())
    assert len(loaded) == 5
    for name in loaded:
        status, headers, body = ask(served, name)
        kind = "text/css" if name.endswith("css") else "text/javascript"
        assert (status, headers["Content-Type"]) == (200, f"{kind}; charset=utf-8")
        assert len(body) == int(headers["Content-Length"]) > 100


def test_chunks_are_the_rows_of_the_file(served, lifted):
    header = json.loads(ask(served, "header.json")[2])
    assert (header["frames"], header["chunk"], header["unit"]) == (FRAMES, ROWS, "mm")
    order = [(layer["name"], layer["dims"]) for layer in header["layers"]]
    for number in (0, 1, FRAMES // ROWS):
        status, headers, body = ask(served, f"chunk/{number}")
        assert (status, headers["Content-Type"]) == (200, "application/octet-stream")
        found = decode_chunk(body, order, JOINTS)
        rows = slice(number * ROWS, (number + 1) * ROWS)
        np.testing.assert_allclose(found["pose"], lifted.position[rows], atol=1e-3)
        np.testing.assert_allclose(found["spread"], lifted.spread[rows], atol=1e-3)


def test_the_time_line_is_found_meanwhile(served, lifted):
    for _ in range(500):
        found = json.loads(ask(served, "lines.json")[2])
        if found["done"] == FRAMES:
            break
    line = found["lines"][0]
    length = np.linalg.norm(lifted.spread.astype(float), axis=2).mean(axis=1)
    np.testing.assert_allclose(line["high"], length, rtol=1e-3)
    assert found["marks"]
    assert found["failure"] is None


@pytest.mark.parametrize(
    "route", ["chunk/16", "chunk/999999999999", "chunk/-1", "chunk/1.5", "chunk/01", "picture/0"]
)
def test_what_lies_beyond_the_recording_is_not_there(served, route):
    status, _, body = ask(served, route)
    assert status == 404
    assert body


@pytest.mark.parametrize("token", ["", "wrong", "%00", "ü", "x" * 5000])
def test_nothing_is_given_without_the_token(served, token):
    for route in ("", "header.json", "chunk/0"):
        address = f"/{token}/{route}".encode().decode("latin-1")
        status, _, body = ask(served, address.encode("ascii", "replace").decode())
        assert status == 403
        assert b"joints" not in body
    assert ask(served, "/")[0] == 403


def test_a_token_is_long_and_drawn_anew(served, lifted, tmp_path):
    with open_shown(write_poses(lifted, tmp_path / "a.nc")) as found:
        with serve(found) as first:
            pass
        with serve(found) as second:
            pass
    assert len({first.token, second.token, served.token}) == 3
    assert len(first.token) >= 32


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::2]", "[", "", "10.0.0.1"],
)
def test_a_name_of_the_web_that_leads_here_is_refused(served, host):
    assert ask(served, "header.json", Host=host)[0] == 403


@pytest.mark.parametrize("host", ["localhost:9999", "127.0.0.1", "[::1]:80", "LOCALHOST"])
def test_a_tunnel_may_begin_on_another_port(served, host):
    assert ask(served, "header.json", Host=host)[0] == 200


def test_two_hosts_are_none(served):
    with socket.create_connection(("127.0.0.1", served.port), 20) as line:
        line.sendall(
            f"GET /{served.token}/header.json HTTP/1.1\r\nHost: localhost\r\n"
            "Host: evil.example\r\n\r\n".encode()
        )
        assert line.recv(4096).startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "ODD"])
def test_nothing_can_be_changed(served, method):
    status, headers, _ = ask(served, "header.json", method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


def test_nothing_can_be_sent(served):
    status, headers, _ = ask(served, "header.json", **{"Content-Length": "3"})
    assert (status, headers["Connection"]) == (400, "close")


def test_a_head_is_the_answer_without_its_body(served):
    status, headers, body = ask(served, "chunk/1", "HEAD")
    whole = ask(served, "chunk/1")
    assert (status, body) == (200, b"")
    assert headers["Content-Length"] == str(len(whole[2]))


@pytest.mark.parametrize(
    "route",
    [
        "../secret.txt",
        "../../../../etc/passwd",
        "..%2fsecret.txt",
        "%2e%2e/secret.txt",
        "vendor/../view.js/../../../__init__.py",
        "..\\secret.txt",
        "lifted.h5",
        "/etc/passwd",
        "file:///etc/passwd",
        "chunk/0/../../secret.txt",
    ],
)
def test_no_other_file_is_given(served, route):
    status, _, body = ask(served, route)
    assert status in (403, 404)
    assert b"nobody" not in body
    assert b"root:" not in body


def test_every_answer_forbids_what_a_page_could_do_with_it(served):
    for route, method in (("", "GET"), ("chunk/0", "GET"), ("nothing", "GET"), ("", "POST")):
        headers = ask(served, route, method)[1]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "Access-Control-Allow-Origin" not in headers


def test_many_may_ask_at_once(served):
    numbers = [number % 16 for number in range(64)]
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda number: ask(served, f"chunk/{number}")[2], numbers))
    alone = [ask(served, f"chunk/{number}")[2] for number in range(16)]
    assert found == [alone[number] for number in numbers]


def test_it_listens_on_this_machine_alone(served):
    with socket.socket() as line:
        line.settimeout(2)
        # An address of this machine that is not 127.0.0.1, where there is one.
        code = line.connect_ex(("127.0.0.2", served.port))
    assert code in (errno.ECONNREFUSED, errno.EADDRNOTAVAIL, errno.ENETUNREACH, errno.EAGAIN)


def test_it_stops_listening_when_the_block_ends(lifted, tmp_path):
    with open_shown(write_poses(lifted, tmp_path / "a.nc")) as found:
        with serve(found) as page:
            assert ask(page, "header.json")[0] == 200
        with pytest.raises(ConnectionRefusedError):
            ask(page, "header.json")
        with serve(found, page.port) as again:
            assert again.port == page.port


def test_connections_that_are_kept_open_end_with_it(lifted, tmp_path):
    before = set(enumerate_threads())
    with open_shown(write_poses(lifted, tmp_path / "a.nc")) as found, serve(found) as page:
        kept = http.client.HTTPConnection("127.0.0.1", page.port, timeout=20)
        for route in ("header.json", "lines.json"):
            kept.request("GET", f"/{page.token}/{route}")
            assert kept.getresponse().read()
        line = kept.sock
    assert line.recv(1) == b""
    kept.close()
    assert set(enumerate_threads()) == before


def test_a_busy_port_is_explained_and_another_offered(served):
    words = rf"port {served.port} is busy.*Port \d+ is free"
    with pytest.raises(ValueError, match=words), serve(served.shown, served.port):
        pass


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_is_none(served, port):
    with pytest.raises(ValueError, match="expected 1 to 65535"), serve(served.shown, port):
        pass


def test_a_file_that_cannot_be_read_is_said(served, monkeypatch, caplog):
    def broken(start, stop):
        raise OSError("the disk is gone")

    monkeypatch.setattr(served.shown, "layers", broken)
    monkeypatch.setattr(served.shown, "_chunks", shown.Kept(0))
    status, _, body = ask(served, "chunk/2")
    assert (status, body) == (500, b"the disk is gone")
    assert served.token not in caplog.text
