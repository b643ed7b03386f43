"""Understanding datasets as poses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from liftpose.poses.bars import Bars
from liftpose.poses.given import TAKEN, UNNAMED, Key, key_from_json
from liftpose.poses.layout.to_dataset import DIMS, RESERVED, Array, spanned
from liftpose.poses.lifted import Lifted
from liftpose.poses.poses import Poses
from liftpose.poses.verdict import verdicts_from_text

if TYPE_CHECKING:
    from xarray import DataArray, Dataset

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
    dataset = understood(dataset)
    position = ordered(dataset.position, ("individuals", "time", "keypoints", "space"))
    told = experiments_of(dataset)
    rows = position.reshape(-1, *position.shape[2:])
    pieces = dict(zip(told.keys, _split(rows, told.lengths), strict=True))
    confidence = _confidence(dataset)
    further = {
        name: dict(
            zip(told.keys, _split(_rows_of_joints(dataset, name), told.lengths), strict=True)
        )
        for name in extra_names(dataset)
    }
    return Poses.from_experiments(
        pieces,
        name="position",
        confidence=None
        if confidence is None
        else dict(zip(told.keys, _split(confidence, told.lengths), strict=True)),
        copy=False,
        individuals=told.individuals,
        extra=further,
        provenance=provenance_of(dataset),
        **described(dataset),
    )


def extra_names(dataset: Dataset) -> list[str]:
    """Names of the variables that hold further numbers of every joint.

    Parameters
    ----------
    dataset : xarray.Dataset
        As `understood` gives it.

    Returns
    -------
    list of str
    """
    return [
        str(name)
        for name, variable in dataset.data_vars.items()
        if name not in TAKEN
        and set(variable.dims) == set(spanned("confidence"))
        and variable.dtype.kind in "iufb"
    ]


def provenance_of(dataset: Dataset) -> dict[str, str]:
    """Attributes of a dataset that are text, and not of the layout."""
    said = {str(name): text for name, text in dataset.attrs.items() if isinstance(text, str)}
    return {name: text for name, text in said.items() if name not in RESERVED}


def _rows_of_joints(dataset: Dataset, name: str) -> Array:
    values = ordered(dataset[name], ("individuals", "time", "keypoints"))
    return values.reshape(-1, values.shape[-1])


def ordered(found: DataArray, dims: Sequence[str]) -> Array:
    """Load a variable, and give its values with its dimensions in another order.

    Parameters
    ----------
    found : xarray.DataArray
        Loaded or not.
    dims : sequence of str
        All of its dimensions.

    Returns
    -------
    array
        C-contiguous; the values themselves where that is their order.
    """
    # Loaded as it lies in the file: asked to transpose what is not loaded, xarray looks up every
    # single value, and takes seven times as long.
    return np.ascontiguousarray(found.values.transpose([found.dims.index(dim) for dim in dims]))


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
    poses = dataset_to_poses(dataset)
    dataset = understood(dataset)
    names = ("root_relative", "spread", "novelty", "hypotheses")
    tables = {name: _rows(dataset, name) for name in names}
    said = {str(name): text for name, text in dataset.attrs.items() if isinstance(text, str)}
    known: dict[str, Any] = {name: rows for name, rows in tables.items() if rows is not None}
    if "verdicts" in said:
        known["verdicts"] = verdicts_from_text(said["verdicts"])
    bars = None if "error_bars" not in said else Bars.from_text(said["error_bars"])
    return replace(Lifted.from_poses(poses), **known, bars=bars)


def _rows(dataset: Dataset, name: str) -> Array | None:
    """A variable as `Lifted` has it, individuals one after another."""
    if name not in dataset.data_vars:
        return None
    found, dims = dataset[name], spanned(name)
    if set(found.dims) != set(dims):
        there = ", ".join(map(str, found.dims))
        raise ValueError(f"{name!r} has the dimensions {there}; expected {', '.join(dims)}.")
    further = [dim for dim in dims if dim not in DIMS]
    rows = [dim for dim in ("individuals", "time", "keypoints", "space") if dim in dims]
    values = ordered(found, (*further, *rows))
    before = len(further)
    return values.reshape(*values.shape[:before], -1, *values.shape[before + 2 :])


def _split(rows: Array, lengths: Sequence[int]) -> list[Array]:
    return np.split(rows, np.cumsum(lengths)[:-1])


def understood(dataset: Dataset) -> Dataset:
    """Check that a dataset is in the layout of `movement`, and give it in our spelling.

    Parameters
    ----------
    dataset : xarray.Dataset
        Anything.

    Returns
    -------
    xarray.Dataset
        The same with plural dimensions, ``individuals`` among them, and ``space`` in the order
        x, y, z. Nothing is loaded.

    Raises
    ------
    ValueError
        Another layout.
    TypeError
        Something else than a dataset.
    """
    from xarray import Dataset

    if not isinstance(dataset, Dataset):
        raise TypeError(f"expected an xarray.Dataset, got {type(dataset).__name__}.")
    wanted = f"expected a variable 'position' with the dimensions {', '.join(DIMS)}"
    if dataset.attrs.get("ds_type", "poses") != "poses":
        raise ValueError(f"the dataset is of the type {dataset.attrs['ds_type']!r}, not 'poses'.")
    if "position" not in dataset.data_vars:
        held = ", ".join(map(str, dataset.data_vars)) or "nothing"
        raise ValueError(f"the dataset holds {held}; {wanted}.")
    present = set(dataset.dims) | set(dataset.coords)
    dataset = dataset.rename({a: b for a, b in _SPELLINGS.items() if a in present})
    if "individuals" not in dataset.position.dims:
        dataset = dataset.drop_vars("individuals", errors="ignore").expand_dims("individuals", -1)
    if set(dataset.position.dims) != set(DIMS):
        found = ", ".join(map(str, dataset.position.dims))
        raise ValueError(f"'position' has the dimensions {found}; {wanted}.")
    return _in_order(dataset)


def _in_order(dataset: Dataset) -> Dataset:
    if "space" not in dataset.coords:
        return dataset
    axes = [str(name) for name in dataset.space.values]
    right = ["x", "y", "z"][: len(axes)]
    if sorted(axes) != right or len(axes) < 2:
        raise ValueError(f"the dimension space is of {axes}; expected ['x', 'y'] or with 'z'.")
    return dataset if axes == right else dataset.isel(space=[axes.index(axis) for axis in right])


@dataclass(frozen=True)
class Experiments:
    """The experiments of a dataset: name, number of frames and individual of each."""

    keys: tuple[Key, ...]
    lengths: tuple[int, ...]
    individuals: tuple[str, ...] | None


def experiments_of(dataset: Dataset, step: int = 1 << 18) -> Experiments:
    """Find the experiments of a dataset that `understood` gave.

    Parameters
    ----------
    dataset : xarray.Dataset
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
    frames, count = dataset.sizes["time"], dataset.sizes["individuals"]
    who = known_names(dataset, "individuals")
    if "experiment" not in dataset.coords:
        keys: tuple[Key, ...] = (UNNAMED,) if count == 1 else _default_keys(who, count)
        return Experiments(keys, (frames,) * count, who)
    told = dataset.coords["experiment"]
    if told.dims != ("individuals",) and (count > 1 or told.dims not in ((), ("time",))):
        raise ValueError(
            f"the coordinate experiment has the dimensions {told.dims} in a dataset of {count} "
            "individuals; expected one name for each of them."
        )
    if told.dims == ("time",):
        labels, lengths = _runs(told, step)
    else:
        labels, lengths = [str(label) for label in np.atleast_1d(told.values)], [frames] * count
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


