"""Understanding datasets as poses."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from liftpose.poses.bars import Bars
from liftpose.poses.given import TAKEN, UNNAMED, Key, key_from_json
from liftpose.poses.layout.source import Source, Stored, of_dataset
from liftpose.poses.layout.to_dataset import DIMS, RESERVED, Array, spanned
from liftpose.poses.lifted import Lifted
from liftpose.poses.poses import Poses
from liftpose.poses.verdict import verdicts_from_text

if TYPE_CHECKING:
    from xarray import Dataset

OVERSHOT = 1.5
"""Below this, a score of SLEAP that exceeds 1 counts as 1."""

_SPELLINGS = {"keypoint": "keypoints", "individual": "individuals"}


def dataset_to_poses(dataset: Dataset) -> Poses:
    """Take poses from a dataset in the layout of `movement`.

    Parameters
    ----------
    dataset : xarray.Dataset
        2D or 3D. One individual gives one experiment without a name, several give one each, with
        their names, unless a coordinate ``experiment`` says otherwise.

    Returns
    -------
    Poses
        Row i is the i-th of ``time``, for each individual.

    Raises
    ------
    ValueError
        A dataset of another layout: the message says what it holds.
    TypeError
        Something else than a dataset.

    Examples
    --------
    >>> import numpy as np
    >>> poses = Poses.from_experiments({"walk": np.ones((4, 5, 3))}, fps=100, unit="mm")
    >>> again = dataset_to_poses(poses.to_dataset())
    >>> again.keys, again.lengths, again.fps, again.unit
    (('walk',), (4,), 100.0, 'mm')
    """
    return poses_of(understood(of_dataset(dataset)))


def poses_of(source: Source) -> Poses:
    """Take poses from what `understood` gave; see `dataset_to_poses`."""
    position = source.variables["position"].ordered(("individuals", "time", "keypoints", "space"))
    told = experiments_of(source)
    confidence = _confidence(source)

    def apart(rows: Array) -> dict[Key, Array]:
        pieces = np.split(rows, np.cumsum(told.lengths)[:-1])
        return dict(zip(told.keys, pieces, strict=True))

    return Poses.from_experiments(
        apart(position.reshape(-1, *position.shape[2:])),
        name="position",
        confidence=None if confidence is None else apart(confidence),
        copy=False,
        individuals=told.individuals,
        extra={name: apart(_rows_of_joints(source, name)) for name in extra_names(source)},
        provenance=provenance_of(source),
        **described(source),
    )


def extra_names(source: Source) -> list[str]:
    """Names of the variables that hold further numbers of every joint.

    Parameters
    ----------
    source : Source
        As `understood` gives it.

    Returns
    -------
    list of str
    """
    return [
        name
        for name, variable in source.variables.items()
        if name not in TAKEN
        and set(variable.dims) == set(spanned("confidence"))
        and variable.kind in "iufb"
    ]


def provenance_of(source: Source) -> dict[str, str]:
    """Attributes that are text, and not of the layout."""
    return {name: text for name, text in _texts(source).items() if name not in RESERVED}


def _texts(source: Source) -> dict[str, str]:
    return {name: text for name, text in source.attrs.items() if isinstance(text, str)}


def _rows_of_joints(source: Source, name: str) -> Array:
    values = source.variables[name].ordered(("individuals", "time", "keypoints"))
    return values.reshape(-1, values.shape[-1])


def dataset_to_lifted(dataset: Dataset) -> Lifted:
    """Take lifted poses from a dataset in the layout of `movement`.

    Parameters
    ----------
    dataset : xarray.Dataset
        3D, of any origin.

    Returns
    -------
    Lifted
        What the dataset does not hold is None, `root_relative` NaN. Attributes that are text and
        not of the layout are its provenance.

    Raises
    ------
    ValueError
        A dataset of another layout or of 2D poses, or a variable of other dimensions than the
        layout has for it.
    TypeError
        Something else than a dataset.

    Examples
    --------
    >>> import numpy as np
    >>> still = np.zeros((3, 2, 3), np.float32)
    >>> lifted = Lifted(still, still, ("walk",), (3,), spread=still + 1, provenance={"by": "me"})
    >>> again = dataset_to_lifted(lifted.to_dataset())
    >>> again.keys, again.spread.shape, again.novelty, again.provenance
    (('walk',), (3, 2, 3), None, {'by': 'me'})
    """
    return lifted_of(understood(of_dataset(dataset)))


def lifted_of(source: Source) -> Lifted:
    """Take lifted poses from what `understood` gave; see `dataset_to_lifted`."""
    poses = poses_of(source)
    names = ("root_relative", "spread", "novelty", "hypotheses")
    known: dict[str, Any] = {
        name: _rows(source, name) for name in names if name in source.variables
    }
    said = _texts(source)
    if "verdicts" in said:
        known["verdicts"] = verdicts_from_text(said["verdicts"])
    bars = None if "error_bars" not in said else Bars.from_text(said["error_bars"])
    return replace(Lifted.from_poses(poses, known.pop("root_relative", None)), **known, bars=bars)


def _rows(source: Source, name: str) -> Array:
    """A variable as `Lifted` has it, individuals one after another."""
    found, dims = source.variables[name], spanned(name)
    if set(found.dims) != set(dims):
        there = ", ".join(found.dims)
        raise ValueError(f"{name!r} has the dimensions {there}; expected {', '.join(dims)}.")
    further = [dim for dim in dims if dim not in DIMS]
    rows = [dim for dim in ("individuals", "time", "keypoints", "space") if dim in dims]
    values = found.ordered((*further, *rows))
    before = len(further)
    return values.reshape(*values.shape[:before], -1, *values.shape[before + 2 :])


def understood(source: Source) -> Source:
    """Check that what is given is in the layout of `movement`, and give it in our spelling.

    Parameters
    ----------
    source : Source
        Of any dataset or file.

    Returns
    -------
    Source
        The same with plural dimensions, ``individuals`` among them, and ``space`` in the order
        x, y, z. Nothing is loaded but the names of the latter.

    Raises
    ------
    ValueError
        Another layout.
    """
    wanted = f"expected a variable 'position' with the dimensions {', '.join(DIMS)}"
    if source.attrs.get("ds_type", "poses") != "poses":
        raise ValueError(f"the dataset is of the type {source.attrs['ds_type']!r}, not 'poses'.")
    if "position" not in source.variables:
        held = ", ".join(source.variables) or "nothing"
        raise ValueError(f"the dataset holds {held}; {wanted}.")
    source = source.renamed(_SPELLINGS)
    if "individuals" not in source.variables["position"].dims:
        source = _of_one(source)
    dims = source.variables["position"].dims
    if set(dims) != set(DIMS):
        raise ValueError(f"'position' has the dimensions {', '.join(dims)}; {wanted}.")
    return _in_order(source)


def _of_one(source: Source) -> Source:
    """Give every variable the dimension of individuals, of which there is one."""
    source = source.without(["individuals"])
    return replace(
        source,
        variables={
            name: one.turned(
                (*one.dims, "individuals"), (*one.shape, 1), lambda values: values[..., None]
            )
            for name, one in source.variables.items()
        },
        sizes={**source.sizes, "individuals": 1},
    )


def _in_order(source: Source) -> Source:
    if "space" not in source.coords:
        return source
    axes = _names(source.coords["space"])
    right = ["x", "y", "z"][: len(axes)]
    if sorted(axes) != right or len(axes) < 2:
        raise ValueError(f"the dimension space is of {axes}; expected ['x', 'y'] or with 'z'.")
    if axes == right:
        return source
    order = [axes.index(axis) for axis in right]

    def put_right(one: Stored) -> Stored:
        if "space" not in one.dims:
            return one
        axis = one.dims.index("space")
        return one.turned(one.dims, one.shape, lambda values: values.take(order, axis))

    return source.each(put_right)


@dataclass(frozen=True)
class Experiments:
    """The experiments of a dataset: name, number of frames and individual of each."""

    keys: tuple[Key, ...]
    lengths: tuple[int, ...]
    individuals: tuple[str, ...] | None


def experiments_of(source: Source, step: int = 1 << 18) -> Experiments:
    """Find the experiments of what `understood` gave.

    Parameters
    ----------
    source : Source
        In the layout of `movement`.
    step : int
        Frames of which the names are looked at at a time.

    Returns
    -------
    Experiments

    Raises
    ------
    ValueError
        Names that are not those of experiments one after another.
    """
    frames, count = source.sizes["time"], source.sizes["individuals"]
    who = known_names(source, "individuals")
    if "experiment" not in source.coords:
        keys: tuple[Key, ...] = (UNNAMED,) if count == 1 else _default_keys(who, count)
        return Experiments(keys, (frames,) * count, who)
    told = source.coords["experiment"]
    if told.dims != ("individuals",) and (count > 1 or told.dims not in ((), ("time",))):
        raise ValueError(
            f"the coordinate experiment has the dimensions {told.dims} in a dataset of {count} "
            "individuals; expected one name for each of them."
        )
    if told.dims == ("time",):
        labels, lengths = _runs(told, frames, step)
    else:
        labels, lengths = _names(told), [frames] * count
    if len(set(labels)) != len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise ValueError(
            f"experiment {twice!r} is there in several pieces; expected the frames of each "
            "experiment one after another. Sort the dataset by experiment."
        )
    by_label = json.loads(str(told.attrs.get("individuals", "{}")))
    if by_label:
        who = tuple(str(by_label[label]) for label in labels)
    elif who is not None and count == 1:
        who = who * len(labels)
    return Experiments(tuple(_key(label, told) for label in labels), tuple(lengths), who)


def _default_keys(who: tuple[str, ...] | None, count: int) -> tuple[str, ...]:
    keys = who or tuple(f"id_{number}" for number in range(count))
    if len(set(keys)) != count:
        raise ValueError(f"the individuals {list(keys)} are not all different.")
    return keys


def _runs(told: Stored, frames: int, step: int) -> tuple[list[str], list[int]]:
    """Labels that follow one another, and how often each does."""
    labels: list[str] = []
    lengths: list[int] = []
    for start in range(0, frames, step):
        piece = told.texts(slice(start, min(start + step, frames)))
        turns = np.flatnonzero(piece[1:] != piece[:-1]) + 1
        bounds = [0, *turns.tolist(), len(piece)]
        for begin, end in pairwise(bounds):
            label = _name(piece[begin])
            if labels and labels[-1] == label:
                lengths[-1] += end - begin
            else:
                labels.append(label)
                lengths.append(end - begin)
    return labels, lengths


def _key(label: str, told: Stored) -> Key:
    if told.attrs.get("keys") != "json":
        return label
    key: Key = key_from_json(json.loads(label))
    return key


def _name(text: Any) -> str:
    return text.decode() if isinstance(text, bytes) else str(text)


def _names(found: Stored) -> list[str]:
    return [_name(text) for text in found.texts()]


def known_names(source: Source, dim: str) -> tuple[str, ...] | None:
    """Names along a dimension, or None where there are none but placeholders."""
    if dim not in source.coords or "placeholder" in source.coords[dim].attrs:
        return None
    return tuple(_names(source.coords[dim]))


def _confidence(source: Source) -> Array | None:
    if not has_confidence(source):
        return None
    rows = _rows_of_joints(source, "confidence")
    if np.isnan(rows).all():
        # What movement fills in where there is none.
        return None
    if source.attrs.get("source_software") == "SLEAP":
        return sleap_scores(rows)
    return rows


def sleap_scores(values: Array) -> Array:
    """Give scores of SLEAP as a confidence.

    Parameters
    ----------
    values : array
        Heights of peaks, which exceed 1 a little.

    Returns
    -------
    array
        At most 1, unless they are no such scores.

    Examples
    --------
    >>> import numpy as np
    >>> sleap_scores(np.array([0.5, 1.02, 7.0])).tolist()
    [0.5, 1.0, 7.0]
    """
    return np.where((values > 1) & (values < OVERSHOT), 1.0, values)


def has_confidence(source: Source) -> bool:
    """Whether what `understood` gave has a confidence that is no placeholder.

    Raises
    ------
    ValueError
        It has one of other dimensions.
    """
    found = source.variables.get("confidence")
    if found is None or "placeholder" in found.attrs:
        return False
    if set(found.dims) != set(spanned("confidence")):
        raise ValueError(
            f"'confidence' has the dimensions {', '.join(found.dims)}; expected "
            f"{', '.join(spanned('confidence'))}."
        )
    return True


def described(source: Source) -> dict[str, Any]:
    """Joint names, rate, unit, frame and source of a dataset, as `Poses` calls them."""
    attrs, position = source.attrs, source.variables["position"]
    stated = (attrs.get("unit"), attrs.get("units"), position.attrs.get("units"))
    unit = next((text for text in stated if text is not None), None)
    found = {name: attrs.get(name) for name in ("frame", "source_software", "source_file")} | {
        "unit": unit
    }
    texts = {name: None if value is None else str(value) for name, value in found.items()}
    return {"joints": known_names(source, "keypoints"), "fps": attrs.get("fps")} | texts
