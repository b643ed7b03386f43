import base64
import gzip
import hashlib
import html
import json
import re
from importlib.resources import files

import numpy as np
import pytest

from liftpose.plot.chunks import decode_chunk
from liftpose.plot.embedding import inline_player, json_script, packed_script, player_page, web_text
from liftpose.plot.limbs import Limbs
from liftpose.plot.track import Track
from liftpose.skeleton import Skeleton

BODY = Skeleton(["hip", "knee", "foot"], bones=[(0, 1), (1, 2)])
VENDOR = files("liftpose.plot").joinpath("web", "vendor")


def track(frames, **other) -> Track:
    pose = np.random.default_rng(0).random((frames, 3, 3)).astype(np.float32)
    return Track({"pose": pose}, BODY.joints, Limbs.of(BODY), **other)


def parts(page: str) -> dict[str, str]:
    return dict(re.findall(r'<script type="application/[a-z-]+" id="([^"]+)">(.*?)</script>', page))


def test_vendored_files_are_those_that_were_fetched():
    said = json.loads(VENDOR.joinpath("VERSIONS").read_text())
    there = {each.name for each in VENDOR.iterdir()} - {"VERSIONS"}
    assert there == set(said["sha256"])
    for name, digest in said["sha256"].items():
        assert hashlib.sha256(VENDOR.joinpath(name).read_bytes()).hexdigest() == digest
    assert all(name in there for name in ("three.LICENSE", "plotly.LICENSE"))


def test_a_page_holds_all_frames_and_the_library():
    of = track(30)
    held = parts(player_page(of, chunk=20))
    said = json.loads(held["header"])
    chunks = [base64.b64decode(held[f"chunk-{i}"]) for i in range(2)]
    read = np.concatenate([decode_chunk(data, [("pose", 3)], 3)["pose"] for data in chunks])
    assert said["frames"] == 30
    assert np.allclose(read, of.layers["pose"], atol=1e-4)
    packed = gzip.decompress(base64.b64decode(held["three"])).decode()
    assert packed == web_text("vendor/three.min.js")


def test_a_page_asks_for_nothing_from_elsewhere():
    page = player_page(track(3))
    assert not re.findall(r'(?:src|href)="', page)
    assert "import(" not in page


def test_titles_and_notes_of_any_kind_are_kept_as_text():
    page = player_page(track(3, title="<b>&</b></script><script>alert(1)"), note="a < b")
    assert "<b>" not in page
    assert "<script>alert" not in page
    assert "a &lt; b" in page
    assert json.loads(parts(page)["header"])["title"] == "<b>&</b></script><script>alert(1)"


def test_plain_values_end_no_element():
    text = json_script("x", ["</script>", "<!--"])
    assert text.count("<") == 2
    assert json.loads(parts(text)["x"]) == ["</script>", "<!--"]
    with pytest.raises(ValueError, match="JSON"):
        json_script("x", float("nan"))


def test_packed_scripts_come_back():
    held = parts(packed_script("a", "let x = '</script>';") + packed_script("b", b"\0\xff"))
    assert gzip.decompress(base64.b64decode(held["a"])) == b"let x = '</script>';"
    assert base64.b64decode(held["b"]) == b"\0\xff"


def test_a_part_of_another_page_is_a_page_in_a_frame_and_thinned():
    frame = inline_player(track(1200, fps=100.0), height=300, most=500)
    inner = html.unescape(re.search(r'srcdoc="([^"]*)"', frame)[1])
    assert frame.startswith("<iframe")
    assert "height: 300px" in frame
    said = json.loads(parts(inner)["header"])
    assert said["frames"] == 400
    assert np.isclose(said["fps"], 100 / 3)
    assert "400 of 1,200 frames" in inner
