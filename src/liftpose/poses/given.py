"""Poses as a user gives them: arrays, or dicts of arrays, checked one by one.

Every check names the experiment, says what was expected and what came, and changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Key: TypeAlias = "str | int | float | tuple[Key, ...]"
"""Name of an experiment."""

Floats: TypeAlias = npt.NDArray[np.floating[Any]]

UNNAMED = ""
"""Key of the one experiment when poses come as an array rather than a dict."""

TAKEN = frozenset(
    {
        *("position", "confidence", "root_relative", "spread", "novelty", "hypotheses"),
        *("time", "space", "keypoints", "individuals", "experiment", "hypothesis"),
    }
)
"""Names that further numbers of joints cannot have: a file has something else under them."""

ROUNDING = 1e-5
"""By how much a confidence may lie outside of 0 and 1."""

FRAMES = ("world", "camera")
"""What 3D coordinates can be relative to."""


def key_from_json(value: Any) -> Any:
    """Give the name of an experiment as it was before it became JSON: lists were tuples.

    Examples
    --------
    >>> key_from_json(["fly", [1, 2]])
    ('fly', (1, 2))
    """
    return tuple(key_from_json(part) for part in value) if isinstance(value, list) else value


def called(key: Key) -> str:
    """Say which experiment is meant, as the subject of a sentence."""
    return "the unnamed array" if key == UNNAMED else f"experiment {key!r}"


def place(name: str, key: Key) -> str:
    """Say where something was found: in which poses, and in which experiment of them."""
    return name if key == UNNAMED else f"{name}, experiment {key!r}"


def as_tables(experiments: Any, dims: tuple[int, ...], name: str, copy: bool) -> dict[Key, Floats]:
    """Check the coordinates of one or several experiments.

    Parameters
    ----------
    experiments : array, shape (N, J, D), or dict of such arrays
        As the user gave them.
    dims : tuple of int
        The numbers of coordinates D that are accepted.
    name : str
        What errors call them.
    copy : bool
        Whether to copy what need not be converted.

    Returns
    -------
    dict of Key to array, float32 or float64
        Of the same joints and coordinates.

    Raises
    ------
    ValueError
        Nothing in it, another shape, other joints than another experiment, or infinities.
    TypeError
        Something else than numbers, or a key of another type.
    """
    tables = {
        key: _as_table(values, place(name, key), dims, copy)
        for key, values in _as_experiments(experiments, name).items()
    }
    first_key, first = next(iter(tables.items()))
    for key, table in tables.items():
        if table.shape[1:] != first.shape[1:]:
            raise ValueError(
                f"{name}: experiment {key!r} has {table.shape[1]} joints of {table.shape[2]} "
                f"coordinates, experiment {first_key!r} has {first.shape[1]} of {first.shape[2]}. "
                "All need the same."
            )
    return tables


def _as_experiments(experiments: Any, name: str) -> dict[Key, Any]:
    if not isinstance(experiments, Mapping):
        return {UNNAMED: experiments}
    if not experiments:
        raise ValueError(f"{name} is an empty dict; expected at least one experiment.")
    return {_as_key(key, name): values for key, values in experiments.items()}


def _as_key(key: Any, name: str) -> Key:
    if isinstance(key, np.generic):
        key = key.item()
    if isinstance(key, tuple):
        return tuple(_as_key(part, name) for part in key)
    if isinstance(key, str | int | float):
        return str(key) if isinstance(key, str) else key
    raise TypeError(
        f"{name} has the key {key!r} of type {type(key).__name__}; "
        "expected a string, a number, or a tuple of those."
    )


def _as_table(values: Any, where: str, dims: tuple[int, ...], copy: bool) -> Floats:
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{where}: values are of type {array.dtype}; expected numbers.")
    if array.ndim != 3 or array.shape[2] not in dims:
        expected = " or ".join(f"(frames, joints, {dim})" for dim in dims)
        raise ValueError(f"{where}: shape is {array.shape}; expected {expected}.")
    if 0 in array.shape:
        raise ValueError(f"{where}: shape is {array.shape}; there is nothing in it.")
    kind = np.float32 if array.dtype.kind == "f" and array.itemsize <= 4 else np.float64
    # A view, where it is no copy: it is made read-only later, and the caller's array is not.
    table: Any = np.array(array, kind, order="C") if copy else np.asarray(array, kind)[:]
    if np.isinf(table).any():
        infinite = np.argwhere(np.isinf(table))
        frame, joint, _ = infinite[0]
        raise ValueError(
            f"{where}: frame {frame}, joint {joint} is infinite ({len(infinite)} such values). "
            "Use NaN for what was not seen."
        )
    checked: Floats = table
    return checked


def as_mask(
    mask: Any, tables: Mapping[Key, Floats], name: str, mask_name: str
) -> npt.NDArray[np.bool_]:
    """Check a mask of the same experiments and shapes as some poses.

    Parameters
    ----------
    mask : bool array, shape (N, J, D), or dict of such arrays
        As the user gave it; zeros and ones will do.
    tables : mapping of Key to array
        The poses.
    name, mask_name : str
        What errors call the two.

    Returns
    -------
    bool array, shape (N, J, D)
        Of all experiments, one after another.

    Raises
    ------
    ValueError
        Other experiments or another shape.
    TypeError
        Other values than True and False.
    """
    kept = []
    for key, array in _beside(mask, tables, name, mask_name).items():
        where, shape = place(mask_name, key), tables[key].shape
        if array.shape != shape:
            raise ValueError(f"{where}: shape is {array.shape}; expected that of {name}, {shape}.")
        if array.dtype.kind != "b" and not np.isin(array, (0, 1)).all():
            raise TypeError(f"{where}: holds other values than True and False.")
        kept.append(array.astype(bool))
    return np.concatenate(kept)


def as_confidence(confidence: Any, tables: Mapping[Key, Floats], name: str) -> Floats:
    """Check the confidence of the same experiments as some poses.

    Parameters
    ----------
    confidence : array, shape (N, J), or dict of such arrays
        As the user gave it.
    tables : mapping of Key to array
        The poses.
    name : str
        What errors call the poses.

    Returns
    -------
    array, shape (N, J), float32
        Of all experiments, one after another.

    Raises
    ------
    ValueError
        Other experiments or another shape, or numbers that are not within 0 and 1.
    TypeError
        Something else than numbers.
    """
    parts = []
    for where, array in _of_joints(confidence, tables, name, "confidence"):
        _check_share(array, where)
        parts.append(array.astype(np.float32).clip(0, 1))
    return one_after_another(parts)


def as_extra(extra: Any, tables: Mapping[Key, Floats], name: str) -> dict[str, Floats]:
    """Check further numbers of the joints of some poses.

    Parameters
    ----------
    extra : mapping of str to array, shape (N, J), or to dict of such arrays; or None
        As the user gave it.
    tables : mapping of Key to array
        The poses.
    name : str
        What errors call the poses.

    Returns
    -------
    dict of str to array, shape (N, J), float32 or float64
        Of all experiments, one after another.

    Raises
    ------
    ValueError
        Other experiments or another shape, or a name that poses have for something else.
    TypeError
        Something else than numbers, or a name that is none.
    """
    found = {}
    for what, values in (extra or {}).items():
        if not isinstance(what, str) or not what:
            raise TypeError(f"{name}: extra has the name {what!r}; expected a text.")
        if what in TAKEN:
            raise ValueError(f"{name}: extra cannot be called {what!r}; poses have that already.")
        parts: list[Floats] = []
        for _, array in _of_joints(values, tables, name, what):
            kind: Any = np.float32 if array.dtype == np.float32 else np.float64
            parts.append(np.array(array, kind))
        found[what] = one_after_another(parts)
    return found


def _of_joints(
    values: Any, tables: Mapping[Key, Floats], name: str, what: str
) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Where each array of numbers of joints is from, and the array, checked."""
    for key, array in _beside(values, tables, name, what).items():
        where, shape = place(what, key), tables[key].shape[:2]
        if array.dtype.kind not in "iufb":
            raise TypeError(f"{where}: values are of type {array.dtype}; expected numbers.")
        if array.shape != shape:
            raise ValueError(
                f"{where}: shape is {array.shape}; expected {shape}, one number for every frame "
                f"and joint of {name}."
            )
        yield where, array


