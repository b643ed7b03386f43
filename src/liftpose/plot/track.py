"""What the player of a page shows: poses over time, what belongs to them, and a summary of both."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.plot.chunks import decode_chunk, encode_chunk
from liftpose.plot.limbs import Limbs
from liftpose.poses import Bars, Floats

__all__ = [
    "CHUNK",
    "LAYERS",
    "LEVEL",
    "Track",
    "bar_of",
    "chunks",
    "decode_chunk",
    "encode_chunk",
    "evenly",
    "header",
    "thinned",
]

LAYERS: Mapping[str, int] = {"pose": 3, "truth": 3, "spread": 3, "image": 2, "reprojected": 2}
"""Every layer that a track may have, in the order of a file, and its number of coordinates."""

CHUNK = 2048
"""Frames of a chunk."""

LEVEL = 0.9
"""Of the error bars that are drawn."""

_BINS = 1500  # of the time line: more than a screen has columns for
_SAMPLE = 2000  # frames that the box and the ground are taken from
_OUTSIDE = 0.5  # percent of the coordinates that may be outside of the box, at each end


@dataclass(frozen=True, eq=False)
class Track:
    """Poses over time with what belongs to them, row for row.

    Parameters
    ----------
    layers : mapping of str to array, shape (N, J, D)
        ``"pose"`` (D = 3), and where they are known ``"truth"`` (3), ``"spread"`` (3, one standard
        deviation of each coordinate), ``"image"`` and ``"reprojected"`` (2, pixels). `z` is up,
        lengths are in `unit`, NaN is absent.
    joints : tuple of str, length J
    limbs : Limbs
        Bones, colours and sides.
    unit : str, optional
    fps : float, optional
        Frames a second.
    recordings : tuple of (str, int, int)
        Name, first row and number of rows of each recording; by default one without a name.
    image_size : pair of int, optional
        Width and height of the image, pixels.
    lines : mapping of str to (str, str, array of shape (N,))
        What the time line shows: label, unit and values of ``"error"``, ``"spread"`` and
        ``"novelty"``, or some of them.
    marks : tuple of (int, str)
        Rows worth jumping to, such as the worst, and why.
    title : str
    bar : float
        How many standard deviations the drawn spread reaches.
    bar_label : str
        What that is, in words; by default the number of standard deviations.
    every : int
        Every how many-th row of a file these are, where it was thinned.
    begins : tuple of int
        Row of the file that each recording begins with; by default that of the track.
    skipped : tuple of int
        Rows of each recording that are before the one that it begins with here; by default none.
    rows : int, optional
        Rows of the file; by default as many as here.

    Raises
    ------
    ValueError
        Layers, lines, recordings or marks that do not fit each other; names which.

    Examples
    --------
    >>> from liftpose.skeleton import Skeleton
    >>> body = Skeleton(["hip", "knee"], bones=[(0, 1)])
    >>> track = Track({"pose": np.zeros((9, 2, 3))}, body.joints, Limbs.of(body), unit="mm")
    >>> track.frames, track.recordings
    (9, (('', 0, 9),))
    """

    layers: Mapping[str, Floats]
    joints: tuple[str, ...]
    limbs: Limbs
    unit: str | None = None
    fps: float | None = None
    recordings: tuple[tuple[str, int, int], ...] = ()
    image_size: tuple[int, int] | None = None
    lines: Mapping[str, tuple[str, str, Floats]] = field(default_factory=dict)
    marks: tuple[tuple[int, str], ...] = ()
    title: str = ""
    bar: float = 1.0
    bar_label: str = ""
    every: int = 1
    begins: tuple[int, ...] = ()
    skipped: tuple[int, ...] = ()
    rows: int | None = None

    def __post_init__(self) -> None:
        if "pose" not in self.layers:
            raise ValueError(f"a track needs the layer 'pose'; there are {list(self.layers)}.")
        frames, joints = len(self.layers["pose"]), len(self.joints)
        for name, values in self.layers.items():
            if name not in LAYERS:
                raise ValueError(f"there is no layer {name!r}; a track may have {list(LAYERS)}.")
            if values.shape != (frames, joints, LAYERS[name]):
                raise ValueError(
                    f"the layer {name!r} has shape {values.shape}; expected "
                    f"{(frames, joints, LAYERS[name])}: frames, joints, coordinates."
                )
        if len(self.limbs.limb_id) != joints:
            raise ValueError(
                f"the limbs are of {len(self.limbs.limb_id)} joints and the track has {joints}."
            )
        if self.fps is not None and not (math.isfinite(self.fps) and self.fps > 0):
            raise ValueError(f"fps needs a number above 0, got {self.fps!r}.")
        if not self.recordings:
            object.__setattr__(self, "recordings", (("", 0, frames),))
        if not self.begins:
            object.__setattr__(self, "begins", tuple(first for _, first, _ in self.recordings))
        if not self.skipped:
            object.__setattr__(self, "skipped", (0,) * len(self.recordings))
        for name, rows in (("begins", self.begins), ("skipped", self.skipped)):
            if len(rows) != len(self.recordings):
                raise ValueError(
                    f"{name} has {len(rows)} rows; expected one for each of the "
                    f"{len(self.recordings)} recordings."
                )
        self._check_times(frames)

    def _check_times(self, frames: int) -> None:
        for name, (_, _, values) in self.lines.items():
            if values.shape != (frames,):
                raise ValueError(
                    f"the line {name!r} has shape {values.shape}; expected {(frames,)}, one value "
                    "a frame."
                )
        for frame, text in self.marks:
            if not 0 <= frame < frames:
                raise ValueError(f"{text!r} marks frame {frame}; there are {frames}, from 0.")
        after = 0
        for name, first, count in self.recordings:
            if first != after:
                raise ValueError(
                    f"recording {name!r} begins at row {first}; expected {after}, where the one "
                    "before ends."
                )
            after += count
        if after != frames:
            raise ValueError(f"the recordings have {after} rows, and the poses {frames}.")

    @property
    def frames(self) -> int:
        """Number of frames N, of all recordings."""
        return len(self.layers["pose"])

    def place(self, frame: int) -> tuple[str, int]:
        """Say where a frame comes from.

        Parameters
        ----------
        frame : int
            Of the track.

        Returns
        -------
        name : str
            Of its recording.
        row : int
            Of the file.

        Raises
        ------
        IndexError
            There is no such frame.
        """
        for (name, first, count), begin in zip(self.recordings, self.begins, strict=True):
            if first <= frame < first + count:
                return name, begin + (frame - first) * self.every
        raise IndexError(f"there is no frame {frame}; there are {self.frames}, from 0.")

    @property
    def order(self) -> tuple[str, ...]:
        """Names of the layers, in the order in which they are written."""
        return tuple(name for name in LAYERS if name in self.layers)


def mean_lengths(vectors: npt.ArrayLike) -> Floats:
    """Mean length of the vectors of each frame: what a time line of errors or spread shows.

    Parameters
    ----------
    vectors : array, shape (N, J, D)
        Such as prediction less truth. NaN where a joint is not known.

    Returns
    -------
    array, shape (N,), float64
        Of the joints that are known; NaN where none is.

    Examples
    --------
    >>> mean_lengths([[[3.0, 4.0], [0.0, 1.0]], [[np.nan, 0.0], [0.0, 2.0]]]).tolist()
    [3.0, 2.0]
    """
    length = np.sqrt(np.square(vectors, dtype=np.float64).sum(axis=-1))
    known = np.isfinite(length)
    count = known.sum(axis=1)
    total = np.where(known, length, 0).sum(axis=1)
    mean: Floats = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean


def bar_of(bars: Bars | None) -> tuple[float, str]:
    """Say how far drawn spread reaches: as far as error bars of 90 %, where those are known.

    Parameters
    ----------
    bars : Bars or None
        Of the lifter.

    Returns
    -------
    bar : float
        Standard deviations; 1 where bars are not known, or not up to this level.
    label : str
        What that is, in words; empty for 1.

    Examples
    --------
    >>> from liftpose.poses.bars import LEVELS
    >>> widths = tuple(2 * level for level in LEVELS)
    >>> bar, label = bar_of(Bars(widths, widths, blocks=40))
    >>> round(bar, 6), label
    (1.8, '90% of each coordinate')
    """
    if bars is None or bars.highest < LEVEL:
        return 1.0, ""
    return bars.of_interval(LEVEL), f"{LEVEL:.0%} of each coordinate"


def header(track: Track, chunk: int = CHUNK) -> dict[str, Any]:
    """Say what a track is, all but its frames.

    Parameters
    ----------
    track : Track
    chunk : int
        Frames of a chunk.

    Returns
    -------
    dict
        Ready for JSON, and short however long the track is.

    Examples
    --------
    >>> track = Track({"pose": np.ones((9, 1, 3))}, ("nose",), Limbs.resolve(1, [], None, None))
    >>> said = header(track)
    >>> said["frames"], said["layers"], said["box"]["low"]
    (9, [{'name': 'pose', 'dims': 3}], [1.0, 1.0, 1.0])
    """
    low, high, ground, size = _extent(track)
    limbs = track.limbs
    return {
        "version": 1,
        "title": track.title,
        "frames": track.frames,
        "chunk": chunk,
        "joints": list(track.joints),
        "bones": limbs.bones.tolist(),
        "limb_id": limbs.limb_id.tolist(),
        "colors": [
            "#{:02x}{:02x}{:02x}".format(*row) for row in np.rint(limbs.colors * 255).astype(int)
        ],
        "left": limbs.left.astype(int).tolist(),
        "unit": track.unit,
        "fps": track.fps,
        "recordings": [
            {"name": name, "first": first, "frames": count, "row": row, "skipped": skipped}
            for (name, first, count), row, skipped in zip(
                track.recordings, track.begins, track.skipped, strict=True
            )
        ],
        "every": track.every,
        "rows": track.rows or track.frames,
        "image_size": None if track.image_size is None else list(map(int, track.image_size)),
        "layers": [{"name": name, "dims": LAYERS[name]} for name in track.order],
        "lines": [
            {"name": name, "label": label, "unit": unit, **_bands(values)}
            for name, (label, unit, values) in track.lines.items()
        ],
        "marks": [{"frame": int(frame), "text": text} for frame, text in sorted(track.marks)],
        "box": {"low": low, "high": high},
        **_image_extent(track),
        "ground": ground,
        "size": size,
        "bar": track.bar,
        "bar_label": track.bar_label or f"{track.bar:.3g} SD",
    }


def chunks(track: Track, chunk: int = CHUNK) -> Iterator[bytes]:
    """Give every chunk of a track, one after another.

    Parameters
    ----------
    track : Track
    chunk : int
        Frames of a chunk; the last may have fewer.

    Yields
    ------
    bytes
        See `liftpose.plot.chunks`.

    Examples
    --------
    >>> track = Track({"pose": np.ones((9, 1, 3))}, ("nose",), Limbs.resolve(1, [], None, None))
    >>> len(list(chunks(track, chunk=4)))
    3
    """
    for first in range(0, track.frames, chunk):
        rows = slice(first, first + chunk)
        yield encode_chunk({name: track.layers[name][rows] for name in track.order}, track.order)


def evenly(lengths: Sequence[int], most: int) -> tuple[npt.NDArray[np.intp], list[int], int]:
    """Choose evenly spaced rows of every recording.

    Parameters
    ----------
    lengths : sequence of int
        Rows of each recording.
    most : int
        Rows that are chosen, about; at least the first of each recording.

    Returns
    -------
    rows : array of int
    counts : list of int
        How many of them each recording has.
    every : int
        Every how many-th row they are.

    Raises
    ------
    ValueError
        `most` is less than 1.

    Examples
    --------
    >>> rows, counts, every = evenly([5, 2], most=4)
    >>> rows.tolist(), counts, every
    ([0, 2, 4, 5], [3, 1], 2)
    """
    if most < 1:
        raise ValueError(f"a player needs a frame at least, got most={most}.")
    every = max(1, -(-sum(lengths) // most))
    firsts = np.cumsum([0, *lengths])
    rows = [np.arange(firsts[i], firsts[i] + count, every) for i, count in enumerate(lengths)]
    return np.concatenate([*rows, np.zeros(0, np.intp)]), [len(each) for each in rows], every


def thinned(track: Track, most: int) -> Track:
    """Give evenly spaced frames of a track.

    Parameters
    ----------
    track : Track
    most : int
        Frames that are left, about; at least one of each recording.

    Returns
    -------
    Track
        The same where it is no longer than that. Its frames a second are fewer by as much.

    Examples
    --------
    >>> bare = Limbs.resolve(1, [], None, None)
    >>> thinned(Track({"pose": np.ones((900, 1, 3))}, ("nose",), bare, fps=90), 300).fps
    30.0
    """
    rows, counts, every = evenly([count for _, _, count in track.recordings], most)
    if every == 1:
        return track
    firsts = np.cumsum([0, *counts])
    places = np.searchsorted(rows, [frame for frame, _ in track.marks], side="right") - 1
    return replace(
        track,
        layers={name: values[rows] for name, values in track.layers.items()},
        fps=None if track.fps is None else track.fps / every,
        recordings=tuple(
            (name, int(firsts[i]), counts[i]) for i, (name, _, _) in enumerate(track.recordings)
        ),
        lines={
            name: (label, unit, values[rows]) for name, (label, unit, values) in track.lines.items()
        },
        marks=tuple((int(at), text) for at, (_, text) in zip(places, track.marks, strict=True)),
        every=track.every * every,
        begins=track.begins,
        rows=track.rows or track.frames,
    )


def _extent(track: Track) -> tuple[list[float], list[float], float, float]:
    """Where nearly all joints are, the height of the ground, and the size of the animal."""
    every = max(1, track.frames // _SAMPLE)
    pose = np.asarray(track.layers["pose"][::every], dtype=float)
    pose = np.where(np.isfinite(pose).all(axis=-1, keepdims=True), pose, np.nan)
    known = pose[np.isfinite(pose).all(axis=-1)]
    if not len(known):
        return [0.0] * 3, [0.0] * 3, 0.0, 1.0
    low, high = np.percentile(known, [_OUTSIDE, 100 - _OUTSIDE], axis=0)
    pose = pose[np.isfinite(pose).any(axis=(1, 2))]
    reach = np.nanmax(pose, axis=1) - np.nanmin(pose, axis=1)
    size = float(np.median(np.linalg.norm(reach, axis=1)))
    ground = float(np.median(np.nanmin(pose[..., 2], axis=1)))
    return low.tolist(), high.tolist(), ground, size or 1.0


def _image_extent(track: Track) -> dict[str, Any]:
    """Where nearly all keypoints of the image are, and how large the animal is in it."""
    every = max(1, track.frames // _SAMPLE)
    image = np.asarray(track.layers["image"][::every] if "image" in track.layers else [], float)
    image = image[np.isfinite(image).any(axis=(1, 2))] if image.size else image
    if not image.size:
        return {"image_box": None, "image_reach": None}
    known = image[np.isfinite(image).all(axis=-1)]
    low, high = np.percentile(known, [_OUTSIDE, 100 - _OUTSIDE], axis=0)
    reach = (np.nanmax(image, axis=1) - np.nanmin(image, axis=1)).max(axis=1)
    return {
        "image_box": {"low": low.tolist(), "high": high.tolist()},
        "image_reach": float(np.percentile(reach, 90)) or None,
    }


def _bands(values: Floats) -> dict[str, list[float | None]]:
    """Lowest and highest value of at most `_BINS` stretches; None where nothing is known."""
    count = min(len(values), _BINS)
    if not count:
        return {"low": [], "high": []}
    starts = np.arange(count) * len(values) // count
    known = np.where(np.isfinite(values), values, np.nan)
    return {
        "low": _plain(np.fmin.reduceat(known, starts)),
        "high": _plain(np.fmax.reduceat(known, starts)),
    }


def _plain(values: Floats) -> list[float | None]:
    """Four digits are more than a line on a screen shows."""
    return [float(f"{value:.4g}") if math.isfinite(value) else None for value in values]
