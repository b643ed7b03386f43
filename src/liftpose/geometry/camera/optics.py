"""What a camera does to points: from the world to its frame, to its pixels, and back."""

from functools import cached_property
from typing import Any

import array_api_compat
import numpy as np

from liftpose.geometry.camera.values import Floats, Values
from liftpose.geometry.lens import (
    WIDEST_RAY,
    bend,
    nan_unless,
    newton,
    reach,
    unbend,
    zero_unless,
)

_FRAMES = ("world", "camera")

# A tenth of what is promised, so that the error of the undistorted pixel keeps to it too where the
# lens compresses the image.
_PIXEL_TOLERANCE = 1e-9


class Optics(Values):
    """The ways of points through a camera; see `liftpose.Camera`."""

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
        >>> from liftpose import Camera
        >>> camera = Camera(K=np.eye(3), R=[[0, -1, 0], [1, 0, 0], [0, 0, 1]], t=[0, 0, 5])
        >>> camera.world_to_camera(np.asarray([1.0, 2.0, 3.0])).tolist()
        [-2.0, 1.0, 8.0]
        """
        xp, wide, dtype = read_points(points, 3, "points")
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
        >>> from liftpose import Camera
        >>> camera = Camera(K=np.eye(3), t=[0, 0, 5])
        >>> camera.camera_to_world(np.asarray([1.0, 2.0, 8.0])).tolist()
        [1.0, 2.0, 3.0]
        """
        xp, wide, dtype = read_points(points, 3, "points")
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
            depth is not; `behind` counts them), and where its ray is outside of what the lens
            model holds for (see Notes of `Camera`).

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
        >>> from liftpose import Camera
        >>> camera = Camera(K=[[100, 0, 50], [0, 100, 50], [0, 0, 1]])
        >>> pose = np.asarray([[1.0, 0.0, 4.0], [1.0, 0.0, 6.0], [1.0, 0.0, -1.0]])
        >>> camera.project(pose).round(2).tolist()
        [[75.0, 50.0], [66.67, 50.0], [nan, nan]]
        >>> camera.project(pose[:2], perspective=False).tolist()
        [[70.0, 50.0], [70.0, 50.0]]
        """
        xp, wide, dtype = read_points(points, 3, "points")
        if not perspective and wide.ndim < 2:
            raise ValueError(
                "points of shape (3,) have no mean depth; without perspective give poses of shape "
                "(..., J, 3)."
            )
        wide = self._in_frame(xp, wide, frame)
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
        >>> from liftpose import Camera
        >>> camera = Camera(K=[[100, 0, 50], [0, 100, 50], [0, 0, 1]])
        >>> camera.rays(np.asarray([75.0, 50.0])).tolist()
        [0.25, 0.0]
        """
        xp, wide, dtype = read_points(pixels, 2, "pixels")
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
        >>> from liftpose import Camera
        >>> camera = Camera(K=[[100, 0, 50], [0, 100, 50], [0, 0, 1]], dist=[-0.4, 0, 0, 0])
        >>> camera.pixels(np.asarray([[0.5, 0.0], [2.0, 0.0]])).tolist()
        [[95.0, 50.0], [nan, nan]]
        """
        xp, wide, dtype = read_points(rays, 2, "rays")
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
        >>> from liftpose import Camera
        >>> camera = Camera(K=[[100, 0, 50], [0, 100, 50], [0, 0, 1]], dist=[-0.4, 0, 0, 0])
        >>> camera.distort(np.asarray([100.0, 50.0])).tolist()
        [95.0, 50.0]
        """
        xp, wide, dtype = read_points(pixels, 2, "pixels")
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
        >>> from liftpose import Camera
        >>> camera = Camera(K=[[100, 0, 50], [0, 100, 50], [0, 0, 1]], dist=[-0.4, 0, 0, 0])
        >>> camera.undistort(np.asarray([[95.0, 50.0], [120.0, 50.0]])).round(6).tolist()
        [[100.0, 50.0], [nan, nan]]
        """
        xp, wide, dtype = read_points(pixels, 2, "pixels")
        rays = self._straight(xp, self._from_pixels(xp, wide))
        return xp.astype(self._to_pixels(xp, rays), dtype)

    def behind(self, points: Any, frame: str = "world") -> Any:
        """Tell which points are not in front of the camera, which `project` makes NaN.

        Parameters
        ----------
        points : array, shape (..., 3), unit of the world
        frame : {"world", "camera"}, default "world"
            What `points` are relative to.

        Returns
        -------
        array, shape (...), bool
            True where ``z <= 0`` in the camera's frame; False where a point is NaN. Its sum is
            their number.

        Raises
        ------
        ValueError, TypeError
            If `points` is no array of shape (..., 3), or `frame` is no such frame.

        Examples
        --------
        >>> from liftpose import Camera
        >>> camera = Camera(K=np.eye(3), t=[0, 0, 5])
        >>> camera.behind(np.asarray([[0.0, 0.0, 1.0], [0.0, 0.0, -6.0]])).tolist()
        [False, True]
        """
        xp, wide, _ = read_points(points, 3, "points")
        # Unknown depth is NaN, of which this is not true.
        return self._in_frame(xp, wide, frame)[..., 2] <= 0

    def unreached(self, pixels: Any) -> Any:
        """Tell at which pixels the distortion cannot be inverted.

        Parameters
        ----------
        pixels : array, shape (..., 2), pixels
            As the camera shows them, with its distortion.

        Returns
        -------
        array, shape (...), bool
            True where no ray is shown at a pixel, so that `rays` and `undistort` make it NaN;
            False where a pixel is NaN itself. Its sum is their number.

        Raises
        ------
        ValueError, TypeError
            If `pixels` is no array of shape (..., 2).

        Examples
        --------
        >>> from liftpose import Camera
        >>> camera = Camera(K=[[100, 0, 50], [0, 100, 50], [0, 0, 1]], dist=[-0.4, 0, 0, 0])
        >>> camera.unreached(np.asarray([[95.0, 50.0], [120.0, 50.0]])).tolist()
        [False, True]
        """
        xp, wide, _ = read_points(pixels, 2, "pixels")
        rays = self._straight(xp, self._from_pixels(xp, wide))
        return xp.isfinite(wide[..., 0]) & ~xp.isfinite(rays[..., 0])

    @cached_property
    def _reach(self) -> float:
        return reach(self.lens)

    def _in_frame(self, xp: Any, points: Any, frame: str) -> Any:
        """Points in the camera's frame, of whichever frame they are."""
        if frame not in _FRAMES:
            raise ValueError(f"frame must be 'world' or 'camera'; got {frame!r}.")
        return _affine(xp, self.R, points, self.t) if frame == "world" else points

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


def read_points(values: Any, count: int, name: str) -> tuple[Any, Any, Any]:
    """Check points as a user gives them, and widen them to double precision.

    Parameters
    ----------
    values : array, shape (..., count)
        Of numpy or torch, or nested lists.
    count : int
        Coordinates of a point.
    name : str
        What errors call them.

    Returns
    -------
    xp : module
        Namespace of the arrays.
    wide : array, shape (..., count), float64
        A point of which a coordinate is not finite is NaN in all.
    dtype : dtype
        The floating one in which they came; float64 for integers.

    Raises
    ------
    ValueError
        Another shape.
    TypeError
        No array.

    Examples
    --------
    >>> read_points([[1, float("inf")], [2, 3]], 2, "pixels")[1].tolist()
    [[nan, nan], [2.0, 3.0]]
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