def _check_share(array: npt.NDArray[Any], where: str) -> None:
    """Raise where a confidence is not within 0 and 1; rounding is none of a mistake."""
    outside = (array < -ROUNDING) | (array > 1 + ROUNDING)
    if outside.any():
        frame, joint = np.argwhere(outside)[0]
        raise ValueError(
            f"{where}: frame {frame}, joint {joint} is {array[frame, joint]:g} "
            f"({int(outside.sum())} such values of {outside.size}); expected 0 to 1, or NaN where "
            "the tracker does not say. Divide percentages by 100, and clip scores that exceed 1 "
            "a little."
        )


def _beside(
    values: Any, tables: Mapping[Key, Floats], name: str, values_name: str
) -> dict[Key, npt.NDArray[Any]]:
    """Arrays that come with poses, in the order of their experiments."""
    given = _as_experiments(values, values_name)
    if set(given) != set(tables):
        raise ValueError(
            f"{values_name} is of the experiments {sorted(given, key=repr)} and {name} of "
            f"{sorted(tables, key=repr)}; expected the same."
        )
    return {key: np.asarray(given[key]) for key in tables}


def one_after_another(tables: Iterable[Floats]) -> Floats:
    """Put tables below each other; a single one is not copied."""
    parts = list(tables)
    whole: Floats = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return whole


