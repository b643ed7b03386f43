"""Lifted poses made smooth in time, their gaps filled, and their spread carried along.

What a lifter errs by has two parts. One changes from frame to frame, as the noise of the 2D does;
smoothing takes it out. The other stays for as long as the animal looks the same, and no smoother
sees it. The noise of every coordinate is therefore found by likelihood from how it moves: with a
``spread`` as the share of it that is new in each frame, else by itself. The spread that is given
back is what remains of both parts.

A pose that has a place in the world is taken apart: where its first root is, and where all else is
from there. The error of a place is that of a distance, common to all joints and far greater than
that of the pose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.poses import Lifted
from liftpose.postprocess.kalman import MOTIONS, levels, smoothed
from liftpose.postprocess.local import check_window, locally_fitted
from liftpose.postprocess.moving import STILL, apart, checked, extent, moved, size

Array = npt.NDArray[np.float64]

METHODS = ("kalman", "savgol")

MOST = 2.0
"""Noise that is found, in spreads, at most: motion as quick as frames is not taken for noise."""

WINDOW = 11
"""Frames of the window of the simple method, and the degree of its polynomials."""
DEGREE = 3


def smooth(
    lifted: Lifted,
    method: str = "kalman",
    *,
    model: str | None = None,
    causal: bool = False,
    longest_gap: int | None = None,
    window: int | None = None,
    degree: int | None = None,
) -> Lifted:
    """Make lifted poses smooth in time, each experiment by itself, and fill their gaps.

    Parameters
    ----------
    lifted : Lifted
        N frames of J joints, in order, at a constant rate.
    method : {"kalman", "savgol"}
        A Kalman filter and smoother whose noise is found by likelihood, or polynomials fitted to
        windows (Savitzky and Golay).
    model : {"position", "velocity", "acceleration"}, optional
        For the Kalman filter, what is constant but for noise. Where it is not said, the likeliest
        of the three is taken for every coordinate.
    causal : bool, default False
        Of the Kalman filter and smoother, the filter alone: no frame is moved by a later one. The
        levels of its noise are those of the whole recording all the same.
    longest_gap : int, optional
        A joint that is missing in more frames in a row than this stays missing there. None fills
        all gaps, also at the ends, with a spread that grows.
    window, degree : int, optional
        Of the simple method: frames of a window, an odd number, and degree of its polynomials.
        11 and 3 where not said. A gap is filled where a window holds more frames than the degree.

    Returns
    -------
    Lifted
        With a `spread`. Where `lifted` has none, it knows nothing of errors that last.

    Raises
    ------
    TypeError
        Something else than lifted poses.
    ValueError
        Fewer than three frames, an unknown method or model, or a setting of the other method.

    Notes
    -----
    A joint that is seen in too few frames of all experiments to tell its noise stays as it is, and
    so does one that never moves.

    References
    ----------
    See `liftpose.postprocess.kalman` and `liftpose.postprocess.local`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> walk = np.sin(np.arange(200.0) / 10)[:, None, None] * np.ones((1, 2, 3))
    >>> noisy = walk + rng.normal(0, 0.1, walk.shape)
    >>> lifted = Lifted(noisy, noisy, ("walk",), (200,), unit="mm")
    >>> better = smooth(lifted)
    >>> bool(np.abs(better.position - walk).mean() < 0.5 * np.abs(noisy - walk).mean())
    True
    """
    lifted = checked(lifted, "smoothing")
    asked = _asked(method, model, causal, window, degree)
    if longest_gap is not None and longest_gap < 0:
        raise ValueError(f"longest_gap is {longest_gap}; expected a number of frames, 0 or more.")
    pose, way = apart(lifted)
    position, variance, said = asked(_Series.of(lifted, pose, lifted.spread))
    if way is not None:
        root, around, _ = asked(_Series.of(lifted, way, None))
        position, variance = position + root, variance + around
    if longest_gap is not None:
        long = _long_gaps(np.isnan(lifted.position), lifted.lengths, longest_gap)
        position[long] = variance[long] = np.nan
    filled = (np.isfinite(position) & np.isnan(lifted.position)).any(2).sum()
    step = {"step": "smooth", "method": method, **said, "filled": int(filled)}
    return moved(lifted, position, np.sqrt(variance), step)


@dataclass(frozen=True)
class _Series:
    """Coordinates of all frames, a column each.

    Parameters
    ----------
    values : array, shape (N, B)
    spread : array, shape (N, B), or None
        NaN where it is not known.
    lengths : tuple of int
        Frames of each experiment.
    shape : tuple of int
        Of the table that the columns come from.
    rate : float
        Frames per unit of time that noise is told in.
    """

    values: Array
    spread: Array | None
    lengths: tuple[int, ...]
    shape: tuple[int, ...]
    rate: float

    @classmethod
    def of(cls, lifted: Lifted, values: Array, spread: Any) -> _Series:
        flat = values.reshape(len(values), -1)
        noise = None
        if spread is not None:
            noise = np.asarray(spread, np.float64).reshape(flat.shape)
            # What is known exactly says nothing of how noisy it is beside others.
            noise = np.where(noise > 0, noise, np.nan)
        rate = 1.0 if lifted.fps is None else lifted.fps
        return cls(flat, noise, lifted.lengths, values.shape, rate)

    @property
    def moving(self) -> npt.NDArray[np.bool_]:
        """Which columns move at all."""
        return np.asarray(extent(self.values) > STILL * size(self.values))

    @property
    def known(self) -> Array:
        """Spread of every frame, that of the last before it in a gap; 0 where there is none."""
        if self.spread is None:
            return np.zeros(self.values.shape)
        parts = np.split(self.spread, np.cumsum(self.lengths)[:-1])
        held = np.concatenate([_held(_held(part)[::-1])[::-1] for part in parts])
        return np.asarray(np.nan_to_num(held))

    def standing(self) -> tuple[Array, Array]:
        """Every column at the mean of where it is seen, and its variance."""
        known = np.isfinite(self.values)
        number = known.sum(0)
        mean = np.where(known, self.values, 0.0).sum(0) / np.maximum(number, 1)
        fills = (number > 0) & ~self.moving
        position = np.where(~known & fills, mean, self.values)
        return position, np.where(np.isnan(position), np.nan, self.known**2)

    def given(self, position: Array, variance: Array) -> tuple[Array, Array]:
        """Columns as the table they come from."""
        return position.reshape(self.shape), variance.reshape(self.shape)


def _held(table: Array) -> Array:
    """Each value until the next."""
    rows = np.where(np.isfinite(table), np.arange(len(table))[:, None], 0)
    return np.asarray(np.take_along_axis(table, np.maximum.accumulate(rows, axis=0), 0))


_Smoothes = Callable[[_Series], tuple[Array, Array, dict[str, Any]]]


def _asked(
    method: str, model: str | None, causal: bool, window: int | None, degree: int | None
) -> _Smoothes:
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; expected one of {', '.join(METHODS)}.")
    if method == "kalman":
        if window is not None or degree is not None:
            raise ValueError("window and degree are of method='savgol'; say that, or leave them.")
        if model is not None and model not in MOTIONS:
            raise ValueError(f"model is {model!r}; expected one of {', '.join(MOTIONS)}.")
        models = tuple(MOTIONS) if model is None else (model,)
        return lambda series: _by_kalman(series, models, causal)
    if model is not None or causal:
        raise ValueError("model and causal are of method='kalman'; leave them with 'savgol'.")
    width, power = WINDOW if window is None else window, DEGREE if degree is None else degree
    check_window(width, power)
    return lambda series: _by_windows(series, width, power)


def _by_kalman(
    series: _Series, models: Sequence[str], causal: bool
) -> tuple[Array, Array, dict[str, Any]]:
    position, variance = series.standing()
    columns = np.flatnonzero(series.moving)
    usual, noise = _told_noise(series, columns)
    cuts = np.cumsum(series.lengths)[:-1]
    pieces, noises = np.split(series.values[:, columns], cuts), np.split(noise, cuts)
    searched, most = models if len(columns) else (), (MOST * usual) ** 2
    found = [levels(pieces, noises, MOTIONS[model], most) for model in searched]
    costs = np.array([[*one.cost] for one in found])
    chosen = costs.argmin(0) if len(columns) else np.empty(0, int)
    shares, about = [], {}
    for number, (model, level) in enumerate(zip(models, found, strict=False)):
        which = np.flatnonzero((chosen == number) & np.isfinite(level.measurement))
        if not len(which):
            continue
        level, places = level.of(which), columns[which]
        parts = [
            smoothed(piece[:, which], noisy[:, which], MOTIONS[model], level, causal=causal)
            for piece, noisy in zip(pieces, noises, strict=True)
        ]
        # Of the errors that a spread tells of, those that are new in each frame are smoothed.
        share = level.measurement / usual[which] ** 2
        lasting = series.known[:, places] ** 2 * np.maximum(1 - share, 0.0)
        position[:, places] = np.concatenate([part for part, _ in parts])
        variance[:, places] = np.concatenate([part for _, part in parts]) + lasting
        power = MOTIONS[model].size - 0.5
        about[model] = {
            "coordinates": len(which),
            "measurement_sd": _middle(np.sqrt(level.measurement)),
            "process_sd": _middle(np.sqrt(level.process) * series.rate**power),
        }
        shares.append(np.sqrt(share[np.isfinite(usual[which])]))
    said: dict[str, Any] = {"causal": causal, "models": about}
    if series.spread is not None and shares:
        said["share_of_spread"] = _middle(np.concatenate(shares))
    return *series.given(position, variance), said


def _told_noise(series: _Series, columns: npt.NDArray[np.intp]) -> tuple[Array, Array]:
    """Median spread of each column, infinite where there is none, and variances beside it."""
    shape = len(series.values), len(columns)
    if series.spread is None:
        return np.full(shape[1], np.inf), np.ones(shape)
    own = series.spread[:, columns]
    some = np.isfinite(own).any(0)
    usual = np.nanmedian(np.where(some, own, 1.0), axis=0) if len(own) else np.ones(shape[1])
    noise = np.where(np.isnan(own), 1.0, (own / usual) ** 2)
    return np.where(some, usual, np.inf), noise


def _by_windows(series: _Series, window: int, degree: int) -> tuple[Array, Array, dict[str, Any]]:
    position, variance = series.standing()
    columns = np.flatnonzero(series.moving)
    pieces = np.split(series.values[:, columns], np.cumsum(series.lengths)[:-1])
    fits = [locally_fitted(piece, window, degree) for piece in pieces]
    fitted, leverage = (np.concatenate([fit[i] for fit in fits]) for i in range(2))
    off = (fitted - series.values[:, columns]) ** 2
    free = np.where(np.isnan(off), 0.0, 1 - leverage).sum(0)
    noise = np.where(np.isnan(off), 0.0, off).sum(0) / np.where(free > 0, free, np.nan)
    lasting = np.maximum(series.known[:, columns] ** 2 - noise, 0.0)
    position[:, columns], variance[:, columns] = fitted, noise * leverage + lasting
    about = {"window": window, "degree": degree, "measurement_sd": _middle(np.sqrt(noise))}
    return *series.given(position, variance), about


def _middle(values: Array) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None


def _long_gaps(
    missing: npt.NDArray[np.bool_], lengths: tuple[int, ...], longest: int
) -> npt.NDArray[np.bool_]:
    """Where more frames in a row than that are missing."""
    parts = []
    for part in np.split(missing, np.cumsum(lengths)[:-1]):
        number = np.arange(len(part)).reshape(-1, *[1] * (part.ndim - 1))
        seen = np.where(part, -1, number)
        ahead = np.where(part, len(part), number)[::-1]
        last = np.maximum.accumulate(seen, axis=0)
        after = np.minimum.accumulate(ahead, axis=0)[::-1]
        parts.append(part & (after - last - 1 > longest))
    return np.concatenate(parts)
