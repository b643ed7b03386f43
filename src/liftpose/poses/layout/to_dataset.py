"""Laying poses out as datasets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from liftpose.poses.given import UNNAMED, Key
from liftpose.poses.lifted import Lifted
from liftpose.poses.poses import Poses
from liftpose.poses.verdict import verdicts_to_text

if TYPE_CHECKING:
    from xarray import Dataset

Array = npt.NDArray[Any]

DIMS = ("time", "space", "keypoints", "individuals")
"""Dimensions of a position."""

PLACEHOLDER: Mapping[str, str] = {"placeholder": "not known"}
"""Attributes of what was filled in because `movement` wants it."""

_WITHOUT = {
    "position": (),
    "root_relative": (),
    "spread": (),
    "confidence": ("space",),
    "novelty": ("space", "keypoints"),
    "hypotheses": (),
}
_LENGTHS = ("position", "root_relative", "spread", "hypotheses")
_FURTHER = {"hypotheses": "hypothesis"}
"""The last dimension of a variable, where it has one that positions have not."""

RESERVED = (
    *("ds_type", "time_unit", "fps", "unit", "units", "frame", "source_software", "source_file"),
    "error_bars",
    "verdicts",
)
"""Attributes of every dataset; all others are provenance."""


@dataclass(frozen=True, eq=False)
class Variable:
    """One variable or coordinate of a dataset: its dimensions, values and attributes."""

    dims: tuple[str, ...]
    values: Array
    attrs: Mapping[str, str] = field(default_factory=dict)


def poses_to_dataset(poses: Poses) -> Dataset:
    """Give poses as a dataset in the layout of `movement`.

    Parameters
    ----------
    poses : Poses
        2D or 3D, in any unit. Masked values are given as NaN.

    Returns
    -------
    xarray.Dataset
        ``position`` of shape (time, space, keypoints, individuals); see `liftpose.poses.layout`.

    Raises
    ------
    ValueError
        A name that cannot be written to a file.

    Examples
    --------
    >>> import numpy as np
    >>> poses = Poses.from_experiments(np.zeros((4, 5, 3)), fps=100, unit="mm")
    >>> dict(poses_to_dataset(poses).position.sizes)
    {'time': 4, 'space': 3, 'keypoints': 5, 'individuals': 1}
    """
    return _to_dataset(poses)


def lifted_to_dataset(lifted: Lifted) -> Dataset:
    """Give lifted poses as a dataset in the layout of `movement`.

    Parameters
    ----------
    lifted : Lifted
        Its provenance becomes attributes of the dataset.

    Returns
    -------
    xarray.Dataset
        ``position`` and ``root_relative`` of shape (time, space, keypoints, individuals), in the
        unit that is their attribute ``units``; see `liftpose.poses.layout`.

    Raises
    ------
    ValueError
        A name that cannot be written to a file, or a provenance that takes the name of an
        attribute of the layout.

    Examples
    --------
    >>> import numpy as np
    >>> still = np.zeros((3, 2, 3), np.float32)
    >>> dataset = lifted_to_dataset(Lifted(still, still, ("walk",), (3,), unit="mm"))
    >>> dataset.position.units, sorted(dataset.data_vars)
    ('mm', ['confidence', 'position', 'root_relative'])
    """
    return _to_dataset(lifted)


def _to_dataset(poses: Poses | Lifted) -> Dataset:
    from xarray import Dataset

    stacked = side_by_side(poses)
    experiment = experiments(poses.keys, poses.lengths, poses.individuals, stacked)
    frames = poses.lengths[0] if stacked else poses.frames
    found = variables(poses)
    if poses.confidence is None:
        rows = (frames, poses.joint_count, len(poses.keys) if stacked else 1)
        found["confidence"] = Variable(
            spanned("confidence"), np.full(rows, np.nan, np.float32), PLACEHOLDER
        )
    coords = names(poses) | {
        "time": Variable(("time",), times(0, frames, poses.fps)),
        "individuals": individuals(poses.keys, poses.individuals, stacked),
    }
    if experiment is not None:
        coords["experiment"] = experiment
    return Dataset(
        {name: (entry.dims, entry.values, dict(entry.attrs)) for name, entry in found.items()},
        {name: (entry.dims, entry.values, dict(entry.attrs)) for name, entry in coords.items()},
        attributes(poses),
    )


def side_by_side(poses: Poses | Lifted) -> bool:
    """Whether experiments lie along ``individuals`` rather than one after another in time.

    Examples
    --------
    >>> import numpy as np
    >>> still = {"a": np.zeros((4, 5, 3)), "b": np.ones((4, 5, 3))}
    >>> side_by_side(Poses.from_experiments(still, individuals=["fly 1", "fly 2"]))
    True
    >>> side_by_side(Poses.from_experiments(still, individuals=["fly 1", "fly 1"]))
    False
    """
    who = poses.individuals
    return (
        who is not None
        and len(who) > 1
        and len(set(who)) == len(who)
        and len(set(poses.lengths)) == 1
    )


def spanned(variable: str) -> tuple[str, ...]:
    """Dimensions of a variable of the layout; one that it does not know is one of joints.

    Examples
    --------
    >>> spanned("confidence")
    ('time', 'keypoints', 'individuals')
    """
    further = (_FURTHER[variable],) if variable in _FURTHER else ()
    without = _WITHOUT.get(variable, _WITHOUT["confidence"])
    return tuple(dim for dim in DIMS if dim not in without) + further


def variables(poses: Poses | Lifted) -> dict[str, Variable]:
    """Lay out the values that poses have.

    Parameters
    ----------
    poses : Poses or Lifted
        N frames of J joints of D coordinates.

    Returns
    -------
    dict of str to Variable
        ``position`` and the like, (time, D, J, individuals), and hypotheses with one dimension
        more. What is not known is left out.
    """
    if isinstance(poses, Lifted):
        tables = {name: getattr(poses, name) for name in _WITHOUT}
    else:
        tables = {"position": poses.points, "confidence": poses.confidence, **poses.extra}
    count = len(poses.keys) if side_by_side(poses) else 1
    units = _texts({"units": poses.unit, "frame": poses.frame})
    return {
        _text(name, "variable"): Variable(
            spanned(name), _laid_out(values, count), units if name in _LENGTHS else {}
        )
        for name, values in tables.items()
        if values is not None
    }


def _laid_out(values: Array, count: int) -> Array:
    """Turn (individuals one after another, joints, coordinates) into the order of the layout.

    Of hypotheses, which one it is comes first, and is last in the layout.
    """
    if values.ndim == 4:
        each = [_laid_out(one, count) for one in values]
        return np.stack(each, -1)
    apart = values.reshape(count, len(values) // count, *values.shape[1:])
    order = (1, 3, 2, 0) if values.ndim == 3 else (*range(1, apart.ndim), 0)
    return np.ascontiguousarray(apart.transpose(order))


def names(poses: Poses | Lifted) -> dict[str, Variable]:
    """Coordinates ``space`` and ``keypoints``."""
    axes = np.array(["z"] if poses.dims == 1 else ["x", "y", "z"][: poses.dims], object)
    if poses.joints is None:
        joints = [f"keypoint_{number}" for number in range(poses.joint_count)]
    else:
        joints = [_text(name, "joint") for name in poses.joints]
    marks = PLACEHOLDER if poses.joints is None else {}
    return {
        "space": Variable(("space",), axes),
        "keypoints": Variable(("keypoints",), np.array(joints, object), marks),
    }


def individuals(keys: Sequence[Key], individuals: Sequence[str] | None, stacked: bool) -> Variable:
    """Coordinate ``individuals``.

    Parameters
    ----------
    keys : sequence
        Name of each experiment.
    individuals : sequence of str or None
        The individual of each.
    stacked : bool
        Whether they lie side by side.

    Returns
    -------
    Variable
        A placeholder where the experiments are of several individuals, or of nobody known.
    """
    known = None if individuals is None else [_text(name, "individual") for name in individuals]
    if known is not None and (stacked or len(set(known)) == 1):
        return Variable(("individuals",), np.array(known if stacked else known[:1], dtype=object))
    return Variable(("individuals",), np.array(["id_0"], dtype=object), PLACEHOLDER)


def times(start: int, stop: int, fps: float | None) -> Array:
    """Coordinate ``time``: seconds where the rate is known, else numbers of frames.

    Examples
    --------
    >>> times(2, 4, 100)
    array([0.02, 0.03])
    """
    frames = np.arange(start, stop, dtype=np.int64)
    return frames if fps is None else frames / float(fps)


def experiments(
    keys: Sequence[Key],
    lengths: Sequence[int],
    individuals: Sequence[str] | None,
    stacked: bool,
) -> Variable | None:
    """Coordinate ``experiment``, or None where it would say nothing new.

    Parameters
    ----------
    keys : sequence
        Name of each experiment.
    lengths : sequence of int
        Frames of each.
    individuals : sequence of str or None
        The individual of each.
    stacked : bool
        Whether they lie side by side.

    Returns
    -------
    Variable or None
        Along ``individuals`` or ``time``, or a single name without a dimension.
    """
    if tuple(keys) == (UNNAMED,) or (stacked and list(keys) == list(individuals or ())):
        return None
    plain = all(isinstance(key, str) and _is_writable(key) for key in keys)
    labels = [key if plain else json.dumps(key) for key in keys]
    attrs = {} if plain else {"keys": "json"}
    if not stacked and individuals is not None and len(set(individuals)) > 1:
        who = [_text(name, "individual") for name in individuals]
        attrs["individuals"] = json.dumps(dict(zip(map(str, labels), who, strict=True)))
    values = np.array(labels, dtype=object)
    if stacked:
        return Variable(("individuals",), values, attrs)
    if len(keys) == 1:
        return Variable((), np.array(labels[0], dtype=object), attrs)
    return Variable(("time",), np.repeat(values, lengths), attrs)


def attributes(poses: Poses | Lifted) -> dict[str, Any]:
    """Attributes of the dataset of some poses.

    Parameters
    ----------
    poses : Poses or Lifted
        What is None of them is left out.

    Returns
    -------
    dict of str to str or float

    Raises
    ------
    ValueError
        Text that cannot be written to a file, or a provenance that takes the name of an
        attribute of the layout.
    """
    provenance = dict(poses.provenance)
    taken = sorted(set(provenance) & set(RESERVED))
    if taken:
        raise ValueError(
            f"the provenance has an entry {taken[0]!r}, which is an attribute of every dataset; "
            "call it something else."
        )
    texts = {
        "source_software": poses.source_software,
        "source_file": poses.source_file,
        "unit": poses.unit,
        "units": poses.unit,
        "frame": poses.frame,
        "error_bars": poses.bars.to_text() if isinstance(poses, Lifted) and poses.bars else None,
    }
    if isinstance(poses, Lifted) and poses.verdicts:
        texts["verdicts"] = verdicts_to_text(poses.verdicts)
    rate = {} if poses.fps is None else {"fps": float(poses.fps)}
    unit = {"time_unit": "frames" if poses.fps is None else "seconds"}
    return {"ds_type": "poses"} | unit | rate | _texts(texts) | _texts(provenance)


def _texts(found: Mapping[str, str | None]) -> dict[str, str]:
    return {
        _text(name, "attribute"): _text(value, name)
        for name, value in found.items()
        if value is not None
    }


def _text(value: str, what: str) -> str:
    if not _is_writable(value):
        raise ValueError(
            f"{what} {value!r} holds a null character or half of a surrogate pair, which no file "
            "keeps; use other text."
        )
    return value


def _is_writable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
