"""One calibrated camera: from the world to its frame, to its pixels, and back.

OpenCV's conventions. A camera's frame has `x` to the right, `y` down and `z` forward, and a point
of the world lies at ``x_c = R x_w + t`` in it. Pixels run right and down from the centre of the
top-left pixel.

NaN means not seen: a point of which a coordinate is not finite is NaN in every coordinate of the
result, and so is one that the camera cannot show. Whatever comes in, numpy or torch, is computed in
double precision, since a telephoto lens of 20,000 pixels focal length leaves single precision no
decimals, and given back in the floating dtype and on the device in which it came.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Self, TypeAlias

import array_api_compat
import numpy as np
import numpy.typing as npt

from liftpose.geometry import calibration
from liftpose.geometry.lens import (
    WIDEST_RAY,
    bend,
    nan_unless,
    newton,
    reach,
    unbend,
    zero_unless,
)
from liftpose.names import closest

Floats: TypeAlias = npt.NDArray[np.float64]

_FRAMES = ("world", "camera")

# A tenth of what is promised, so that the error of the undistorted pixel keeps to it too where the
# lens compresses the image.
_PIXEL_TOLERANCE = 1e-9

# Trackers put a joint at the edge or a little beyond it, and a few anywhere.
_MARGIN, _OUTSIDE = 0.1, 0.05


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Camera:
    """A pinhole camera with a lens, in OpenCV's conventions.

    A point at ``(x, y, z)`` in the camera's frame has the ray ``(x', y') = (x / z, y / z)``. With
    ``r² = x'² + y'²`` the lens moves it to ::

        x'' = x' (1 + k1 r² + k2 r⁴ + k3 r⁶) / (1 + k4 r² + k5 r⁴ + k6 r⁶)
              + 2 p1 x' y' + p2 (r² + 2 x'²)
        y'' = y' (1 + k1 r² + k2 r⁴ + k3 r⁶) / (1 + k4 r² + k5 r⁴ + k6 r⁶)
              + p1 (r² + 2 y'²) + 2 p2 x' y'

    and the matrix to the pixel ``u = K[0,0] x'' + K[0,1] y'' + K[0,2]``,
    ``v = K[1,1] y'' + K[1,2]``.

    Two cameras are equal where all their values are, and hash alike. Arrays are copied and cannot
    be written to; ``dataclasses.replace`` makes another camera.

    Parameters
    ----------
    K : array, shape (3, 3), pixels
        Intrinsics: focal lengths on the diagonal, the principal point in the last column. Skew
        ``K[0, 1]`` counts (OpenCV's own functions leave it out; MATLAB's calibrations have it).
    R : array, shape (3, 3), optional
        Rotation from the world to the camera. The camera's frame is the world by default.
    t : array, shape (3,) or (3, 1), optional
        Translation from the world to the camera, in the unit of the world; zero by default.
    dist : array, shape (4,), (5,) or (8,), optional
        Coefficients ``k1 k2 p1 p2 [k3 [k4 k5 k6]]``, kept as five or eight; zero by default. They
        are not those of OpenCV's fisheye model.
    size : (int, int), pixels, optional
        Width and height of the image. Nothing is cut off at its edges.
    name : str, optional
        What the camera is called, also in errors.

    Raises
    ------
    ValueError
        If a shape or a number is impossible: K without the last row 0 0 1 or with a focal length
        of zero, R no rotation, another count of coefficients, a size that is not positive.
    TypeError
        If a value is of another kind, such as a name that is no string.

    Notes
    -----
    Far from the axis many lens polynomials fold the image back onto itself. The lens is used only
    within the greatest circle of rays around the axis where the derivative of the formula above is
    surely positive definite, which makes it one-to-one there. Rays outside are NaN, and so are
    pixels that no ray inside reaches. Real calibrations lose nothing within their images by it.

    References
    ----------
    OpenCV, "Camera Calibration and 3D Reconstruction" (module calib3d).
    R. Hartley and A. Zisserman, "Multiple View Geometry in Computer Vision", 2nd edition, 2004,
    section 6.3.4 (weak perspective).

    Examples
    --------
    >>> camera = Camera(K=[[900, 0, 319.5], [0, 900, 239.5], [0, 0, 1]], t=[0, 0, 100], name="left")
    >>> camera
    <Camera 'left': focal length 900 px, centre (319.5, 239.5) px, at (0, 0, -100)>
    >>> camera.project(np.asarray([[0.0, 0.0, 0.0], [10.0, 0.0, -10.0]])).tolist()
    [[319.5, 239.5], [419.5, 239.5]]
    """

    K: Floats
    R: Floats
    t: Floats
    dist: Floats
    size: tuple[int, int] | None
    name: str | None

    def __init__(
        self,
        K: Any,
        R: Any = None,
        t: Any = None,
        dist: Any = None,
        size: Any = None,
        name: str | None = None,
    ) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"the name of a camera must be a string; got {name!r}.")
        called = "camera" if name is None else f"camera {name!r}"
        values = {
            "K": calibration.intrinsics(K, called),
            "R": calibration.rotation(np.eye(3) if R is None else R, called),
            "t": calibration.translation(np.zeros(3) if t is None else t, called),
            "dist": calibration.coefficients(np.zeros(5) if dist is None else dist, called),
            "size": None if size is None else calibration.size(size, called),
            "name": name,
        }
        for field, value in values.items():
            object.__setattr__(self, field, value)

    def world_to_camera(self, points: Any) -> Any:
        """Bring points of the world into the camera's frame.

        Parameters
        ----------
        points : array, shape (..., 3), unit of the world

        Returns
        -------
        array, shape (..., 3), unit of the world
            ``R x + t``, in the floating dtype of `points` (float64 for integers).

        Raises
        ------
        ValueError, TypeError
            If `points` is no array of shape (..., 3).

        Examples
        --------
        >>> camera = Camera(K=np.eye(3), R=[[0, -1, 0], [1, 0, 0], [0, 0, 1]], t=[0, 0, 5])
        >>> camera.world_to_camera(np.asarray([1.0, 2.0, 3.0])).tolist()
        [-2.0, 1.0, 8.0]
        """
        xp, wide, dtype = _read(points, 3, "points")
        return xp.astype(_affine(xp, self.R, wide, self.t), dtype)

    def camera_to_world(self, points: Any) -> Any:
        """Bring points of the camera's frame into the world.

        Parameters
        ----------
        points : array, shape (..., 3), unit of the world

        Returns
        -------
        array, shape (..., 3), unit of the world
            What `world_to_camera` turns into `points`, in their floating dtype (float64 for
            integers).

        Raises
        ------
        ValueError, TypeError
            If `points` is no array of shape (..., 3).

        Examples
        --------
        >>> camera = Camera(K=np.eye(3), t=[0, 0, 5])
        >>> camera.camera_to_world(np.asarray([1.0, 2.0, 8.0])).tolist()
        [1.0, 2.0, 3.0]
        """
        xp, wide, dtype = _read(points, 3, "points")
        return xp.astype(_affine(xp, self._back, wide, self.position), dtype)

    def project(self, points: Any, perspective: bool = True, frame: str = "world") -> Any:
        """Show points in the image.

        Parameters
        ----------
        points : array, shape (..., 3), or (..., J, 3) without perspective; unit of the world
        perspective : bool, default True
            False is weak perspective, a scaled orthographic projection: every joint of a pose is
            shown as if at the pose's mean depth, ``x' = x / mean(z)`` and ``y' = y / mean(z)``,
            the mean taken over the joints J, those that are NaN left out. Lens and matrix follow
            as they do with perspective.
        frame : {"world", "camera"}, default "world"
            What `points` are relative to.

        Returns
        -------
        array, shape (..., 2), pixels
            In the floating dtype of `points` (float64 for integers). NaN where a point is, where
            it is not in front of the camera (``z <= 0``; without perspective also where the mean
            depth is not), and where its ray is outside of what the lens model holds for (see
            Notes of `Camera`).

        Raises
        ------
        ValueError
            If `points` has another shape, or `frame` is no such frame.
        TypeError
            If `points` is neither a numpy array, a torch tensor nor a list.

        References
        ----------
        Hartley and Zisserman 2004, section 6.3.4 (weak perspective).

        Examples
        --------
        >>> camera = Camera(K=[[100, 0, 50], [0, 100, 50], [0, 0, 1]])
        >>> pose = np.asarray([[1.0, 0.0, 4.0], [1.0, 0.0, 6.0], [1.0, 0.0, -1.0]])
        >>> camera.project(pose).round(2).tolist()
        [[75.0, 50.0], [66.67, 50.0], [nan, nan]]
        >>> camera.project(pose[:2], perspective=False).tolist()
        [[70.0, 50.0], [70.0, 50.0]]
        """
        if frame not in _FRAMES:
            raise ValueError(f"frame must be 'world' or 'camera'; got {frame!r}.")
        xp, wide, dtype = _read(points, 3, "points")
        if not perspective and wide.ndim < 2:
            raise ValueError(
                "points of shape (3,) have no mean depth; without perspective give poses of shape "
                "(..., J, 3)."
            )
        if frame == "world":
            wide = _affine(xp, self.R, wide, self.t)
        return xp.astype(self._pixels(xp, _onto_rays(xp, wide, perspective)), dtype)

    def rays(self, pixels: Any) -> Any:
        """Find the directions from which pixels are seen.

        Parameters
        ----------
        pixels : array, shape (..., 2), pixels
            As the camera shows them, with its distortion.

        Returns
        -------
        array, shape (..., 2)
            ``x / z`` and ``y / z`` in the camera's frame of the points that the pixels can show,
            without distortion; in the floating dtype of `pixels` (float64 for integers). NaN
            where a pixel is, and where no ray is shown there (see Notes of `Camera`). What
            `pixels` makes of them differs from the pixels given by less than 1e-8 pixels (more
            only towards a pole of a rational lens, thousands of pixels out).

        Raises
        ------
        ValueError, TypeError
            If `pixels` is no array of shape (..., 2).

        Examples
        --------
        >>> camera = Camera(K=[[100, 0, 50], [0, 100, 50], [0, 0, 1]])
        >>> camera.rays(np.asarray([75.0, 50.0])).tolist()
        [0.25, 0.0]
        """
        xp, wide, dtype = _read(pixels, 2, "pixels")
        return xp.astype(self._straight(xp, self._from_pixels(xp, wide)), dtype)

    def pixels(self, rays: Any) -> Any:
        """Show rays in the image.

        Parameters
        ----------
        rays : array, shape (..., 2)
            ``x / z`` and ``y / z`` in the camera's frame, without distortion.

        Returns
        -------
        array, shape (..., 2), pixels
            With distortion, in the floating dtype of `rays` (float64 for integers). NaN where a
            ray is, and outside of what the lens model holds for (see Notes of `Camera`).

        Raises
        ------
        ValueError, TypeError
            If `rays` is no array of shape (..., 2).

        Examples
        --------
        >>> camera = Camera(K=[[100, 0, 50], [0, 100, 50], [0, 0, 1]], dist=[-0.4, 0, 0, 0])
        >>> camera.pixels(np.asarray([[0.5, 0.0], [2.0, 0.0]])).tolist()
        [[95.0, 50.0], [nan, nan]]
        """
        xp, wide, dtype = _read(rays, 2, "rays")
        return xp.astype(self._pixels(xp, wide), dtype)

    def distort(self, pixels: Any) -> Any:
        """Move pixels of the same camera without a lens to where its lens shows them.

        Parameters
        ----------
        pixels : array, shape (..., 2), pixels
            As a camera with the same K and no distortion would show them.

        Returns
        -------
        array, shape (..., 2), pixels
            In the floating dtype of `pixels` (float64 for integers). NaN where a pixel is, and
            outside of what the lens model holds for (see Notes of `Camera`).

        Raises
        ------
        ValueError, TypeError
            If `pixels` is no array of shape (..., 2).

        Examples
        --------
        >>> camera = Camera(K=[[100, 0, 50], [0, 100, 50], [0, 0, 1]], dist=[-0.4, 0, 0, 0])
        >>> camera.distort(np.asarray([100.0, 50.0])).tolist()
        [95.0, 50.0]
        """
        xp, wide, dtype = _read(pixels, 2, "pixels")
        return xp.astype(self._pixels(xp, self._from_pixels(xp, wide)), dtype)

    def undistort(self, pixels: Any) -> Any:
        """Move pixels to where the same camera without a lens would show them.

        Parameters
        ----------
        pixels : array, shape (..., 2), pixels
            As the camera shows them.

        Returns
        -------
        array, shape (..., 2), pixels
            In the floating dtype of `pixels` (float64 for integers). NaN where a pixel is, and
            where no ray is shown there (see Notes of `Camera`). What `distort` makes of them
            differs from the pixels given by less than 1e-8 pixels (more only towards a pole of a
            rational lens, thousands of pixels out).

        Raises
        ------
        ValueError, TypeError
            If `pixels` is no array of shape (..., 2).

        Examples
        --------
        >>> camera = Camera(K=[[100, 0, 50], [0, 100, 50], [0, 0, 1]], dist=[-0.4, 0, 0, 0])
        >>> camera.undistort(np.asarray([[95.0, 50.0], [120.0, 50.0]])).round(6).tolist()
        [[100.0, 50.0], [nan, nan]]
        """
        xp, wide, dtype = _read(pixels, 2, "pixels")
        rays = self._straight(xp, self._from_pixels(xp, wide))
        return xp.astype(self._to_pixels(xp, rays), dtype)

    def crop(self, x: float, y: float, width: float, height: float) -> Self:
        """Give the camera of a part of the image.

        Parameters
        ----------
        x, y : float, pixels
            Columns and rows that were cut off at the left and at the top. Negative ones were added.
        width, height : int, pixels
            Of the part.

        Returns
        -------
        Camera
            The same camera with its principal point moved, and with the size of the part.

        Raises
        ------
        ValueError
            If the width or the height is no positive whole number, or the part lies wholly
            outside of the image.

        Examples
        --------
        >>> camera = Camera(K=[[100, 0, 50], [0, 100, 40], [0, 0, 1]], size=(101, 81))
        >>> camera.crop(10, 20, 60, 50)
        <Camera: focal length 100 px, centre (40, 20) px, 60 x 50 px, at (0, 0, 0)>
        """
        corner = np.asarray([x, y], dtype=np.float64)
        if not np.isfinite(corner).all():
            raise ValueError(f"{self._called}: a crop needs numbers x, y; got {x!r}, {y!r}.")
        part = calibration.size((width, height), f"{self._called}: crop")
        if self.size is not None and (
            (corner + part <= 0).any() or (corner >= np.asarray(self.size)).any()
        ):
            raise ValueError(
                f"{self._called}: a crop of {part[0]} x {part[1]} px at ({x:g}, {y:g}) lies "
                f"outside of the image, which is {self.size[0]} x {self.size[1]} px."
            )
        K = self.K.copy()
        K[:2, 2] -= corner
        return replace(self, K=K, size=part)

    def resize(
        self,
        width: float | None = None,
        height: float | None = None,
        *,
        scale: float | tuple[float, float] | None = None,
    ) -> Self:
        """Give the camera of an image that was made larger or smaller.

        Parameters
        ----------
        width, height : int, pixels
            Of the new image; the camera must know the size of the old one.
        scale : float, or (float, float)
            Instead of them: new pixels per old one, in all, or across and down.

        Returns
        -------
        Camera
            With the same rays at ``u' = (u + 0.5) s - 0.5``, as image libraries resize: pixels
            begin at the centre of the first one, whose outer edge stays where it is.

        Raises
        ------
        ValueError
            If neither or both are given, a number is not positive, or the old size is needed and
            not known.

        Examples
        --------
        >>> camera = Camera(K=[[100, 0, 49.5], [0, 100, 39.5], [0, 0, 1]], size=(100, 80))
        >>> camera.resize(50, 40)
        <Camera: focal length 50 px, centre (24.5, 19.5) px, 50 x 40 px, at (0, 0, 0)>
        >>> camera.resize(scale=0.5) == camera.resize(50, 40)
        True
        """
        if (scale is None) == (width is None or height is None):
            raise ValueError(f"{self._called}: resize takes a width and a height, or a scale.")
        size, new = self.size, None
        if scale is None:
            if size is None:
                raise ValueError(
                    f"{self._called}: its size is not known, so resize needs scale=, or a camera "
                    f"with a size: Camera(..., size=(width, height))."
                )
            new = calibration.size((width, height), f"{self._called}: resize")
            factors = np.asarray(new, dtype=np.float64) / np.asarray(size)
        else:
            factors = np.broadcast_to(np.asarray(scale, dtype=np.float64), (2,))
            if not (np.isfinite(factors).all() and (factors > 0).all()):
                raise ValueError(f"{self._called}: scale must be positive; got {scale!r}.")
            if size is not None:
                new = _scaled_size(size, factors)
        K = self.K.copy()
        K[:2, 2] += 0.5
        K[:2] *= factors[:, None]
        K[:2, 2] -= 0.5
        return replace(self, K=K, size=new)

    def check_fits(self, pixels: Any, where: str = "the points") -> None:
        """Insist that pixels are of the image that the camera was calibrated for.

        Parameters
        ----------
        pixels : array, shape (..., 2), pixels
            As a tracker found them; NaN where a joint was not seen.
        where : str
            What the caller calls them, such as ``"walk.h5"``.

        Raises
        ------
        ValueError
            If the size of the image is known, and more than one pixel in twenty lies outside of
            it by more than a tenth of its longer side: no tracker looks there, so the video has
            been cropped or resized.

        Examples
        --------
        >>> camera = Camera(K=[[100, 0, 50], [0, 100, 40], [0, 0, 1]], size=(101, 81))
        >>> camera.check_fits(np.asarray([[50.0, 40.0], [100.0, 80.0]]))
        """
        if self.size is None:
            return
        _, wide, _ = _read(pixels, 2, "pixels")
        points = calibration.as_numpy(wide).reshape(-1, 2)
        points = points[np.isfinite(points).all(axis=1)]
        if not len(points):
            return
        margin = _MARGIN * max(self.size)
        edge = np.asarray(self.size) - 1
        outside = ((points < -margin) | (points > edge + margin)).any(axis=1).mean()
        if outside <= _OUTSIDE:
            return
        low, high = points.min(axis=0), points.max(axis=0)
        raise ValueError(
            f"{where} lie far outside of the image of {self._called}, which is {self.size[0]} x "
            f"{self.size[1]} px: {100 * outside:.0f} % of them, x from {low[0]:.0f} to "
            f"{high[0]:.0f}, y from {low[1]:.0f} to {high[1]:.0f}. If the video was cropped or "
            f"resized, say how: camera.crop(x, y, width, height), camera.resize(width, height); "
            f"--crop and --scale on the command line."
        )

    @cached_property
    def position(self) -> Floats:
        """Where the camera stands in the world.

        Returns
        -------
        array, shape (3,), float64, unit of the world

        Examples
        --------
        >>> Camera(K=np.eye(3), t=[0, 0, 5]).position.tolist()
        [0.0, 0.0, -5.0]
        """
        return calibration.kept(-self._back @ self.t)

    def as_dict(self) -> dict[str, Any]:
        """Write the camera as plain values, such as JSON and TOML can hold.

        Returns
        -------
        dict
            ``K``, ``R``, ``t``, ``dist`` as lists of float, ``size`` as a list of int or None,
            ``name`` as str or None.

        Examples
        --------
        >>> Camera(K=np.eye(3), size=(640, 480)).as_dict()["size"]
        [640, 480]
        """
        return {
            "K": self.K.tolist(),
            "R": self.R.tolist(),
            "t": self.t.tolist(),
            "dist": self.dist.tolist(),
            "size": None if self.size is None else list(self.size),
            "name": self.name,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read a camera that `as_dict` wrote.

        Parameters
        ----------
        values : dict
            ``K`` and any of the other arguments of `Camera`.

        Returns
        -------
        Camera

        Raises
        ------
        ValueError
            If ``K`` is missing, a key is none of a camera's, or a value is impossible.
        TypeError
            If `values` is no dict, or a value is of another kind.

        Examples
        --------
        >>> camera = Camera(K=np.eye(3), name="left")
        >>> Camera.from_dict(camera.as_dict()) == camera
        True
        """
        if not isinstance(values, Mapping):
            raise TypeError(f"a camera is read from a dict; got {type(values).__name__}.")
        known = [field.name for field in fields(cls)]
        for key in values:
            if key not in known:
                raise ValueError(
                    f"a camera has no {key!r}, only {', '.join(known)}.{closest(str(key), known)}"
                )
        if "K" not in values:
            raise ValueError("a camera needs its matrix of intrinsics 'K'; there is none.")
        return cls(**values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Camera):
            return NotImplemented
        return self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def __repr__(self) -> str:
        fx, fy = self.K[0, 0], self.K[1, 1]
        focal = f"{fx:.6g}" if fx == fy else _joined(fx, fy)
        parts = [f"focal length {focal} px", f"centre {_joined(*self.K[:2, 2])} px"]
        if self.size is not None:
            parts.append(f"{self.size[0]} x {self.size[1]} px")
        parts.append(f"at {_joined(*self.position)}")
        if self.dist.any():
            parts.append(f"dist {_joined(*self.dist)}")
        name = "" if self.name is None else f" {self.name!r}"
        return f"<Camera{name}: {', '.join(parts)}>"

    def __reduce__(self) -> Any:
        # Rebuilt rather than restored, since numpy forgets in a pickle that an array is read-only.
        return type(self), (self.K, self.R, self.t, self.dist, self.size, self.name)

    @property
    def _called(self) -> str:
        return "camera" if self.name is None else f"camera {self.name!r}"

    @cached_property
    def _identity(self) -> tuple[Any, ...]:
        arrays = (self.K, self.R, self.t, self.dist)
        return (*(array.tobytes() for array in arrays), self.size, self.name)

    @cached_property
    def _back(self) -> Floats:
        """From the camera to the world: the inverse, which the transpose is but for rounding."""
        return np.asarray(np.linalg.inv(self.R), dtype=np.float64)

    @cached_property
    def lens(self) -> tuple[float, ...]:
        """All eight coefficients ``k1 k2 p1 p2 k3 k4 k5 k6``.

        Returns
        -------
        tuple of float

        Examples
        --------
        >>> Camera(K=np.eye(3), dist=[-0.4, 0, 0, 0]).lens
        (-0.4, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        """
        return (*self.dist.tolist(), *[0.0] * (8 - len(self.dist)))

    @cached_property
    def _reach(self) -> float:
        return reach(self.lens)

    def _pixels(self, xp: Any, rays: Any) -> Any:
        """Pixels of undistorted rays."""
        if any(self.lens):
            x, y = rays[..., 0], rays[..., 1]
            inside = x * x + y * y < self._reach**2
            x_bent, y_bent, *_ = bend(self.lens, *zero_unless(xp, inside, x, y))
            rays = nan_unless(xp, inside, xp.stack([x_bent, y_bent], axis=-1))
        return self._to_pixels(xp, rays)

    def _to_pixels(self, xp: Any, rays: Any) -> Any:
        (fx, skew, cx), (_, fy, cy), _ = self.K.tolist()
        x, y = rays[..., 0], rays[..., 1]
        return xp.stack([fx * x + skew * y + cx, fy * y + cy], axis=-1)

    def _from_pixels(self, xp: Any, pixels: Any) -> Any:
        (fx, skew, cx), (_, fy, cy), _ = self.K.tolist()
        y = (pixels[..., 1] - cy) / fy
        return xp.stack([(pixels[..., 0] - cx - skew * y) / fx, y], axis=-1)

    def _straight(self, xp: Any, bent: Any) -> Any:
        """Undistorted rays of distorted ones."""
        if not any(self.lens):
            return bent
        goal = xp.reshape(bent, (-1, 2))
        tolerance = _PIXEL_TOLERANCE / float(np.abs(self.K[:2, :2]).max())
        # The last step, taken here, has the derivative of the inverse lens; autograd need not
        # remember the search as well.
        fixed = goal.detach() if array_api_compat.is_torch_array(goal) else goal
        rays = unbend(xp, self.lens, self._reach, fixed, tolerance)
        found = xp.isfinite(rays[..., 0])
        x, y = zero_unless(xp, found, rays[..., 0], rays[..., 1])
        step_x, step_y, _ = newton(xp, bend(self.lens, x, y), goal)
        # At the fold itself the step is rounding, and must not lead out of reach.
        inside = (x + step_x) ** 2 + (y + step_y) ** 2 < self._reach**2
        step_x, step_y = zero_unless(xp, inside, step_x, step_y)
        rays = nan_unless(xp, found, xp.stack([x + step_x, y + step_y], axis=-1))
        return xp.reshape(rays, tuple(bent.shape))


def as_camera(value: Any, where: str = "camera") -> Camera:
    """Insist on a Camera where one is meant.

    Parameters
    ----------
    value : Camera
    where : str
        What the caller calls it, such as ``"camera of experiment 'fly1'"``.

    Returns
    -------
    Camera
        `value` itself.

    Raises
    ------
    TypeError
        If it is anything else; the message says how to make a Camera of a matrix or a dict.

    Examples
    --------
    >>> as_camera(np.eye(3))
    Traceback (most recent call last):
    ...
    TypeError: camera is a (3, 3) array; expected a Camera: wrap the matrix, Camera(K=...).
    """
    if isinstance(value, Camera):
        return value
    if isinstance(value, Mapping):
        raise TypeError(
            f"{where} is a dict; expected a Camera: Camera.from_dict(...) reads one that "
            f"Camera.as_dict() wrote."
        )
    if isinstance(value, list | tuple):
        value = np.asarray(value, dtype=object)
    if not array_api_compat.is_array_api_obj(value):
        raise TypeError(f"{where} is {value!r}; expected a Camera.")
    shape = tuple(value.shape)
    advice = ": wrap the matrix, Camera(K=...)" if shape == (3, 3) else ", such as Camera(K=...)"
    raise TypeError(f"{where} is a {shape} array; expected a Camera{advice}.")


def _read(values: Any, count: int, name: str) -> tuple[Any, Any, Any]:
    """Namespace, the values in double precision with NaN for what is not finite, and their dtype.

    A point that lacks one coordinate is NaN in all.
    """
    if isinstance(values, list | tuple):
        values = np.asarray(values, dtype=np.float64)
    if not array_api_compat.is_array_api_obj(values):
        raise TypeError(
            f"{name} must be a numpy array or a torch tensor of shape (..., {count}); got "
            f"{type(values).__name__}."
        )
    xp = array_api_compat.array_namespace(values)
    if values.ndim == 0 or values.shape[-1] != count:
        raise ValueError(f"{name} must have shape (..., {count}); got {tuple(values.shape)}.")
    dtype = values.dtype if xp.isdtype(values.dtype, "real floating") else xp.float64
    wide = xp.astype(values, xp.float64)
    return xp, nan_unless(xp, xp.all(xp.isfinite(wide), axis=-1), wide), dtype


def _affine(xp: Any, matrix: Floats, points: Any, offset: Floats) -> Any:
    """Matrix times points plus offset: the same sums for every frame, library and batch."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    rows = zip(matrix.tolist(), offset.tolist(), strict=True)
    return xp.stack([a * x + b * y + c * z + d for (a, b, c), d in rows], axis=-1)


def _onto_rays(xp: Any, points: Any, perspective: bool) -> Any:
    """Rays (..., 2) of points (..., 3) in the camera's frame; NaN for those not in front."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    depth = z if perspective else xp.zeros_like(z) + _mean_depth(xp, z)
    furthest = xp.maximum(xp.abs(x), xp.abs(y))
    in_front = (z > 0) & (depth > furthest / WIDEST_RAY)
    x, y = zero_unless(xp, in_front, x, y)
    depth = xp.where(in_front, depth, xp.ones_like(depth))
    return nan_unless(xp, in_front, xp.stack([x / depth, y / depth], axis=-1))


def _mean_depth(xp: Any, z: Any) -> Any:
    """Mean (..., 1) over the last axis of what is not NaN; 0 where nothing is."""
    known = xp.isfinite(z)
    number = xp.sum(xp.astype(known, z.dtype), axis=-1, keepdims=True)
    total = xp.sum(xp.where(known, z, xp.zeros_like(z)), axis=-1, keepdims=True)
    return total / xp.where(number > 0, number, xp.ones_like(number))


def _scaled_size(size: tuple[int, int], factors: Floats) -> tuple[int, int]:
    width, height = np.maximum(1, np.round(np.asarray(size) * factors)).astype(int).tolist()
    return width, height


def _joined(*numbers: float) -> str:
    return f"({', '.join(f'{number:.6g}' for number in numbers)})"
