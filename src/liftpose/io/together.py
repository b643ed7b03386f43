"""Parts of one recording that are appended one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.poses import Key, Lifted, Poses, Verdict
from liftpose.poses.layout.to_dataset import side_by_side

Table = npt.NDArray[Any]

_ALIKE = ("joints", "joint_count", "dims", "unit", "frame", "provenance")
_SHARED = ("fps", "source_software", "source_file")


class Roll:
    """Keeps the roll of what is appended, and refuses what does not go with it.

    Examples
    --------
    >>> roll = Roll()
    >>> for key, frames in (("a", 3), ("a", 2), ("b", 4)):
    ...     roll.add(Poses.from_experiments({key: np.zeros((frames, 5, 3))}))
    >>> roll.keys, roll.lengths
    (['a', 'b'], [5, 4])
    """

    def __init__(self) -> None:
        self.keys: list[Key] = []
        self.lengths: list[int] = []
        self.individuals: list[str] | None = None
        self.stacked = False
        self.verdicts: dict[Key, Verdict] = {}
        self._like: Poses | Lifted | None = None

    @property
    def like(self) -> Poses | Lifted:
        """What all parts have in common, without any rows.

        Raises
        ------
        ValueError
            Nothing was appended.
        """
        if self._like is None:
            raise ValueError("no poses were appended, so there is nothing to write.")
        return self._like

    def add(self, poses: Poses | Lifted) -> None:
        """Enter a part.

        Parameters
        ----------
        poses : Poses or Lifted
            Of the same joints, unit and frame as those before it.

        Raises
        ------
        ValueError
            It does not go with those before it.
        TypeError
            Something else than poses.
        """
        if not isinstance(poses, Poses | Lifted):
            raise TypeError(f"expected Poses or Lifted, got {type(poses).__name__}.")
        if self._like is None:
            self._like = poses.part(0, 0)
            self.stacked = side_by_side(poses)
            self.individuals = None if poses.individuals is None else []
        like: Any = self._like
        self._check(like, poses)
        if self.stacked and self.keys:
            self._lengthen(poses)
        else:
            self._follow(poses)
        differing = [name for name in _SHARED if getattr(like, name) != getattr(poses, name)]
        self._like = replace(like, **dict.fromkeys(differing))
        if isinstance(poses, Lifted):
            self.say(poses.verdicts or {})

    def say(self, verdicts: Mapping[Key, Verdict]) -> None:
        """Enter verdicts; a later one of an experiment counts."""
        self.verdicts.update(verdicts)
        if self.verdicts:
            like: Any = self.like
            self._like = replace(like, verdicts=dict(self.verdicts))

    def _check(self, like: Poses | Lifted, poses: Poses | Lifted) -> None:
        if type(poses) is not type(like):
            raise ValueError(
                f"{type(poses).__name__} cannot follow {type(like).__name__} in one file."
            )
        for name in _ALIKE:
            ours, theirs = getattr(like, name, None), getattr(poses, name, None)
            if ours != theirs:
                raise ValueError(
                    f"the poses that are appended differ in {name.replace('_', ' ')}: first "
                    f"{ours}, then {theirs}. One file holds poses that are alike."
                )

    def _lengthen(self, poses: Poses | Lifted) -> None:
        if list(poses.keys) != self.keys or not side_by_side(poses):
            raise ValueError(
                f"first, {self.keys} were appended side by side, then {list(poses.keys)}; "
                "expected the same experiments with as many frames each."
            )
        self.lengths = [a + b for a, b in zip(self.lengths, poses.lengths, strict=True)]

    def _follow(self, poses: Poses | Lifted) -> None:
        names: Sequence[str | None] = poses.individuals or [None] * len(poses.keys)
        for key, length, name in zip(poses.keys, poses.lengths, names, strict=True):
            if self.keys and self.keys[-1] == key:
                self.lengths[-1] += length
                continue
            if key in self.keys:
                raise ValueError(
                    f"experiment {key!r} comes again after another; append all of it at once."
                )
            self.keys.append(key)
            self.lengths.append(length)
            if self.individuals is not None:
                self.individuals = None if name is None else [*self.individuals, name]


def together(parts: Sequence[Poses | Lifted]) -> Poses | Lifted:
    """Join parts into one.

    Parameters
    ----------
    parts : sequence of Poses or of Lifted
        In order, as they would be appended to a stream.

    Returns
    -------
    Poses or Lifted
        What only some parts have is NaN in the others.

    Raises
    ------
    ValueError
        None at all, or parts that do not go together.

    Examples
    --------
    >>> walk = Poses.from_experiments({"walk": np.zeros((3, 5, 3))})
    >>> together([walk, walk]).lengths
    (6,)
    """
    roll = Roll()
    for part in parts:
        roll.add(part)
    like: Any = roll.like
    count = len(roll.keys) if roll.stacked else 1
    if len(parts) == 1:
        return parts[0]

    def joined(name: str, which: int | str | None = None) -> Any:
        tables = [getattr(part, name) for part in parts]
        if isinstance(which, str):
            tables = [table.get(which) for table in tables]
        elif which is not None:
            tables = [None if table is None else table[which] for table in tables]
        frames = [part.frames for part in parts]
        return _joined(list(zip(tables, frames, strict=True)), count)

    whole: Poses | Lifted = replace(
        like,
        keys=tuple(roll.keys),
        lengths=tuple(roll.lengths),
        individuals=None if roll.individuals is None else tuple(roll.individuals),
        **_tables(like, joined, _further(parts)),
        **_bars(parts),
    )
    return whole


def _bars(parts: Sequence[Poses | Lifted]) -> dict[str, Any]:
    """Error bars are those of the parts where all have the same."""
    found = [part.bars for part in parts if isinstance(part, Lifted)]
    return {"bars": found[0] if len(set(found)) == 1 else None} if found else {}


def _further(parts: Sequence[Poses | Lifted]) -> list[str]:
    """Names of the further numbers that any of the parts has."""
    named = [name for part in parts if isinstance(part, Poses) for name in part.extra]
    return list(dict.fromkeys(named))


def _tables(
    like: Poses | Lifted, joined: Callable[..., Any], further: Sequence[str]
) -> dict[str, Any]:
    if isinstance(like, Lifted):
        names = ("position", "root_relative", "confidence", "spread", "novelty")
        tables = {name: joined(name) for name in names}
        if like.hypotheses is not None:
            drawn = [joined("hypotheses", number) for number in range(len(like.hypotheses))]
            tables["hypotheses"] = np.stack(drawn)
        return tables
    points = joined("points")
    tables = {"points": points, "given": points, "confidence": joined("confidence")}
    return tables | {"extra": {name: joined("extra", name) for name in further}}


def _joined(tables: list[tuple[Table | None, int]], count: int) -> Table | None:
    known = next((table for table, _ in tables if table is not None), None)
    if known is None:
        return None
    shape = known.shape[1:]
    filled = [
        np.full((rows, *shape), np.nan, known.dtype) if table is None else table
        for table, rows in tables
    ]
    apart = [table.reshape(count, len(table) // count, *shape) for table in filled]
    return np.concatenate(apart, axis=1).reshape(-1, *shape)
