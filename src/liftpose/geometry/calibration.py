"""The numbers of a calibration, checked one by one as a user gives them to a camera.

Each check takes what the user gave and what the camera is called, gives float64, and raises
ValueError or TypeError saying what was expected and what came.
"""

from typing import Any, TypeAlias

import array_api_compat
import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]

# Loose enough for rotations that were written down with four digits.
_NO_ROTATION = 1e-3


def intrinsics(value: Any, called: str) -> Floats:
    """Check a matrix of intrinsics, shape (3, 3), in pixels."""
    matrix = _numbers(value, "K", called)
    if matrix.shape != (3, 3):
        raise ValueError(f"{called}: K must have shape (3, 3); got {matrix.shape}.")
    if matrix[2].tolist() != [0.0, 0.0, 1.0]:
        raise ValueError(
            f"{called}: K must have the last row 0 0 1; got {matrix[2].tolist()}. A matrix in "
            f"MATLAB's convention has to be transposed."
        )
    if matrix[1, 0] != 0:
        raise ValueError(f"{called}: K[1, 0] must be 0; got {matrix[1, 0]}.")
    for axis, focal in enumerate((matrix[0, 0], matrix[1, 1])):
        if focal == 0:
            raise ValueError(
                f"{called}: the focal length K[{axis}, {axis}] is 0; it has to be in pixels."
            )
    return kept(matrix)


def rotation(value: Any, called: str) -> Floats:
    """Check a rotation matrix, shape (3, 3), but for rounding."""
    matrix = _numbers(value, "R", called)
    if matrix.size == 3:
        raise ValueError(
            f"{called}: R has shape {matrix.shape}, a rotation vector (Rodrigues); expected the "
            f"matrix of shape (3, 3): cv2.Rodrigues(R)[0], or "
            f"scipy.spatial.transform.Rotation.from_rotvec(R).as_matrix()."
        )
    if matrix.shape != (3, 3):
        raise ValueError(f"{called}: R must have shape (3, 3); got {matrix.shape}.")
    off = float(np.abs(matrix @ matrix.T - np.eye(3)).max())
    if off > _NO_ROTATION:
        raise ValueError(
            f"{called}: R must be a rotation; R times its transpose differs from the identity by "
            f"up to {off:.3g}, and rounding explains {_NO_ROTATION:g} at most."
        )
    if np.linalg.det(matrix) < 0:
        raise ValueError(
            f"{called}: R must be a rotation; it has the determinant -1, so it mirrors as well. "
            f"Turn the sign of one axis of the world, or of one row of R and of t."
        )
    return kept(matrix)


def translation(value: Any, called: str) -> Floats:
    """Check a translation; give it with shape (3,)."""
    vector = _numbers(value, "t", called)
    if vector.shape not in ((3,), (3, 1), (1, 3)):
        raise ValueError(f"{called}: t must have shape (3,) or (3, 1); got {vector.shape}.")
    return kept(vector.reshape(3))


def coefficients(value: Any, called: str) -> Floats:
    """Check 4, 5 or 8 distortion coefficients; give 5 or 8."""
    vector = _numbers(value, "dist", called)
    # OpenCV gives coefficients as a row or a column.
    if vector.size not in (4, 5, 8) or max(vector.shape) != vector.size:
        raise ValueError(
            f"{called}: dist must be 4, 5 or 8 coefficients k1 k2 p1 p2 [k3 [k4 k5 k6]]; got "
            f"shape {vector.shape}. OpenCV's models of 12 and 14 coefficients (thin prism, tilt) "
            f"are not read."
        )
    vector = vector.reshape(-1)
    return kept(np.pad(vector, (0, 1)) if len(vector) == 4 else vector)


def size(value: Any, called: str) -> tuple[int, int]:
    """Check the width and height of an image, in pixels."""
    numbers = _numbers(value, "size", called)
    if numbers.shape != (2,) or (numbers < 1).any() or (numbers % 1 != 0).any():
        raise ValueError(
            f"{called}: size must be two positive whole numbers, width and height; got {value!r}."
        )
    return int(numbers[0]), int(numbers[1])


def _numbers(value: Any, name: str, called: str) -> Floats:
    value = as_numpy(value)
    no_numbers = TypeError(f"{called}: {name} must be an array of numbers; got {value!r}.")
    if value is None:
        raise no_numbers
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise no_numbers from None
    if not np.isfinite(array).all():
        raise ValueError(f"{called}: {name} must be finite; got {array.tolist()}.")
    return array


def as_numpy(value: Any) -> Any:
    """Give a tensor as an array in double precision, and anything else as it is."""
    if array_api_compat.is_torch_array(value):
        return value.detach().cpu().double().numpy()
    return value


def kept(array: Floats) -> Floats:
    """Give an array that cannot be changed any more."""
    # Adding zero turns -0.0 into 0.0, so that equal cameras are made of equal bytes.
    array = array + 0.0
    array.flags.writeable = False
    return array
