"""The time line of a long recording, found in the background while its page is looked at."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from threading import Event, Lock, Thread
from typing import Any

import numpy as np

from liftpose.poses import Floats

BINS = 1500
"""Stretches of a time line at most."""

BLOCK = 4096
"""Rows that are read at a time: short enough for a chunk to be waited for unnoticed."""

MARKS = 8
"""Frames that are worth a look at most."""

_APART = 50  # marks lie at least this part of the recording from each other
_PAUSE = 0.002  # seconds after each block, in which who waits for the file gets it
_FIRST = ("error", "novelty", "spread")


class Overview:
    """Lowest and highest values of stretches of a recording, and its worst frames.

    Parameters
    ----------
    frames : int
        Rows N.
    lines : mapping of str to (str, str)
        Label and unit of each line.
    values : callable
        From a first row and the one after the last to the values of each line, shape (n,); NaN
        where nothing is known.

    Examples
    --------
    >>> rows = np.array([1.0, 5.0, np.nan, 2.0])
    >>> whole = Overview(4, {"error": ("Error", "mm")}, lambda a, b: {"error": rows[a:b]})
    >>> whole.find()
    >>> whole.state()["lines"][0]["high"], whole.state()["marks"][1]
    ([1.0, 5.0, None, 2.0], {'frame': 1, 'text': 'Error 5 mm'})
    """

    def __init__(
        self,
        frames: int,
        lines: Mapping[str, tuple[str, str]],
        values: Callable[[int, int], Mapping[str, Floats]],
    ):
        self._frames, self._lines, self._values = frames, lines, values
        count = min(frames, BINS)
        self._starts = np.arange(count) * frames // max(count, 1)
        self._low = {name: np.full(count, np.nan) for name in lines}
        self._high = {name: np.full(count, np.nan) for name in lines}
        self._worst: list[tuple[float, int]] = []
        self._judge = next((name for name in _FIRST if name in lines), None)
        self._done = 0
        self._lock, self._stopped = Lock(), Event()
        self._thread: Thread | None = None
        self.failure: str | None = None
        """Why it could not be found, if so."""

    def start(self) -> None:
        """Find it in a thread of its own, unless that was begun before."""
        with self._lock:
            if self._thread is not None:
                return
            self._thread = Thread(target=self._find_or_say, name="overview", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Leave it as it is, and wait for the thread."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def find(self) -> None:
        """Read all rows, from the first to the last."""
        for first in range(0, self._frames if self._lines else 0, BLOCK):
            if first and self._stopped.wait(_PAUSE):
                return
            last = min(first + BLOCK, self._frames)
            found = self._values(first, last)
            with self._lock:
                for name, values in found.items():
                    self._add(name, np.asarray(values, np.float64), first)
                self._done = last
        self._done = self._frames

    def state(self) -> dict[str, Any]:
        """Say what is found up to now, ready for JSON."""
        with self._lock:
            return {
                "done": self._done,
                "frames": self._frames,
                "failure": self.failure,
                "lines": [
                    {
                        "name": name,
                        "label": label,
                        "unit": unit,
                        "low": _plain(self._low[name]),
                        "high": _plain(self._high[name]),
                    }
                    for name, (label, unit) in self._lines.items()
                ],
                "marks": self._marks(),
            }

    def _find_or_say(self) -> None:
        try:
            self.find()
        except (ValueError, OSError, RuntimeError, KeyError) as error:
            self.failure = str(error)

    def _add(self, name: str, values: Floats, first: int) -> None:
        values = np.where(np.isfinite(values), values, np.nan)
        bins = np.searchsorted(self._starts, [first, first + len(values) - 1], "right") - 1
        inside = self._starts[bins[0] : bins[1] + 1] - first
        cuts = np.maximum(inside, 0)
        rows = slice(bins[0], bins[1] + 1)
        for table, least in ((self._low, np.fmin), (self._high, np.fmax)):
            table[name][rows] = least(table[name][rows], least.reduceat(values, cuts))
        if name == self._judge:
            self._keep_worst(values, first)

    def _keep_worst(self, values: Floats, first: int) -> None:
        """The worst of every stretch as long as marks are apart: more can never be marked."""
        apart = self._apart
        for start in range(0, len(values), apart):
            part = values[start : start + apart]
            if np.isfinite(part).any():
                worst = int(np.nanargmax(part))
                self._worst.append((float(part[worst]), first + start + worst))
        self._worst = sorted(self._worst, reverse=True)[: 4 * MARKS * _APART]

    @property
    def _apart(self) -> int:
        return max(self._frames // _APART, 1)

    def _marks(self) -> list[dict[str, Any]]:
        if self._judge is None:
            return []
        label, unit = self._lines[self._judge]
        chosen: list[tuple[float, int]] = []
        for value, frame in self._worst:
            if all(abs(frame - other) >= self._apart for _, other in chosen):
                chosen.append((value, frame))
            if len(chosen) == MARKS:
                break
        return [
            {"frame": frame, "text": f"{label} {value:.3g} {unit}".strip()}
            for value, frame in sorted(chosen, key=lambda entry: entry[1])
        ]


def _plain(values: Floats) -> list[float | None]:
    return [float(f"{value:.4g}") if math.isfinite(value) else None for value in values]
