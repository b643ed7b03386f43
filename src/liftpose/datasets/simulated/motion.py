"""What moves every simulated animal: smooth noise, paths, gaits, bouts, and limbs that close.

The world has `x` and `y` on the ground and `z` up; a body's own frame has `x` forward, `y` left
and `z` up. All lengths are millimetres, all angles radians unless they say so.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.geometry.rotation import from_euler

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FRAMES_PER_SECOND = 100.0

# An animal is simulated for a little longer than it is filmed: the first and the last foothold of
# a recording are places where the animal has been and will be.
MARGIN = 100  # frames, before and after


def wander(rng: np.random.Generator, frames: int, seconds: float) -> Floats:
    """Draw smooth noise (N,) of mean 0 and standard deviation 1 that changes over some seconds."""
    width = seconds * FRAMES_PER_SECOND
    reach = int(4 * width)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    kernel /= np.linalg.norm(kernel)
    noise = rng.standard_normal(frames + 2 * reach)
    # A power of two, at least the length of both together, so that nothing wraps around.
    size = 1 << (len(noise) + len(kernel) - 1).bit_length()
    smooth: Floats = np.fft.irfft(np.fft.rfft(noise, size) * np.fft.rfft(kernel, size), size)
    return smooth[2 * reach : 2 * reach + frames]


def wanders(rng: np.random.Generator, frames: int, count: int, seconds: float) -> Floats:
    """Draw independent smooth noises (N, count)."""
    return np.stack([wander(rng, frames, seconds) for _ in range(count)], axis=1)


def wander_along(rng: np.random.Generator, way: Floats, scale: float) -> Floats:
    """Draw noise that changes over some `scale` of a way (N,), and stands still where it does."""
    knots = np.arange(int(way[-1] / scale) + 3) * scale
    return np.interp(way, knots, np.clip(rng.standard_normal(len(knots)), -2, 2))


@dataclass(frozen=True, eq=False)
class Loops:
    """An endless path in a small arena, which turns both ways: wiggles on figures of eight.

    The figure, a curve of Lissajous, turns slowly about the middle of the arena. The wiggles are
    too small to ever stop the animal.

    Parameters
    ----------
    extent : array, shape (2,), mm
        Half the length and half the width of the figure.
    rate, precession : float, radians per mm
        How fast the figure is run through, and how fast it turns.
    starts : array, shape (2,), radians
        Where on the figure the path begins, and how the figure is turned then.
    radii, rates, phases : array, shape (2,)
        Of the wiggles, circles: in mm, radians per mm and radians.
    """

    extent: Floats
    rate: float
    precession: float
    starts: Floats
    radii: Floats
    rates: Floats
    phases: Floats

    @classmethod
    def draw(cls, scale: float, rng: np.random.Generator) -> Loops:
        """Draw a path in an arena with a radius of about 6.5 times the scale."""
        turn, vary = rng.choice([-1.0, 1.0]), np.exp(rng.normal(0, 0.08, 6))
        return cls(
            extent=scale * np.array([6.0, 1.8]) * vary[:2],
            rate=0.15 / scale * vary[2],
            precession=turn * 0.015 / scale * vary[3],
            starts=rng.uniform(0, 2 * np.pi, 2),
            radii=scale * np.array([0.25, 0.15]),
            rates=np.array([-0.5, 0.8]) / scale * vary[4:],
            phases=rng.uniform(0, 2 * np.pi, 2),
        )

    def at(self, travelled: Floats) -> tuple[Floats, Floats]:
        """Place (N, 2) on the ground and unwrapped heading (N,) after some way (N,)."""
        on = self.rate * travelled + self.starts[0]
        length, width = self.extent
        figure = length * np.sin(on) + 1j * width * np.sin(2 * on)
        along = self.rate * (length * np.cos(on) + 2j * width * np.cos(2 * on))
        turned = np.exp(1j * (self.precession * travelled + self.starts[1]))
        wiggles = self.radii * np.exp(1j * (travelled[:, None] * self.rates + self.phases))
        place = figure * turned + wiggles.sum(axis=1)
        onward = (along + 1j * self.precession * figure) * turned
        onward += (1j * self.rates * wiggles).sum(axis=1)
        return np.stack([place.real, place.imag], axis=1), np.unwrap(np.angle(onward))


@dataclass(frozen=True, eq=False)
class Gait:
    """How one individual walks.

    Parameters
    ----------
    speed : float, mm per second
        Its usual one.
    stride : float, mm
        Way of the body in one stride, at that speed.
    stance_share : float
        Share of a stride that a foot stands (duty factor).
    offsets : array, shape (L,), strides
        By how much each leg is ahead of the first.
    jitter : float, strides
        Standard deviation of the noise of each leg's phase.
    lift : float, mm
        Height of a foot in the middle of its swing.
    scatter : float, mm
        Standard deviation of footholds around the usual one, on each axis.
    """

    speed: float
    stride: float
    stance_share: float
    offsets: Floats
    jitter: float
    lift: float
    scatter: float


@dataclass(frozen=True, eq=False)
class Walk:
    """Where the body is above the ground, and how far each leg is in its strides.

    Parameters
    ----------
    loops : Loops
        The path.
    travelled : array, shape (N,), mm
        Way along it.
    place : array, shape (N, 2)
        Ground position of the body.
    heading : array, shape (N,)
        Unwrapped.
    pace : array, shape (N,)
        Speed as a share of the animal's usual one; zero in a pause.
    phase : array, shape (N, L)
        Strides of each leg, from 0 or more; never falls.
    """

    loops: Loops
    travelled: Floats
    place: Floats
    heading: Floats
    pace: Floats
    phase: Floats

    @classmethod
    def draw(cls, gait: Gait, scale: float, free: Floats, rng: np.random.Generator) -> Walk:
        """Draw a walk of so many frames as `free` (N,) has: 1 where it may walk, 0 where not."""
        frames = len(free)
        # Clipped at zero, a speed that wanders makes pauses.
        pace = free * np.clip(0.7 + 0.7 * wander(rng, frames, 0.35), 0.0, 1.8)
        loops = Loops.draw(scale, rng)
        travelled = np.cumsum(gait.speed * pace) / FRAMES_PER_SECOND
        place, heading = loops.at(travelled)
        heading = heading + np.radians(4) * free * wander(rng, frames, 0.3)
        moved = np.linalg.norm(np.diff(place, axis=0, prepend=place[:1]), axis=1)
        # Strides grow longer with speed, but less than in proportion: their rate grows as well.
        stride = gait.stride * (0.7 + 0.3 * moved * FRAMES_PER_SECOND / gait.speed)
        strides = np.cumsum(moved / stride)
        noise = np.stack([wander_along(rng, strides, 1.5) for _ in gait.offsets], axis=1)
        phase = strides[:, None] + rng.uniform(1, 2) + gait.offsets + gait.jitter * noise
        return cls(loops, travelled, place, heading, pace, np.maximum.accumulate(phase, axis=0))


def place_feet(
    walk: Walk,
    gait: Gait,
    places: Floats,
    headings: Floats,
    footholds: Floats,
    rng: np.random.Generator,
) -> Floats:
    """Where each foot wants to be in the world.

    A foot stands where what carries it will be above in the middle of its stance, and swings to
    the next such place.

    Parameters
    ----------
    walk : Walk
        Of N frames and L legs.
    gait : Gait
        Of the animal.
    places : array, shape (N, L, 2), mm
        Ground position of what carries each leg.
    headings : array, shape (N, L)
        Unwrapped.
    footholds : array, shape (L, 2), mm
        Where a foot stands in the middle of its stance, ahead and to the left of that position.
    rng : Generator
        Of the scatter.

    Returns
    -------
    array, shape (N, L, 3)
    """
    count = int(walk.phase.max()) + 3
    scatter = rng.normal(0, gait.scatter, (count, len(footholds), 2))
    # Whoever stops puts down the feet that are in the air.
    lift = gait.lift * np.clip(walk.pace / 0.25, 0, 1)
    feet = np.empty((*walk.phase.shape, 3))
    for leg, foothold in enumerate(footholds):
        phase = walk.phase[:, leg]
        stride = np.floor(phase).astype(np.intp)
        middle = np.interp(
            np.arange(count) + gait.stance_share / 2, phase, np.arange(len(phase), dtype=np.float64)
        )
        stands = _at(places[:, leg], headings[:, leg], middle, foothold + scatter[:, leg])
        swing = np.clip((phase - stride - gait.stance_share) / (1 - gait.stance_share), 0, 1)
        onward = (1 - np.cos(np.pi * swing)) / 2
        first, second = stands[stride], stands[stride + 1]
        feet[:, leg, :2] = first + onward[:, None] * (second - first)
        feet[:, leg, 2] = lift * np.sin(np.pi * swing) ** 2
    return feet


def _at(place: Floats, heading: Floats, frame: Floats, offset: Floats) -> Floats:
    """Ground position (M, 2) of body-fixed offsets (M, 2) at (fractional) frames (M,)."""
    frames = np.arange(len(place), dtype=np.float64)
    x, y, turn = (np.interp(frame, frames, v) for v in (*place.T, heading))
    cosine, sine = np.cos(turn), np.sin(turn)
    along = cosine * offset[:, 0] - sine * offset[:, 1]
    across = sine * offset[:, 0] + cosine * offset[:, 1]
    return np.stack([x + along, y + across], axis=1)


def bouts(
    rng: np.random.Generator, frames: int, every: float, least: float, most: float
) -> list[tuple[float, float]]:
    """Draw when something happens that starts now and then and lasts for a while.

    Parameters
    ----------
    rng : Generator
        To draw from.
    frames : int
        Length of the recording.
    every, least, most : float, seconds
        Mean time from the end of one bout to the next one's start, and how long they last.

    Returns
    -------
    list of (start, end), seconds
        In order, none overlapping.
    """
    found = []
    start = rng.exponential(every)
    while start < frames / FRAMES_PER_SECOND:
        end = start + rng.uniform(least, most)
        found.append((start, end))
        # Half of the time between two bouts is sure, so that they do not run into each other.
        start = end + 0.5 * every + rng.exponential(0.5 * every)
    return found


def envelope(frames: int, spans: list[tuple[float, float]], ramp: float) -> Floats:
    """Rise smoothly from 0 to 1 at the start of each span, and fall at its end, (N,).

    The ramps, of `ramp` seconds, lie inside of the spans.
    """
    time = np.arange(frames) / FRAMES_PER_SECOND
    shape = np.zeros(frames)
    for start, end in spans:
        first, last = np.searchsorted(time, (start, end))
        inside = time[first:last]
        shape[first:last] = smooth_step(np.minimum(inside - start, end - inside) / ramp)
    return shape


def smooth_step(share: Floats) -> Floats:
    """Go from 0 to 1 with the least jerk, as hands do (Flash and Hogan, 1985)."""
    t = np.clip(share, 0, 1)
    return t**3 * (10 - 15 * t + 6 * t**2)


def two_bones(
    start: Floats, end: Floats, upper: Any, lower: Any, bend: Floats, angles: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Close a limb of two bones between two points (law of cosines).

    Parameters
    ----------
    start, end : array, shape (..., 3)
        Where the limb begins, and where it wants to end.
    upper, lower : float or array that goes with shape (...)
        Lengths of the bones.
    bend : array, shape (..., 3)
        Direction in which the joint between them sticks out; need not be at right angles.
    angles : (float, float)
        Least and largest angle between the bones.

    Returns
    -------
    tuple of arrays, shape (..., 3)
        The joint between, and where the limb ends: at `end` if the angle's range allows that,
        and else as near to it as possible on the line from `start`.
    """
    gap = end - start
    reach = np.linalg.norm(gap, axis=-1)
    # The range of the angle as a range of distances between the two ends.
    low, high = (
        np.sqrt(upper**2 + lower**2 - 2 * upper * lower * math.cos(angle)) for angle in angles
    )
    axis = gap / reach[..., None]
    reach = np.clip(reach, low, high)
    along = (upper**2 - lower**2 + reach**2) / (2 * reach)
    aside = np.sqrt(upper**2 - along**2)
    outward = unit(bend - dot(bend, axis)[..., None] * axis)
    between = start + along[..., None] * axis + aside[..., None] * outward
    return between, start + reach[..., None] * axis