def as_names(names: Sequence[str] | None, count: int, name: str) -> tuple[str, ...] | None:
    """Check the names of the joints of some poses; None where there are none.

    Raises
    ------
    ValueError
        Another number than of joints, or a name twice.
    TypeError
        A string instead of a list.
    """
    if names is None:
        return None
    if isinstance(names, str):
        raise TypeError(f"{name}: joints is {names!r}; expected a list of names.")
    found = tuple(str(one) for one in names)
    if len(found) != count:
        raise ValueError(f"{name}: {len(found)} joint names for {count} joints.")
    once_each(found, f"{name} has")
    return found


def once_each(names: Sequence[str], who: str) -> None:
    """Raise where a joint is named twice."""
    twice = [name for name, number in Counter(names).items() if number > 1]
    if twice:
        raise ValueError(f"{who} the joint {twice[0]!r} twice; every joint needs its own name.")


def as_individuals(
    individuals: Sequence[str] | None, count: int, name: str
) -> tuple[str, ...] | None:
    """Check the individuals of some experiments; None where nothing is said of them.

    Raises
    ------
    ValueError
        Another number than of experiments.
    """
    if individuals is None:
        return None
    if len(individuals) != count:
        raise ValueError(
            f"{name}: {len(individuals)} individuals for {count} experiments; each has one."
        )
    return tuple(str(individual) for individual in individuals)


def as_rate(fps: Any, name: str) -> float | None:
    """Check a number of frames per second; None where it is not known.

    Raises
    ------
    ValueError
        Zero, less, or no finite number.
    """
    if fps is None:
        return None
    rate = float(fps)
    if not 0 < rate < float("inf"):
        raise ValueError(f"{name}: fps is {fps}; expected frames per second, more than 0.")
    return rate


def as_frame(frame: str | None, name: str) -> str | None:
    """Check what 3D coordinates are said to be relative to; None where nothing is said.

    Raises
    ------
    ValueError
        Anything but ``"world"`` and ``"camera"``.
    """
    if frame is not None and frame not in FRAMES:
        raise ValueError(f"{name}: frame is {frame!r}; expected 'world' or 'camera'.")
    return frame
