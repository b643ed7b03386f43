"""Lifted poses that show themselves: in a notebook, and as a page of their own."""

from __future__ import annotations

import html
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from liftpose.files import replacing
from liftpose.plot.embedding import HEIGHT, MOST, inline_player, player_page
from liftpose.plot.limbs import Limbs
from liftpose.plot.track import Track, bar_of, evenly, mean_lengths
from liftpose.plot.upright import upright
from liftpose.poses import Floats, Lifted, Poses
from liftpose.skeleton import Skeleton

_MARKS = 5
_APART = 0.02  # of the whole: frames that are nearer to a worse one are the same moment


@dataclass(frozen=True, eq=False)
class Shown:
    """Poses that a notebook shows as a player.

    Parameters
    ----------
    track : Track
    note : str
        Stands below the player, such as how many of the frames it has.
    height : int, pixels
    """

    track: Track
    note: str = ""
    height: int = HEIGHT

    def _repr_html_(self) -> str:
        words = html.escape(self.track.title)
        return inline_player(self.track, self.height, note=self.note) + f"<small>{words}</small>"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the player as a page of its own, which needs no network.

        Parameters
        ----------
        path : path-like
            An ``.html``; one that is there is replaced when the new one is complete.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        ValueError
            A name that does not end in ``.html``.
        """
        target = Path(path)
        if target.suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"the player is a page; its name needs to end in .html, got {target}.")
        with replacing(target) as beside:
            Path(beside).write_text(player_page(self.track, note=self.note), encoding="utf-8")
        return target


def show(
    lifted: Lifted,
    *,
    poses: Poses | None = None,
    truth: Poses | None = None,
    skeleton: Skeleton | None = None,
    height: int = HEIGHT,
    most: int = MOST,
) -> Shown:
    """Show lifted poses as a player that one turns, plays and scrubs.

    Parameters
    ----------
    lifted : Lifted
        3D.
    poses : Poses, optional
        The 2D that was lifted, drawn beside it.
    truth : Poses, optional
        The true 3D in the same frame, drawn in grey behind it; errors are shown over time. Where
        `lifted` has the first root at the origin, the truth is moved there, too.
    skeleton : Skeleton, optional
        Bones, colours and sides; by default that of the lifter, where `lifted` says it.
    height : int, pixels
        Of the player in a notebook.
    most : int
        Frames that are shown, evenly spaced; all of them would make the notebook's file large.

    Returns
    -------
    Shown
        A notebook shows it as it is; ``.save("walk.html")`` makes a page of it.

    Raises
    ------
    ValueError
        Poses of other than three coordinates, without frames, or that do not fit each other or
        the skeleton; names which.

    Examples
    --------
    >>> still = np.zeros((3, 2, 3), np.float32)
    >>> lifted = Lifted(still, still, ("walk",), (3,), joints=("hip", "knee"), unit="mm")
    >>> show(lifted).track.frames
    3
    """
    if lifted.dims != 3:
        raise ValueError(f"the poses have {lifted.dims} coordinates; a player shows 3D ones.")
    if not lifted.frames:
        raise ValueError("the poses have no frames; there is nothing to show.")
    for name, other, dims in (("poses", poses, 2), ("truth", truth, 3)):
        wanted = (lifted.frames, lifted.joint_count, dims)
        if other is not None and other.points.shape != wanted:
            raise ValueError(f"{name} has the shape {other.points.shape}; expected {wanted}.")
    body = skeleton or lifted.skeleton or _bare(lifted)
    if body.joint_count != lifted.joint_count:
        raise ValueError(
            f"the skeleton has {body.joint_count} joints and the poses {lifted.joint_count}."
        )
    rows, counts, every = evenly(lifted.lengths, most)
    track = _track(lifted, poses, truth, body, rows, counts, every)
    note = ""
    if every > 1:
        note = f"{len(rows):,} of {lifted.frames:,} frames, one in {every}."
    return Shown(track, note, height)


def worst_rows(values: Floats, count: int = _MARKS) -> list[int]:
    """Choose moments of the highest values that are not all of one moment.

    Parameters
    ----------
    values : array, shape (N,)
        NaN where nothing is known.
    count : int
        How many at most.

    Returns
    -------
    list of int
        Rows, the worst first, each at least a fiftieth of the whole from the others.

    Examples
    --------
    >>> worst_rows(np.array([0.0, 3, 2, 0, 0, 1, np.nan]), count=2)
    [1, 2]
    """
    left = np.where(np.isfinite(values), values, -np.inf).astype(float)
    apart = max(1, round(_APART * len(left)))
    found: list[int] = []
    while len(found) < count and len(left) and np.isfinite(left.max()):
        row = int(left.argmax())
        found.append(row)
        left[max(0, row - apart + 1) : row + apart] = -np.inf
    return found


def _bare(lifted: Lifted) -> Skeleton:
    """Joints alone, where no bones are known."""
    return Skeleton(lifted.joints) if lifted.joints else Skeleton.unnamed(lifted.joint_count)


def _track(
    lifted: Lifted,
    poses: Poses | None,
    truth: Poses | None,
    body: Skeleton,
    rows: npt.NDArray[np.intp],
    counts: list[int],
    every: int,
) -> Track:
    unit, frame = lifted.unit or "", lifted.frame
    layers = {"pose": upright(lifted.position[rows], frame)}
    lines: dict[str, tuple[str, str, Floats]] = {}
    if truth is not None:
        layers["truth"] = upright(_beside(lifted.position[rows], truth.points[rows], body), frame)
        lines["error"] = ("error", unit, mean_lengths(layers["pose"] - layers["truth"]))
    if lifted.spread is not None:
        layers["spread"] = np.abs(upright(lifted.spread[rows], frame))
        lines["spread"] = ("spread", unit, mean_lengths(layers["spread"]))
    if lifted.novelty is not None:
        lines["novelty"] = ("novelty", "percentile", lifted.novelty[rows])
    if poses is not None:
        layers["image"] = poses.points[rows]
    bar, label = bar_of(lifted.bars)
    firsts = np.cumsum([0, *counts])
    return Track(
        layers,
        body.joints,
        Limbs.of(body),
        unit=lifted.unit,
        fps=None if lifted.fps is None else lifted.fps / every,
        recordings=tuple((_name(lifted, i), int(firsts[i]), counts[i]) for i in range(len(counts))),
        every=every,
        begins=tuple(int(row) for row in np.cumsum([0, *lifted.lengths[:-1]])),
        rows=lifted.frames,
        lines=lines,
        marks=_marks(lines, unit),
        title=repr(lifted).strip("<>"),
        bar=bar,
        bar_label=label,
    )


def _beside(position: Floats, truth: Floats, body: Skeleton) -> Floats:
    """The truth, with its first root at the origin where that of the poses is there."""
    if not body.roots:
        return truth
    root = body.roots[0]
    known = position[:, root][np.isfinite(position[:, root])]
    return truth - truth[:, [root]] if len(known) and not known.any() else truth


def _name(lifted: Lifted, number: int) -> str:
    key = lifted.keys[number]
    name = " ".join(map(str, key)) if isinstance(key, tuple) else str(key)
    return f"{name} {lifted.individuals[number]}" if lifted.individuals else name


def _marks(lines: dict[str, tuple[str, str, Floats]], unit: str) -> tuple[tuple[int, str], ...]:
    name = next((each for each in ("error", "spread") if each in lines), None)
    if name is None:
        return ()
    label, _, values = lines[name]
    return tuple((row, f"{label} {values[row]:.3g} {unit}".strip()) for row in worst_rows(values))