def frames_of(roll: Any, pitch: Any, yaw: Floats) -> Floats:
    """Build body-to-world rotations (N, 3, 3); a positive pitch points the nose down."""
    angles = np.stack(np.broadcast_arrays(roll, pitch, yaw), axis=-1)
    rotation: Floats = from_euler("xyz", np.degrees(angles))
    return rotation


def carry(rotation: Floats, offsets: Any) -> Floats:
    """Turn vectors (3,), (J, 3) or (N, J, 3) of a body's frame by rotations (N, 3, 3)."""
    offsets = np.asarray(offsets, dtype=np.float64)
    if offsets.ndim == 1:
        return np.asarray(rotation @ offsets)
    return np.asarray(offsets @ np.swapaxes(rotation, -1, -2))


def mirrored(left: Floats) -> Floats:
    """Points of the left side (K, 2 or 3), and their mirror images behind them."""
    mirror = np.ones(left.shape[1])
    mirror[1] = -1
    return np.concatenate([left, left * mirror])


def wrapped(angle: Floats) -> Floats:
    """Bring angles to the range from -pi to pi."""
    return np.asarray((angle + np.pi) % (2 * np.pi) - np.pi)


def unit(vectors: Floats) -> Floats:
    """Bring vectors (..., 3) to length 1."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


def dot(a: Floats, b: Floats) -> Floats:
    """Inner products of vectors (..., 3)."""
    return np.asarray(np.einsum("...i,...i", a, b))


def whole(name: str, value: Any, least: int) -> int:
    """Return a whole number that a user gave, or say what is wrong with it."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}; expected a whole number.") from None
    if number < least:
        raise ValueError(f"{name} is {number}; expected {least} or more.")
    return number
