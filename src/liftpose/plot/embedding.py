"""The player with its poses as one self-contained page, and as a part of another one."""

from __future__ import annotations

import base64
import gzip
import html
import json
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

from liftpose.plot.track import CHUNK, Track, chunks, header, thinned

MOST = 500
"""Frames of a player in a notebook, which is kept in the file of the notebook."""

HEIGHT = 520
"""Of a player in a notebook, pixels."""

_PARTS = (
    "shared",
    "frames",
    "solids",
    "space",
    "flat",
    "image",
    "timeline",
    "furniture",
    "input",
    "player",
)  # each uses those before it

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}
html, body {{ margin: 0; height: 100%; background: var(--paper); }}
body {{ display: flex; flex-direction: column; padding: 8px; box-sizing: border-box; }}
#player {{ flex: 1 1 auto; height: auto; }}
#note {{ margin: 6px 0 0; color: var(--muted); font: 12px system-ui, sans-serif; }}
</style>
</head>
<body>
<div id="player"></div>
{note}
{data}
<script>{scripts}</script>
<script>
LiftPose.boot("three").then(() => {{
  const header = JSON.parse(document.getElementById("header").textContent);
  const root = document.getElementById("player");
  window.player = LiftPose.player(root, header, LiftPose.inline("chunk"), {options});
}});
</script>
</body>
</html>
"""


def web_text(name: str) -> str:
    """Read a file that pages are made of.

    Parameters
    ----------
    name : str
        Below ``plot/web``, such as ``"report.css"``. ``"player.js"`` is that of all parts of the
        player, joined.

    Returns
    -------
    str

    Examples
    --------
    >>> "LiftPose.player" in web_text("player.js")
    True
    """
    if name == "player.js":
        return "".join(web_text(f"player/{part}.js") for part in _PARTS)
    return files("liftpose.plot").joinpath("web", *name.split("/")).read_text(encoding="utf-8")


def packed_script(identity: str, data: str | bytes) -> str:
    """Give an element that holds bytes in a page without being run.

    Parameters
    ----------
    identity : str
        Its id: ``LiftPose.boot`` runs libraries by it, ``LiftPose.inline`` finds chunks.
    data : str or bytes
        A script, which is packed; or bytes, which are kept as they are.

    Returns
    -------
    str

    Examples
    --------
    >>> packed_script("chunk-0", b"abc")
    '<script type="application/octet-stream" id="chunk-0">YWJj</script>'
    """
    kept = gzip.compress(data.encode(), 9, mtime=0) if isinstance(data, str) else data
    text = base64.b64encode(kept).decode()
    return f'<script type="application/octet-stream" id="{identity}">{text}</script>'


def json_script(identity: str, value: Any) -> str:
    r"""Give an element that holds plain values in a page.

    Parameters
    ----------
    identity : str
        Its id.
    value : object
        Anything that JSON holds.

    Returns
    -------
    str

    Examples
    --------
    >>> json_script("header", {"title": "</script>"})
    '<script type="application/json" id="header">{"title": "\\u003c/script>"}</script>'
    """
    text = json.dumps(value, allow_nan=False).replace("<", "\\u003c")
    return f'<script type="application/json" id="{identity}">{text}</script>'


def player_page(track: Track, *, note: str = "", options: Any = None, chunk: int = CHUNK) -> str:
    """Give a page that plays a track, with all that it needs in it.

    Parameters
    ----------
    track : Track
    note : str
        Plain text to stand below the player.
    options : mapping, optional
        Of the player, such as ``{"toggles": {"spread": True}}``.
    chunk : int
        Frames that are unpacked at once.

    Returns
    -------
    str
        HTML that asks no network for anything.

    Examples
    --------
    >>> import numpy as np
    >>> from liftpose.plot.limbs import Limbs
    >>> track = Track({"pose": np.ones((9, 1, 3))}, ("nose",), Limbs.resolve(1, [], None, None))
    >>> "http" in player_page(track).replace("http://www.w3.org/2000/svg", "")
    False
    """
    parts: Iterable[str] = (
        json_script("header", header(track, chunk)),
        packed_script("three", web_text("vendor/three.min.js")),
        *(packed_script(f"chunk-{i}", data) for i, data in enumerate(chunks(track, chunk))),
    )
    return _PAGE.format(
        title=html.escape(track.title or "LiftPose"),
        style=web_text("player.css"),
        note=f'<p id="note">{html.escape(note)}</p>' if note else "",
        data="\n".join(parts),
        scripts=web_text("boot.js") + web_text("player.js"),
        options=json.dumps({"keyboard": "page", "wheel": False, **(options or {})}),
    )


def inline_player(track: Track, height: int = HEIGHT, most: int = MOST, *, note: str = "") -> str:
    """Give a player as a part of another page, such as a notebook.

    Parameters
    ----------
    track : Track
        One that is longer than `most` is thinned: evenly spaced frames of it are kept, and the
        player says so.
    height : int, pixels
    most : int
        Frames that are kept, about.
    note : str
        Plain text to stand below the player; by default how many frames are kept, if not all.

    Returns
    -------
    str
        HTML: a frame with a page of its own, so that neither touches the other.

    Examples
    --------
    >>> import numpy as np
    >>> from liftpose.plot.limbs import Limbs
    >>> track = Track({"pose": np.ones((9, 1, 3))}, ("nose",), Limbs.resolve(1, [], None, None))
    >>> inline_player(track)[:7]
    '<iframe'
    """
    kept = thinned(track, most)
    if kept.frames < track.frames and not note:
        note = f"{kept.frames:,} of {track.frames:,} frames, evenly spaced."
    # In ASCII, so that the page around it may be written in anything.
    page = html.escape(player_page(kept, note=note)).encode("ascii", "xmlcharrefreplace").decode()
    style = f"width: 100%; height: {height}px; border: 0; display: block"
    title = html.escape(track.title or "3D poses")
    return f'<iframe title="{title}" style="{style}" srcdoc="{page}"></iframe>'
