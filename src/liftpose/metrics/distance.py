"""Distances of predicted joints from true ones: MPJPE and its kin."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import array_api_compat

from liftpose.geometry.alignment import align
from liftpose.geometry.bones import bone_lengths
from liftpose.geometry.lens import nan_unless
from liftpose.metrics.counting import average, counted_pair, distances


def joint_errors(truth: Any, prediction: Any) -> Any:
    """Measure the distance between true and predicted position of every joint in every frame.

    Parameters
    ----------
    truth, prediction : array, shape (N, J, D)
        Poses in one unit and frame. NaN where a joint was not seen.

    Returns
    -------
    array, shape (N, J)
        Euclidean distances in the unit of the poses; NaN where a coordinate of truth or
        prediction is not finite.

    Raises
    ------
    ValueError
        If the shapes differ or are not (N, J, D).

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.asarray([[[0.0, 0.0, 0.0], [np.nan, 0.0, 0.0]]])
    >>> prediction = np.asarray([[[0.0, 3.0, 4.0], [1.0, 0.0, 0.0]]])
    >>> joint_errors(truth, prediction).tolist()
    [[5.0, nan]]
    """
    xp, truth, prediction, counted = counted_pair(truth, prediction)
    return distances(xp, truth, prediction, counted)


def mpjpe(truth: Any, prediction: Any, *, per_joint: bool = False) -> Any:
    """Average the distance between true and predicted joints (mean per joint position error).

    Parameters
    ----------
    truth, prediction : array, shape (N, J, D)
        Poses in one unit and frame. NaN where a joint was not seen; a joint counts in a frame
        where every coordinate of both is finite.
    per_joint : bool, default False
        Average each joint over frames only.

    Returns
    -------
    array, shape () or, with `per_joint`, (J,)
        Mean over all counted joints of all frames, in the unit of the poses; NaN where none
        counts.

    Raises
    ------
    ValueError
        If the shapes differ or are not (N, J, D).

    References
    ----------
    C. Ionescu et al., "Human3.6M: large scale datasets and predictive methods for 3D human
    sensing in natural environments", IEEE TPAMI 36(7), 2014, equation 8.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.zeros((2, 1, 3))
    >>> float(mpjpe(truth, truth + np.asarray([3.0, 4.0, 0.0])))
    5.0
    """
    return average(joint_errors(truth, prediction), per_joint)


def pa_mpjpe(truth: Any, prediction: Any, *, per_joint: bool = False) -> Any:
    """Average the joint error after the best rotation, translation and scale of each frame.

    The alignment (Procrustes, without reflection) is that of all joints counted in the frame.

    Parameters
    ----------
    truth, prediction : array, shape (N, J, D)
        Poses. NaN where a joint was not seen; a joint counts in a frame where every coordinate of
        both is finite. Frames with fewer than three counted joints do not count, since almost any
        two points can be aligned exactly.
    per_joint : bool, default False
        Average each joint over frames only.

    Returns
    -------
    array, shape () or, with `per_joint`, (J,)
        Mean error in the unit of `truth`; NaN where no joint counts.

    Raises
    ------
    ValueError
        If the shapes differ or are not (N, J, D).

    References
    ----------
    S. Umeyama, "Least-squares estimation of transformation parameters between two point
    patterns", IEEE TPAMI 13(4), 1991 (the alignment). J. Martinez et al., "A simple yet effective
    baseline for 3D human pose estimation", ICCV 2017, protocol 2 (the error).

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.asarray([[[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0]]])
    >>> bool(pa_mpjpe(truth, 3.0 * truth + 7.0) < 1e-9)
    True
    """
    xp, truth, prediction, counted = counted_pair(truth, prediction)
    enough = xp.sum(xp.astype(counted, xp.int64), axis=-1) >= 3
    counted = counted & enough[:, None]
    aligned = align(nan_unless(xp, counted, prediction), nan_unless(xp, counted, truth))
    return average(distances(xp, truth, aligned, counted), per_joint)


def n_mpjpe(truth: Any, prediction: Any, *, per_joint: bool = False) -> Any:
    """Average the joint error after the best scale of each frame.

    The scale is that about the origin which brings the prediction nearest to the truth in the
    least-squares sense, so poses should be root-relative. As in the reference nothing keeps it from
    being negative.

    Parameters
    ----------
    truth, prediction : array, shape (N, J, D)
        Root-relative poses. NaN where a joint was not seen; a joint counts in a frame where every
        coordinate of both is finite.
    per_joint : bool, default False
        Average each joint over frames only.

    Returns
    -------
    array, shape () or, with `per_joint`, (J,)
        Mean error in the unit of `truth`; NaN where no joint counts.

    Raises
    ------
    ValueError
        If the shapes differ or are not (N, J, D).

    References
    ----------
    H. Rhodin, M. Salzmann and P. Fua, "Unsupervised geometry-aware representation for 3D human
    pose estimation", ECCV 2018, section 4 (N-MPJPE).

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.asarray([[[0.0, 0.0, 0.0], [1.0, 2.0, 0.0]]])
    >>> float(n_mpjpe(truth, 4.0 * truth))
    0.0
    """
    xp, truth, prediction, counted = counted_pair(truth, prediction)
    blank = xp.zeros_like(truth)
    true_part = xp.where(counted[..., None], truth, blank)
    predicted_part = xp.where(counted[..., None], prediction, blank)
    product = xp.sum(true_part * predicted_part, axis=(-2, -1))
    square = xp.sum(predicted_part * predicted_part, axis=(-2, -1))
    # A prediction that is all zeros stays so whatever the scale.
    scale = product / xp.where(square > 0, square, xp.ones_like(square))
    scaled = scale[:, None, None] * predicted_part
    return average(distances(xp, true_part, scaled, counted), per_joint)


def pck(truth: Any, prediction: Any, threshold: float, *, per_joint: bool = False) -> Any:
    """Give the share of correct keypoints: joints predicted within a distance of the truth.

    Parameters
    ----------
    truth, prediction : array, shape (N, J, D)
        Poses in one unit and frame. NaN where a joint was not seen; a joint counts in a frame
        where every coordinate of both is finite.
    threshold : float
        Largest distance that is still correct, in the unit of the poses.
    per_joint : bool, default False
        Give the share of each joint over frames only.

    Returns
    -------
    array, shape () or, with `per_joint`, (J,)
        Share between 0 and 1; NaN where no joint counts.

    Raises
    ------
    ValueError
        If the shapes differ or are not (N, J, D), or `threshold` is negative or not finite.

    References
    ----------
    D. Mehta et al., "Monocular 3D human pose estimation in the wild using improved CNN
    supervision", 3DV 2017, section 5 (3DPCK).

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.zeros((1, 4, 1))
    >>> prediction = np.asarray([[[0.0], [1.0], [2.0], [3.0]]])
    >>> float(pck(truth, prediction, 1.0))
    0.5
    """
    return _share_within(joint_errors(truth, prediction), threshold, per_joint)


def auc(
    truth: Any,
    prediction: Any,
    max_threshold: float,
    *,
    steps: int = 31,
    per_joint: bool = False,
) -> Any:
    """Give the area under the curve of correct keypoints against the threshold.

    As in the field, it is the mean of `pck` at evenly spaced thresholds from zero to the largest,
    both included: 1 where every error is zero, 0 where all exceed the largest threshold.

    Parameters
    ----------
    truth, prediction : array, shape (N, J, D)
        Poses in one unit and frame. NaN where a joint was not seen; a joint counts in a frame
        where every coordinate of both is finite.
    max_threshold : float
        Largest threshold, in the unit of the poses.
    steps : int, default 31
        Number of thresholds, two or more; 31 is that of the reference (0 to 150 mm by 5).
    per_joint : bool, default False
        Give the area of each joint over frames only.

    Returns
    -------
    array, shape () or, with `per_joint`, (J,)
        Area between 0 and 1; NaN where no joint counts.

    Raises
    ------
    ValueError
        If the shapes differ or are not (N, J, D), `max_threshold` is negative or not finite, or
        `steps` is less than two.

    References
    ----------
    D. Mehta et al., "Monocular 3D human pose estimation in the wild using improved CNN
    supervision", 3DV 2017, section 5 (AUC).

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.zeros((1, 1, 1))
    >>> float(auc(truth, truth + 5.0, 10.0, steps=11))  # correct at 5, 6, ... 10
    0.5454545454545454
    """
    if steps < 2:
        raise ValueError(f"steps must be two thresholds or more; got {steps}.")
    errors = joint_errors(truth, prediction)
    thresholds = [max_threshold * step / (steps - 1) for step in range(steps)]
    return sum(_share_within(errors, threshold, per_joint) for threshold in thresholds) / steps


def bone_length_error(
    truth: Any,
    prediction: Any,
    bones: Iterable[Sequence[int]],
    *,
    per_bone: bool = False,
) -> Any:
    """Average how far predicted bone lengths are from the true ones.

    Parameters
    ----------
    truth, prediction : array, shape (N, J, D)
        Poses in one unit. NaN where a joint was not seen; a bone counts in a frame where every
        coordinate of both its joints is finite in truth and prediction.
    bones : sequence of pairs of int, or array, shape (B, 2)
        Joint indices at the two ends of each bone.
    per_bone : bool, default False
        Average each bone over frames only.

    Returns
    -------
    array, shape () or, with `per_bone`, (B,)
        Mean absolute difference of lengths in the unit of the poses; NaN where no bone counts.

    Raises
    ------
    ValueError
        If the shapes differ or are not (N, J, D), or a bone names a joint that is not there.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.asarray([[[0.0, 0.0, 0.0], [0.0, 0.0, 2.0]]])
    >>> float(bone_length_error(truth, 1.5 * truth, [(0, 1)]))
    1.0
    """
    xp, truth, prediction, counted = counted_pair(truth, prediction)
    true_length = bone_lengths(nan_unless(xp, counted, truth), bones)
    predicted_length = bone_lengths(nan_unless(xp, counted, prediction), bones)
    return average(xp.abs(true_length - predicted_length), per_bone)


def _share_within(errors: Any, threshold: float, per_joint: bool) -> Any:
    if not (math.isfinite(threshold) and threshold >= 0):
        raise ValueError(f"a threshold must be finite and not negative; got {threshold}.")
    xp = array_api_compat.array_namespace(errors)
    within = xp.astype(errors <= threshold, xp.float64)
    return average(xp.where(xp.isnan(errors), errors, within), per_joint)
