"""How far predicted joints are from where the image shows them."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import array_api_compat

from liftpose.geometry.camera import Camera
from liftpose.metrics.distance import mpjpe


def reprojection_error(
    points: Any,
    poses: Any,
    camera: Camera | Sequence[Camera],
    *,
    lengths: Sequence[int] | None = None,
    frame: str = "world",
    per_joint: bool = False,
) -> Any:
    """Average the distance, in the image, between keypoints and poses shown by the camera.

    A small one does not make a pose right: depth hardly moves a joint in the image. A large one
    makes it wrong, or its place, the camera or the keypoints.

    Parameters
    ----------
    points : array, shape (N, J, 2), pixels
        Keypoints as filmed, with the distortion of the lens. NaN where a joint was not seen.
    poses : array, shape (N, J, 3), unit of the camera's `t`
        Poses at their place, not relative to a root. NaN where a joint is not known.
    camera : Camera, or sequence of Camera
        What filmed the keypoints; several, where each recording has its own.
    lengths : sequence of int, optional
        Frames of each recording, one after another, where there are several cameras.
    frame : {"world", "camera"}, default "world"
        What `poses` are relative to.
    per_joint : bool, default False
        Average each joint over frames only.

    Returns
    -------
    array, shape () or, with `per_joint`, (J,), pixels
        NaN where no joint counts. Joints that the camera cannot show, such as those behind it, do
        not count; `Camera.behind` counts them.

    Raises
    ------
    ValueError
        If the shapes do not fit, `frame` is no such frame, or there is not one camera for each of
        the `lengths`, which add up to N.

    References
    ----------
    R. Hartley and A. Zisserman, "Multiple view geometry in computer vision", 2004, section 4.2
    (reprojection error).

    Examples
    --------
    >>> import numpy as np
    >>> from liftpose import Camera
    >>> camera = Camera(K=[[100, 0, 50], [0, 100, 50], [0, 0, 1]])
    >>> poses = np.asarray([[[0.0, 0.0, 4.0]]])
    >>> float(reprojection_error(np.asarray([[[53.0, 54.0]]]), poses, camera))
    5.0
    """
    shown = _shown(poses, camera, lengths, frame)
    if tuple(points.shape) != tuple(shown.shape):
        raise ValueError(
            f"points and poses must be of the same frames and joints, (N, J, 2) and (N, J, 3); got "
            f"{tuple(points.shape)} and {tuple(poses.shape)}."
        )
    return mpjpe(points, shown, per_joint=per_joint)


def _shown(
    poses: Any, camera: Camera | Sequence[Camera], lengths: Sequence[int] | None, frame: str
) -> Any:
    if isinstance(camera, Camera):
        return camera.project(poses, frame=frame)
    frames = poses.shape[0]
    lengths = [frames] if lengths is None else list(lengths)
    if len(camera) != len(lengths) or sum(lengths) != frames or not lengths:
        raise ValueError(
            f"there must be one camera for each recording, and their frames must be {frames} in "
            f"all; got {len(camera)} cameras and lengths of {lengths}."
        )
    ends = [sum(lengths[:number]) for number in range(len(lengths) + 1)]
    parts = [
        of.project(poses[first:last, ...], frame=frame)
        for of, (first, last) in zip(camera, pairwise(ends), strict=True)
    ]
    return array_api_compat.array_namespace(poses).concat(parts, axis=0)
