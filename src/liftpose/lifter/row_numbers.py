"""Random numbers that belong to a frame: the same wherever it stands, and whoever asks first.

A frame's key is made of what was seen in it. Its numbers are those that a counter gives, mixed with
the key by the finaliser of SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom
number generators"), so that each can be had without those before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Array = npt.NDArray[np.float64]

STEP = np.uint64(0x9E3779B97F4A7C15)
"""What the counter of SplitMix64 goes on by."""


@dataclass(frozen=True)
class RowNumbers:
    """Random numbers of N frames.

    Parameters
    ----------
    keys : array of uint64, shape (N,)
        See `of`.

    Examples
    --------
    >>> seen = np.arange(12.0).reshape(3, 2, 2)
    >>> numbers = RowNumbers.of(seen, seed=0).uniform(4)
    >>> bool((RowNumbers.of(seen[2:], seed=0).uniform(4) == numbers[2:]).all())
    True
    >>> bool((RowNumbers.of(seen, seed=1).uniform(4) == numbers).any())
    False
    """

    keys: Keys

    @classmethod
    def of(cls, seen: Any, seed: int) -> RowNumbers:
        """Make the keys of some frames.

        Parameters
        ----------
        seen : array, shape (N, J, D)
            What is known of them, at single precision; NaN = not seen.
        seed : int
            At least 0.

        Returns
        -------
        RowNumbers
        """
        values = np.asarray(seen, np.float32).reshape(len(seen), -1)
        # One NaN, and one zero.
        values = np.where(np.isnan(values), np.float32(np.nan), values + np.float32(0))
        bits = np.ascontiguousarray(values).view(np.uint32).astype(np.uint64)
        places = np.arange(1, bits.shape[1] + 1, dtype=np.uint64) * STEP
        keys = _mixed(bits + places).sum(1, dtype=np.uint64)
        begin = np.random.SeedSequence(seed).generate_state(1, np.uint64)
        return cls(_mixed(keys ^ begin))

    def part(self, rows: slice) -> RowNumbers:
        """Give those of some of the frames."""
        return RowNumbers(self.keys[rows])

    def uniform(self, count: int, first: int = 0) -> Array:
        """Give numbers between 0 and 1, both left out.

        Parameters
        ----------
        count : int
            How many of each frame.
        first : int
            How many come before them.

        Returns
        -------
        array, shape (N, count), float64
        """
        counter = np.arange(first + 1, first + count + 1, dtype=np.uint64) * STEP
        mixed = _mixed(self.keys[:, None] + counter)
        return ((mixed >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53

    def normal(self, count: int, first: int = 0) -> Array:
        """Give numbers of the standard normal distribution; takes as `uniform` does twice as many.

        Parameters
        ----------
        count, first : int
            As `uniform` takes them.

        Returns
        -------
        array, shape (N, count), float64

        References
        ----------
        G. E. P. Box and M. E. Muller, "A note on the generation of random normal deviates",
        Annals of Mathematical Statistics 29(2), 1958.
        """
        length, angle = np.split(self.uniform(2 * count, first), 2, axis=1)
        numbers: Array = np.sqrt(-2 * np.log(length)) * np.cos(2 * np.pi * angle)
        return numbers


def _mixed(values: Keys) -> Keys:
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
