"""The page of a recording, served to the browsers of this machine and to nobody else.

What keeps others out: the socket listens on the loopback address alone; each address holds a
token that is drawn anew for each run; requests that name another host are refused, so that no page
of the web reaches it by giving its own name this machine's address; and what can be asked for is
a fixed list, in which there are no paths of files.
"""

from __future__ import annotations

import errno
import hmac
import json
import logging
import os
import re
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

from liftpose.plot.embedding import web_text
from liftpose.terminal import plain
from liftpose.view.overview import Overview
from liftpose.view.shown import Shown

HOST = "127.0.0.1"

PORTS = range(1, 65536)

_OWN_NAMES = ("127.0.0.1", "localhost", "::1")
_PAGE = "view.html"
_FILES = {
    "view.js": "text/javascript",
    "view.css": "text/css",
    "player.js": "text/javascript",
    "player.css": "text/css",
    "vendor/three.min.js": "text/javascript",
}
_ALLOWED = ("GET", "HEAD")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_NUMBERED = re.compile(r"(chunk|picture)/(0|[1-9][0-9]{0,11})\Z")
_IDLE = 60.0  # seconds after which a connection that says nothing is closed

_log = logging.getLogger(__name__)


class Served:
    """A page that is being served.

    Parameters
    ----------
    shown : Shown
        What it shows.
    server : http.server.ThreadingHTTPServer
        Bound already.
    token : str
        What every address has to begin with.
    """

    def __init__(self, shown: Shown, server: ThreadingHTTPServer, token: str):
        self.shown, self.token = shown, token
        self._server = server

    @property
    def port(self) -> int:
        """Port on which it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Address of the page."""
        return f"http://{HOST}:{self.port}/{self.token}/"


@contextmanager
def serve(shown: Shown, port: int | None = None) -> Iterator[Served]:
    """Serve the page of a recording while the block lasts.

    Parameters
    ----------
    shown : Shown
        What is shown; has to stay open.
    port : int, optional
        Where to listen; by default any that is free.

    Yields
    ------
    Served
        Its `url` is to be opened in a browser.

    Raises
    ------
    ValueError
        A port that another program listens on, that needs other rights, or that is none.

    Examples
    --------
    >>> import tempfile, urllib.request
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from liftpose.io import write_poses
    >>> from liftpose.poses import Poses
    >>> from liftpose.view import open_shown
    >>> walk = Poses.from_experiments(np.zeros((5, 2, 3)))
    >>> path = write_poses(walk, Path(tempfile.mkdtemp()) / "walk.nc")
    >>> with open_shown(path) as shown, serve(shown) as served:
    ...     json.load(urllib.request.urlopen(served.url + "header.json"))["frames"]
    5
    """
    token = secrets.token_urlsafe(24)
    overview = Overview(shown.frames, shown.lines, shown.values)
    server = _bound(port, _handler(shown, overview, token))
    thread = Thread(target=server.serve_forever, args=(0.1,), name="serving", daemon=True)
    thread.start()
    try:
        yield Served(shown, server, token)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        overview.stop()


class _Server(ThreadingHTTPServer):
    """A server that leaves nothing behind: no connection, and no thread that still reads."""

    daemon_threads = False
    block_on_close = True
    # Elsewhere it lets two programs listen on one port.
    allow_reuse_address = os.name == "posix"

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]):
        self._lines: set[Any] = set()
        self._lock = Lock()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection while it lasts."""
        with self._lock:
            self._lines.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget it."""
        with self._lock:
            self._lines.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Break off what browsers keep open, then wait for the threads."""
        with self._lock:
            for line in self._lines:
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of browsers that go away."""
        _log.debug("a connection broke off", exc_info=True)


def _bound(port: int | None, handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    if port is not None and port not in PORTS:
        raise ValueError(f"port {port} is none; expected {PORTS[0]} to {PORTS[-1]}.")
    try:
        return _Server((HOST, port or 0), handler)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ValueError(
                f"port {port} is busy: another program listens on it, perhaps another `liftpose "
                f"view`. Port {_free_port()} is free; without --port a free one is taken."
            ) from None
        if error.errno == errno.EACCES:
            raise ValueError(
                f"port {port} needs the rights of an administrator; take one above 1023."
            ) from None
        raise


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _handler(shown: Shown, overview: Overview, token: str) -> type[BaseHTTPRequestHandler]:
    header = _json(shown.header())
    numbered: dict[str, tuple[Callable[[int], bytes], str]] = {
        "chunk": (shown.chunk, "application/octet-stream"),
        "picture": (shown.picture, "image/jpeg"),
    }

    def found(route: str) -> tuple[bytes, str] | None:
        """What is at an address, and of which type."""
        if route in _FILES:
            return web_text(route).encode(), _FILES[route]
        if match := _NUMBERED.match(route):
            give, kind = numbered[match[1]]
            return give(int(match[2])), kind
        if route == "lines.json":
            # Asked for when the first frame is there, which it must not delay.
            overview.start()
            return _json(overview.state()), "application/json"
        if route == "header.json":
            return header, "application/json"
        return (web_text(_PAGE).encode(), "text/html") if route == "" else None

    class Handler(_Handler):
        secret = token.encode()

        def found(self, route: str) -> tuple[bytes, str] | None:
            return found(route)

    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "LiftPose", ""
    timeout = _IDLE
    secret = b""

    def found(self, route: str) -> tuple[bytes, str] | None:
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        # The base looks for a method do_NAME of this object for every request.
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        if self.command not in _ALLOWED:
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, "Nothing can be changed here.")
            return
        if "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
            self._refuse(HTTPStatus.BAD_REQUEST, "Nothing can be sent here.")
            return
        if not _is_own(self.headers.get_all("Host", [])):
            self._refuse(HTTPStatus.FORBIDDEN, "This is served to this machine alone.")
            return
        token, _, route = urlsplit(self.path).path.removeprefix("/").partition("/")
        if not hmac.compare_digest(token.encode("latin-1", "replace"), self.secret):
            self._refuse(
                HTTPStatus.FORBIDDEN, "Open the whole address that `liftpose view` printed."
            )
            return
        self._give(route)

    def _give(self, route: str) -> None:
        try:
            there = self.found(route)
        except IndexError as error:
            self._send(HTTPStatus.NOT_FOUND, str(error).encode(), "text/plain")
            return
        except (ValueError, OSError, RuntimeError) as error:
            _log.warning("%s: %s", route, error)
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, str(error).encode(), "text/plain")
            return
        if there is None:
            self._send(HTTPStatus.NOT_FOUND, b"There is nothing here.", "text/plain")
            return
        self._send(HTTPStatus.OK, *there)

    def _refuse(self, status: HTTPStatus, words: str) -> None:
        """Answer, and hear no more: what was sent beside the request is not read."""
        self.close_connection = True
        self._send(status, words.encode(), "text/plain")

    def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        text = kind.startswith("text/") or kind.endswith("json")
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if text else kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", ", ".join(_ALLOWED))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log requests without their addresses, which hold the token."""


def _is_own(names: list[str]) -> bool:
    """Whether a request names this machine, on whichever port: a tunnel may begin on another."""
    if len(names) != 1:
        return False
    try:
        return urlsplit(f"//{names[0]}").hostname in _OWN_NAMES
    except ValueError:
        return False


def _json(value: Any) -> bytes:
    return json.dumps(plain(value), allow_nan=False, separators=(",", ":")).encode()