def _runs(told: DataArray, step: int) -> tuple[list[str], list[int]]:
    """Labels that follow one another, and how often each does."""
    labels: list[str] = []
    lengths: list[int] = []
    for start in range(0, told.sizes["time"], step):
        piece = np.asarray(told.isel(time=slice(start, start + step)).values)
        turns = np.flatnonzero(piece[1:] != piece[:-1]) + 1
        bounds = [0, *turns.tolist(), len(piece)]
        for begin, end in pairwise(bounds):
            label = str(piece[begin])
            if labels and labels[-1] == label:
                lengths[-1] += end - begin
            else:
                labels.append(label)
                lengths.append(end - begin)
    return labels, lengths


def _key(label: str, told: DataArray) -> Key:
    if told.attrs.get("keys") != "json":
        return label
    key: Key = key_from_json(json.loads(label))
    return key


def known_names(dataset: Dataset, dim: str) -> tuple[str, ...] | None:
    """Names along a dimension, or None where there are none but placeholders."""
    if dim not in dataset.coords or "placeholder" in dataset[dim].attrs:
        return None
    return tuple(str(name) for name in dataset[dim].values)


def _confidence(dataset: Dataset) -> Array | None:
    if not has_confidence(dataset):
        return None
    rows = _rows_of_joints(dataset, "confidence")
    if np.isnan(rows).all():
        # What movement fills in where there is none.
        return None
    if dataset.attrs.get("source_software") == "SLEAP":
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


def has_confidence(dataset: Dataset) -> bool:
    """Whether a dataset that `understood` gave has a confidence that is no placeholder.

    Raises
    ------
    ValueError
        It has one of other dimensions.
    """
    if "confidence" not in dataset.data_vars or "placeholder" in dataset.confidence.attrs:
        return False
    if set(dataset.confidence.dims) != {"time", "keypoints", "individuals"}:
        found = ", ".join(map(str, dataset.confidence.dims))
        raise ValueError(
            f"'confidence' has the dimensions {found}; expected {', '.join(spanned('confidence'))}."
        )
    return True


def described(dataset: Dataset) -> dict[str, Any]:
    """Joint names, rate, unit, frame and source of a dataset, as `Poses` calls them."""
    attrs = dataset.attrs
    stated = (attrs.get("unit"), attrs.get("units"), dataset.position.attrs.get("units"))
    unit = next((text for text in stated if text is not None), None)
    found = {name: attrs.get(name) for name in ("frame", "source_software", "source_file")} | {
        "unit": unit
    }
    texts = {name: None if value is None else str(value) for name, value in found.items()}
    return {"joints": known_names(dataset, "keypoints"), "fps": attrs.get("fps")} | texts
