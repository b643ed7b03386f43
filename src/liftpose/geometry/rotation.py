"""Rotation matrices from Euler angles, for numpy and torch arrays alike."""

import math
from itertools import pairwise
from typing import Any

import array_api_compat


def from_euler(axes_order: str, angles: Any) -> Any:
    """Build rotation matrices from Euler angles.

    The meaning is that of ``scipy.spatial.transform.Rotation.from_euler`` with ``degrees=True``:
    lower-case letters turn about the fixed axes (extrinsic), upper-case letters about the axes of
    the body as it has been turned so far (intrinsic), in the order in which they are written.

    Parameters
    ----------
    axes_order : str
        One to three of the letters ``xyz`` (extrinsic) or ``XYZ`` (intrinsic), no two neighbours
        alike.
    angles : array, shape (..., len(axes_order)), degrees
        One angle for each letter.

    Returns
    -------
    array, shape (..., 3, 3)
        Matrices that turn column vectors (``x_turned = R x``), in the floating dtype of `angles`
        (float64 for integers). NaN angles give NaN matrices.

    Raises
    ------
    ValueError
        If `axes_order` is no such sequence, or the last axis of `angles` does not fit it.

    References
    ----------
    J. Diebel, "Representing attitude: Euler angles, unit quaternions, and rotation vectors",
    Stanford University, 2006, section 2 (elementary rotations) and 5 (sequences).

    Examples
    --------
    >>> import numpy as np
    >>> turn = from_euler("z", np.asarray([90.0]))
    >>> np.round(turn @ np.asarray([1.0, 0.0, 0.0]), 6).tolist()
    [0.0, 1.0, 0.0]
    """
    check_axes_order(axes_order)
    xp = array_api_compat.array_namespace(angles)
    if angles.ndim == 0 or angles.shape[-1] != len(axes_order):
        raise ValueError(
            f"axes order {axes_order!r} needs angles of shape (..., {len(axes_order)}), one for "
            f"each letter; got shape {tuple(angles.shape)}."
        )
    if not xp.isdtype(angles.dtype, "real floating"):
        angles = xp.astype(angles, xp.float64)
    radians = angles * (math.pi / 180.0)
    intrinsic = axes_order.isupper()
    rotation = _about_axis(xp, axes_order[0], radians[..., 0])
    for position, axis in enumerate(axes_order[1:], start=1):
        step = _about_axis(xp, axis, radians[..., position])
        rotation = xp.matmul(rotation, step) if intrinsic else xp.matmul(step, rotation)
    return rotation


def check_axes_order(axes_order: str) -> None:
    """Raise unless `axes_order` is a sequence that `from_euler` understands.

    Parameters
    ----------
    axes_order : str
        The sequence of axes, such as ``"zyx"``.

    Raises
    ------
    ValueError
        If it has not one to three of the letters ``xyz`` or ``XYZ``, or mixes the two, or names
        the same axis twice in a row.

    Examples
    --------
    >>> check_axes_order("zyx")
    >>> check_axes_order("zYx")
    Traceback (most recent call last):
    ...
    ValueError: axes order 'zYx' mixes lower case (fixed axes) and upper case (turning axes).
    """
    if not isinstance(axes_order, str) or not 1 <= len(axes_order) <= 3:
        raise ValueError(
            f"axes order must be one to three of the letters xyz or XYZ, such as 'zyx'; "
            f"got {axes_order!r}."
        )
    unknown = sorted(set(axes_order) - set("xyzXYZ"))
    if unknown:
        raise ValueError(
            f"axes order {axes_order!r} has the letter {unknown[0]!r}; only xyz (fixed axes) or "
            f"XYZ (turning axes) can be used."
        )
    if axes_order not in (axes_order.lower(), axes_order.upper()):
        raise ValueError(
            f"axes order {axes_order!r} mixes lower case (fixed axes) and upper case "
            f"(turning axes)."
        )
    if any(a == b for a, b in pairwise(axes_order)):
        raise ValueError(
            f"axes order {axes_order!r} names the same axis twice in a row; give one angle for "
            f"both turns together."
        )


def _about_axis(xp: Any, axis: str, radians: Any) -> Any:
    """Rotation matrices (..., 3, 3) about one coordinate axis."""
    first = "xyz".index(axis.lower())
    second, third = (first + 1) % 3, (first + 2) % 3
    cosine, sine = xp.cos(radians), xp.sin(radians)
    # 0 * cosine rather than fresh zeros: a NaN angle must not leave a half-valid matrix.
    zero = 0.0 * cosine
    entries = [zero] * 9
    entries[3 * first + first] = zero + 1.0
    entries[3 * second + second] = cosine
    entries[3 * third + third] = cosine
    entries[3 * second + third] = -sine
    entries[3 * third + second] = sine
    return xp.reshape(xp.stack(entries, axis=-1), (*radians.shape, 3, 3))
