"""Rotation matrices from Euler angles and rotation vectors, for numpy and torch arrays alike."""

import math
from itertools import pairwise
from typing import Any

import array_api_compat

# Below it, what the second term of the series leaves out is less than rounding.
_SMALL_ANGLE = 1e-4


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
    cosines, sines = xp.cos(radians), xp.sin(radians)
    # Not a plain identity: a NaN angle must not leave a half-valid matrix.
    zero = 0.0 * sum(radians[..., place] for place in range(len(axes_order)))
    rows = [xp.stack([zero + float(row == column) for column in range(3)]) for row in range(3)]
    turns = list(enumerate(axes_order.lower()))
    # Turns about the axes of the body are those about the fixed axes in the opposite order.
    for place, axis in reversed(turns) if axes_order.isupper() else turns:
        cosine, sine = cosines[..., place], sines[..., place]
        # The other two rows turn. Products of so small matrices cost several times as much.
        a, b = ("xyz".index(axis) + 1) % 3, ("xyz".index(axis) + 2) % 3
        rows[a], rows[b] = cosine * rows[a] - sine * rows[b], sine * rows[a] + cosine * rows[b]
    return xp.moveaxis(xp.stack(rows), (0, 1), (-2, -1))


def from_vector(vectors: Any) -> Any:
    """Build rotation matrices from rotation vectors, as ``cv2.Rodrigues`` does.

    Parameters
    ----------
    vectors : array, shape (..., 3), radians
        The axis of each rotation, as long as its angle. Calibration files have them in radians,
        so they are the one angle that is not in degrees here.

    Returns
    -------
    array, shape (..., 3, 3)
        Matrices that turn column vectors (``x_turned = R x``), in the floating dtype of `vectors`
        (float64 for integers). NaN where a vector is.

    Raises
    ------
    ValueError
        If the last axis of `vectors` has not the length 3.

    References
    ----------
    J. Diebel, "Representing attitude: Euler angles, unit quaternions, and rotation vectors",
    Stanford University, 2006, section 7.

    Examples
    --------
    >>> import numpy as np
    >>> turn = from_vector(np.asarray([0.0, 0.0, math.pi / 2]))
    >>> np.round(turn @ np.asarray([1.0, 0.0, 0.0]), 6).tolist()
    [0.0, 1.0, 0.0]
    """
    xp = array_api_compat.array_namespace(vectors)
    if vectors.ndim == 0 or vectors.shape[-1] != 3:
        raise ValueError(f"rotation vectors have shape (..., 3); got {tuple(vectors.shape)}.")
    if not xp.isdtype(vectors.dtype, "real floating"):
        vectors = xp.astype(vectors, xp.float64)
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    square = x * x + y * y + z * z
    # sin(a)/a and (1 - cos(a))/a², by their series where a is too small to divide by.
    small = square < _SMALL_ANGLE**2
    angle = xp.sqrt(xp.where(small, xp.ones_like(square), square))
    half = xp.sin(angle / 2.0) / (angle / 2.0)
    first = xp.where(small, 1.0 - square / 6.0, xp.sin(angle) / angle)
    second = xp.where(small, 0.5 - square / 24.0, half * half / 2.0)
    # 0 * x rather than fresh zeros: a NaN must not leave a half-valid matrix.
    zero = 0.0 * square
    turn = [zero, -z, y, z, zero, -x, -y, x, zero]
    outer = [a * b for a in (x, y, z) for b in (x, y, z)]
    entries = []
    for place in range(9):
        on_diagonal = place in (0, 4, 8)
        entry = first * turn[place] + second * outer[place]
        entries.append(1.0 - second * square + entry if on_diagonal else entry + zero)
    return xp.reshape(xp.stack(entries, axis=-1), (*x.shape, 3, 3))


def to_vector(matrices: Any) -> Any:
    """Give the rotation vectors of rotation matrices; the inverse of `from_vector`.

    Parameters
    ----------
    matrices : array, shape (..., 3, 3)
        Proper rotations.

    Returns
    -------
    array, shape (..., 3), radians
        No longer than pi, in the floating dtype of `matrices` (float64 for integers). NaN where a
        matrix has a NaN.

    Raises
    ------
    ValueError
        If the last two axes are not 3 by 3.

    References
    ----------
    S. W. Shepperd, "Quaternion from rotation matrix", Journal of Guidance and Control 1(3), 1978:
    of four formulas, the one that divides by the largest number.

    Examples
    --------
    >>> import numpy as np
    >>> to_vector(from_vector(np.asarray([0.1, -2.0, 1.5]))).round(6).tolist()
    [0.1, -2.0, 1.5]
    """
    xp = array_api_compat.array_namespace(matrices)
    if matrices.ndim < 2 or tuple(matrices.shape[-2:]) != (3, 3):
        raise ValueError(f"rotation matrices have shape (..., 3, 3); got {tuple(matrices.shape)}.")
    if not xp.isdtype(matrices.dtype, "real floating"):
        matrices = xp.astype(matrices, xp.float64)
    (a, b, c), (d, e, f), (g, h, i) = (
        tuple(matrices[..., row, column] for column in range(3)) for row in range(3)
    )
    # Four times the products of the quaternion (w, x, y, z) with itself.
    products = [
        [1.0 + a + e + i, h - f, c - g, d - b],
        [h - f, 1.0 + a - e - i, b + d, c + g],
        [c - g, b + d, 1.0 - a + e - i, f + h],
        [d - b, c + g, f + h, 1.0 - a - e + i],
    ]
    table = xp.stack([xp.stack(row, axis=-1) for row in products], axis=-2)
    squares = xp.stack([products[k][k] for k in range(4)], axis=-1)
    best = xp.argmax(squares, axis=-1)[..., None]
    chosen = xp.sum(
        xp.where((best == xp.arange(4))[..., None], table, xp.zeros_like(table)), axis=-2
    )
    chosen = chosen + 0.0 * xp.sum(squares, axis=-1)[..., None]
    w, axis = chosen[..., 0], chosen[..., 1:]
    sign = xp.where(w < 0, -xp.ones_like(w), xp.ones_like(w))
    w, axis = sign * w, sign[..., None] * axis
    sine = xp.sqrt(xp.sum(axis * axis, axis=-1))
    still = sine == 0
    angle = 2.0 * xp.atan2(sine, w)
    factor = xp.where(still, 2.0 / w, angle / xp.where(still, xp.ones_like(sine), sine))
    return factor[..., None] * axis


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
