"""What holds values in the layout of `movement`, a dataset or a file, before they are loaded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from liftpose.poses.layout.to_dataset import Array

if TYPE_CHECKING:
    from xarray import DataArray, Dataset

Load: TypeAlias = "Callable[[slice], Array]"

ALL = slice(None)
"""Every row of time."""

_BLOCK = 1 << 13
"""Rows of time whose dimensions are reordered at a time, within a processor's cache."""


@dataclass(frozen=True, eq=False)
class Stored:
    """A variable, loaded when it is asked for.

    Parameters
    ----------
    dims : tuple of str
        Names of its dimensions.
    shape : tuple of int
        Sizes of its dimensions.
    kind : str
        That of its dtype: ``"f"``, ``"i"`` and so on; ``"O"`` or ``"S"`` of texts.
    attrs : mapping of str
        What is said of it.
    load : callable
        From rows of time to its values. Of a variable without time it gives all.
    """

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    kind: str
    attrs: Mapping[str, Any]
    load: Load

    def ordered(self, dims: Sequence[str], rows: slice = ALL) -> Array:
        """Load it, with its dimensions in another order.

        Parameters
        ----------
        dims : sequence of str
            All of its dimensions.
        rows : slice
            Of time.

        Returns
        -------
        array
            C-contiguous.
        """
        order = [self.dims.index(dim) for dim in dims]
        sizes = [self.shape[place] for place in order]
        wanted = range(sizes[dims.index("time")])[rows] if "time" in dims else range(0)
        if len(wanted) <= _BLOCK:
            return np.ascontiguousarray(self.load(rows).transpose(order))
        time = dims.index("time")
        sizes[time], before = len(wanted), (ALL,) * time
        whole: Array | None = None
        # All at once would take twice the memory, which takes longer to get than to fill.
        for start in range(0, len(wanted), _BLOCK):
            some = wanted[start : start + _BLOCK]
            block = self.load(slice(some.start, some.stop)).transpose(order)
            whole = np.empty(sizes, block.dtype) if whole is None else whole
            whole[(*before, slice(start, start + len(some)))] = block
        assert whole is not None
        return whole

    def turned(
        self, dims: tuple[str, ...], shape: tuple[int, ...], after: Callable[[Array], Array]
    ) -> Stored:
        """Give it with other dimensions, its values changed when they are loaded."""
        return replace(self, dims=dims, shape=shape, load=lambda rows: after(self.load(rows)))

    def texts(self, rows: slice = ALL) -> Array:
        """Load texts: `str`, or bytes in UTF-8, of shape (n,) even where there is only one."""
        return np.atleast_1d(self.load(rows))


@dataclass(frozen=True, eq=False)
class Source:
    """Variables and coordinates that belong together.

    Parameters
    ----------
    variables, coords : mapping of str to Stored
    sizes : mapping of str to int
        Of the dimensions.
    attrs : mapping of str
        What is said of all of them.
    """

    variables: Mapping[str, Stored]
    coords: Mapping[str, Stored]
    sizes: Mapping[str, int]
    attrs: Mapping[str, Any]

    def without(self, names: Collection[str]) -> Source:
        """Leave out variables and coordinates."""
        left = {name: one for name, one in self.variables.items() if name not in names}
        coords = {name: one for name, one in self.coords.items() if name not in names}
        return replace(self, variables=left, coords=coords)

    def part(self, start: int, stop: int) -> Source:
        """Give some rows of time.

        Parameters
        ----------
        start, stop : int
            The first, and the one after the last.

        Returns
        -------
        Source
        """
        inside = range(self.sizes["time"])[start:stop]

        def cut(one: Stored) -> Stored:
            if "time" not in one.dims:
                return one

            def load(rows: slice) -> Array:
                wanted = inside[rows]
                return one.load(slice(wanted.start, wanted.stop))

            left = {**dict(zip(one.dims, one.shape, strict=True)), "time": len(inside)}
            return replace(one, shape=tuple(left.values()), load=load)

        return replace(self.each(cut), sizes={**self.sizes, "time": len(inside)})

    def each(self, change: Callable[[Stored], Stored]) -> Source:
        """Change every variable and every coordinate alike."""
        return replace(
            self,
            variables={name: change(one) for name, one in self.variables.items()},
            coords={name: change(one) for name, one in self.coords.items()},
        )

    def renamed(self, names: Mapping[str, str]) -> Source:
        """Call some dimensions and their coordinates otherwise."""

        def called(name: str) -> str:
            return names.get(name, name)

        def change(one: Stored) -> Stored:
            return replace(one, dims=tuple(map(called, one.dims)))

        found = self.each(change)
        return Source(
            {called(name): one for name, one in found.variables.items()},
            {called(name): one for name, one in found.coords.items()},
            {called(name): size for name, size in self.sizes.items()},
            self.attrs,
        )


def of_dataset(dataset: Dataset) -> Source:
    """Take the variables of a dataset, none of which is loaded by that.

    Parameters
    ----------
    dataset : xarray.Dataset

    Returns
    -------
    Source

    Raises
    ------
    TypeError
        Something else than a dataset.
    """
    from xarray import Dataset

    if not isinstance(dataset, Dataset):
        raise TypeError(f"expected an xarray.Dataset, got {type(dataset).__name__}.")
    return Source(
        {str(name): _stored(one) for name, one in dataset.data_vars.items()},
        {str(name): _stored(one) for name, one in dataset.coords.items()},
        {str(dim): size for dim, size in dataset.sizes.items()},
        {str(name): value for name, value in dataset.attrs.items()},
    )


def _stored(found: DataArray) -> Stored:
    dims = tuple(map(str, found.dims))

    def load(rows: slice) -> Array:
        # Never transposed here: asked to do that to what is not loaded, xarray looks up every
        # single value, and takes seven times as long.
        some = found if rows == ALL or "time" not in dims else found.isel(time=rows)
        values: Array = some.values
        return values

    return Stored(dims, found.shape, found.dtype.kind, found.attrs, load)
