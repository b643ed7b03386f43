"""One calibrated camera: from the world to its frame, to its pixels, and back.

OpenCV's conventions. A camera's frame has `x` to the right, `y` down and `z` forward, and a point
of the world lies at ``x_c = R x_w + t`` in it. Pixels run right and down from the centre of the
top-left pixel.

NaN means not seen: a point of which a coordinate is not finite is NaN in every coordinate of the
result, and so is one that the camera cannot show. Whatever comes in, numpy or torch, is computed in
double precision, since a telephoto lens of 20,000 pixels focal length leaves single precision no
decimals, and given back in the floating dtype and on the device in which it came.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import array_api_compat
import numpy as np

from liftpose.geometry import calibration
from liftpose.geometry.camera.optics import Optics, read_points
from liftpose.geometry.camera.values import Floats

# Trackers put a joint at the edge or a little beyond it, and a few anywhere.
_MARGIN, _OUTSIDE = 0.1, 0.05

# Frames that are looked at together.
_AT_ONCE = 2048


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Camera(Optics):
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
        margin = _MARGIN * max(self.size)
        if _all_within(pixels, -margin, min(self.size) - 1 + margin):
            return
        edge = np.asarray(self.size) - 1
        known = beyond = 0
        for part in _parts(pixels):
            _, wide, _ = read_points(part, 2, "pixels")
            x, y = calibration.as_numpy(wide).reshape(-1, 2).T
            known += int(np.isfinite(x).sum())
            far = (x < -margin) | (x > edge[0] + margin) | (y < -margin) | (y > edge[1] + margin)
            beyond += int(far.sum())
        if beyond <= _OUTSIDE * known:
            return
        outside = beyond / known
        _, wide, _ = read_points(pixels, 2, "pixels")
        points = calibration.as_numpy(wide).reshape(-1, 2)
        low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
        of = "" if self.name is None else f"{self.name}:"
        raise ValueError(
            f"{where} lie far outside of the image of {self._called}, which is {self.size[0]} x "
            f"{self.size[1]} px: {100 * outside:.0f} % of them, x from {low[0]:.0f} to "
            f"{high[0]:.0f}, y from {low[1]:.0f} to {high[1]:.0f}. If the video was cropped or "
            f"resized, say how: camera.crop(x, y, width, height), camera.resize(width, height); on "
            f"the command line --crop {of}x,y,width,height and --scale {of}factor."
        )


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


def _all_within(pixels: Any, least: float, greatest: float) -> bool:
    """Tell, at a hundredth of the cost of looking at each, that no number is out of bounds."""
    if not isinstance(pixels, np.ndarray) or pixels.dtype.kind not in "fiu" or not pixels.size:
        return False
    if pixels.shape[-1:] != (2,):
        return False
    # NaN is neither.
    return bool(pixels.min() >= least and pixels.max() <= greatest)


def _parts(pixels: Any) -> Iterator[Any]:
    """Some frames at a time, so that memory does not grow with their number."""
    if getattr(pixels, "ndim", 0) < 3:
        yield pixels
        return
    for first in range(0, pixels.shape[0], _AT_ONCE):
        yield pixels[first : first + _AT_ONCE]


def _scaled_size(size: tuple[int, int], factors: Floats) -> tuple[int, int]:
    width, height = np.maximum(1, np.round(np.asarray(size) * factors)).astype(int).tolist()
    return width, height
