"""The rotation, translation and scale that best bring one set of joints onto another.

NaN means not seen: a joint counts where every coordinate of source and target is finite. No
reflection is ever used, since a mirrored animal is a different pose.
"""

import math
from typing import Any, NamedTuple

import array_api_compat

# Joints nearer to each other than this share of their distance from the origin are one point: what
# is left of their differences after centring in double precision is rounding.
_POINT = 1e-12


class Similarity(NamedTuple):
    """A similarity: ``target ≈ scale * rotation @ source + translation``.

    Parameters
    ----------
    rotation : array, shape (..., d, d)
        Proper rotation (determinant 1).
    translation : array, shape (..., d)
        In the unit of the target.
    scale : array, shape (...)
        Not negative.
    """

    rotation: Any
    translation: Any
    scale: Any


class OneRotation(NamedTuple):
    """One rotation for a whole recording, and the error with and without it.

    Parameters
    ----------
    rotation : array, shape (d, d)
        Proper rotation that turns source poses towards target poses.
    before, after : array, shape ()
        Root mean square distance of counted joints without and with the rotation, in the unit of
        the poses.
    """

    rotation: Any
    before: Any
    after: Any


def similarity(source: Any, target: Any, scale: bool = True, weights: Any = None) -> Similarity:
    """Find the least-squares similarity from source joints to target joints.

    Parameters
    ----------
    source, target : array, shape (..., J, d)
        Joint positions; leading dimensions are broadcast. NaN where a joint was not seen; a joint
        counts where every coordinate of both is finite.
    scale : bool, default True
        Fit a scale. False keeps it at 1 (a rigid motion).
    weights : array, shape (..., J), optional
        Weight of each joint, not negative; broadcast against the joints. None weighs all alike.

    Returns
    -------
    Similarity
        ``rotation`` (..., d, d), ``translation`` (..., d), ``scale`` (...), in the floating dtype
        of `source` (float64 for integers). NaN where no joint counts. Where all counted joints of
        source or target are one point the rotation is the identity; where those of the source are,
        the scale is 1. Where the joints leave the rotation open (on a line, or too few), one of
        the best is returned.

    Raises
    ------
    ValueError
        If the shapes of `source` and `target` do not fit, or a weight is negative.

    References
    ----------
    S. Umeyama, "Least-squares estimation of transformation parameters between two point
    patterns", IEEE TPAMI 13(4), 1991, equations 40-43.

    Examples
    --------
    >>> import numpy as np
    >>> source = np.asarray([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    >>> target = 3.0 * source + np.asarray([1.0, -1.0])
    >>> fit = similarity(source, target)
    >>> float(np.round(fit.scale, 6)), np.round(fit.translation, 6).tolist()
    (3.0, [1.0, -1.0])
    """
    xp, dtype, source, target = _pair(source, target)
    weight = _joint_weights(xp, source, target, weights)
    any_joint = xp.sum(weight, axis=-1) > 0
    share = weight / _or_one(xp, xp.sum(weight, axis=-1, keepdims=True))
    source, target = _blanked(xp, source, weight > 0), _blanked(xp, target, weight > 0)
    source_mean = xp.sum(share[..., None] * source, axis=-2)
    target_mean = xp.sum(share[..., None] * target, axis=-2)
    source_centred, target_centred = (
        source - source_mean[..., None, :],
        target - target_mean[..., None, :],
    )
    spread = _mean_square(xp, share, source_centred)
    is_point = spread <= _POINT**2 * _mean_square(xp, share, source)
    target_is_point = _mean_square(xp, share, target_centred) <= _POINT**2 * _mean_square(
        xp, share, target
    )
    rotation, gain = _best_rotation(xp, _covariance(xp, share, source_centred, target_centred))
    identity = xp.zeros_like(rotation) + _eye(xp, rotation)
    rotation = xp.where((is_point | target_is_point)[..., None, None], identity, rotation)
    one = xp.ones_like(spread)
    factor = one
    if scale:
        # In one dimension the only rotation is the identity and the gain may be negative.
        gain = xp.where(gain > 0, gain, xp.zeros_like(gain))
        factor = xp.where(is_point, one, gain / xp.where(is_point, one, spread))
    turned = xp.sum(rotation * source_mean[..., None, :], axis=-1)
    translation = target_mean - factor[..., None] * turned
    return Similarity(
        *(
            xp.astype(_nan_unless(xp, any_joint, value), dtype)
            for value in (rotation, translation, factor)
        )
    )


def align(source: Any, target: Any, scale: bool = True) -> Any:
    """Move source joints onto target joints by their best similarity.

    Parameters
    ----------
    source, target : array, shape (..., J, d)
        Joint positions; leading dimensions (frames) are broadcast. NaN where a joint was not seen;
        a joint counts for the fit where every coordinate of both is finite.
    scale : bool, default True
        Scale as well as turn and move.

    Returns
    -------
    array, shape (..., J, d)
        Every source joint moved, also those that the target lacks, in the unit of `target` and
        the floating dtype of `source` (float64 for integers). NaN where the source joint has a
        NaN, and in frames without any counted joint.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    References
    ----------
    S. Umeyama, "Least-squares estimation of transformation parameters between two point
    patterns", IEEE TPAMI 13(4), 1991.

    Examples
    --------
    >>> import numpy as np
    >>> target = np.asarray([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    >>> quarter_turn = np.asarray([[0.0, -1.0], [1.0, 0.0]])
    >>> moved = align(5.0 + target @ quarter_turn.T, target)
    >>> bool(np.allclose(moved, target))
    True
    """
    xp, dtype, wide_source, wide_target = _pair(source, target)
    fit = similarity(wide_source, wide_target, scale)
    whole = xp.all(xp.isfinite(wide_source), axis=-1)
    turned = xp.matmul(_blanked(xp, wide_source, whole), xp.matrix_transpose(fit.rotation))
    moved = fit.scale[..., None, None] * turned + fit.translation[..., None, :]
    return xp.astype(_nan_unless(xp, whole, moved), dtype)


def one_rotation(source: Any, target: Any) -> OneRotation:
    """Find the single rotation that best turns a recording's source poses to its target poses.

    A test set whose 3D stands in another frame than the predictions shows here: the error falls
    from ``before`` to far less ``after``.

    Parameters
    ----------
    source, target : array, shape (N, J, d)
        Root-relative poses (no translation is fitted), the same unit in both. NaN where a joint
        was not seen; a joint counts in a frame where every coordinate of both is finite.

    Returns
    -------
    OneRotation
        ``rotation`` (d, d) and the root mean square distances ``before`` and ``after`` (scalars,
        unit of the poses; ``after`` is never the larger one), in the floating dtype of `source`
        (float64 for integers). All NaN where no joint counts.

    Raises
    ------
    ValueError
        If the shapes differ.

    References
    ----------
    W. Kabsch, "A solution for the best rotation to relate two sets of vectors", Acta
    Crystallographica A32, 1976.

    Examples
    --------
    >>> import numpy as np
    >>> poses = np.asarray([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [0.0, 2.0]]])
    >>> quarter_turn = np.asarray([[0.0, -1.0], [1.0, 0.0]])
    >>> found = one_rotation(poses, poses @ quarter_turn.T)
    >>> bool(np.allclose(found.rotation, quarter_turn)), float(np.round(found.after, 6))
    (True, 0.0)
    """
    if tuple(source.shape) != tuple(target.shape) or source.ndim != 3:
        raise ValueError(
            f"source and target must have one shape (N, J, d); got {tuple(source.shape)} and "
            f"{tuple(target.shape)}."
        )
    xp, dtype, source, target = _pair(source, target)
    source = xp.reshape(source, (-1, source.shape[-1]))
    target = xp.reshape(target, (-1, target.shape[-1]))
    weight = _joint_weights(xp, source, target, None)
    any_joint = xp.sum(weight, axis=-1) > 0
    share = weight / _or_one(xp, xp.sum(weight, axis=-1))
    source, target = _blanked(xp, source, weight > 0), _blanked(xp, target, weight > 0)
    rotation, _ = _best_rotation(xp, _covariance(xp, share, source, target))
    before = _mean_square(xp, share, source - target)
    after = _mean_square(xp, share, xp.matmul(source, xp.matrix_transpose(rotation)) - target)
    # Where both agree already, rounding in the rotation must not make it look worse.
    better = after < before
    rotation = xp.where(better, rotation, _eye(xp, rotation))
    after = xp.where(better, after, before)
    return OneRotation(
        *(
            xp.astype(_nan_unless(xp, any_joint, value), dtype)
            for value in (rotation, xp.sqrt(before), xp.sqrt(after))
        )
    )


def _pair(source: Any, target: Any) -> tuple[Any, Any, Any, Any]:
    """Namespace, dtype to give back, and both arrays broadcast in double precision."""
    xp = array_api_compat.array_namespace(source, target)
    mismatch = ValueError(
        f"source and target must have the same joints and dimensions, shape (..., J, d), and "
        f"leading dimensions that broadcast; got {tuple(source.shape)} and {tuple(target.shape)}."
    )
    if source.ndim < 2 or tuple(source.shape[-2:]) != tuple(target.shape[-2:]):
        raise mismatch
    dtype = source.dtype if xp.isdtype(source.dtype, "real floating") else xp.float64
    try:
        source, target = xp.broadcast_arrays(
            xp.astype(source, xp.float64), xp.astype(target, xp.float64)
        )
    except (ValueError, RuntimeError):  # numpy raises the one, torch the other
        raise mismatch from None
    return xp, dtype, source, target


def _joint_weights(xp: Any, source: Any, target: Any, weights: Any) -> Any:
    """Weight of every joint, zero where it does not count."""
    counted = xp.all(xp.isfinite(source) & xp.isfinite(target), axis=-1)
    weight = xp.astype(counted, xp.float64)
    if weights is None:
        return weight
    if weights.ndim == 0 or weights.shape[-1] != source.shape[-2]:
        raise ValueError(
            f"weights must have shape (..., {source.shape[-2]}), one for each joint; got "
            f"{tuple(weights.shape)}."
        )
    if not bool(xp.all(weights >= 0)):
        raise ValueError("weights must not be negative or NaN.")
    return weight * xp.astype(weights, xp.float64)


def _best_rotation(xp: Any, covariance: Any) -> tuple[Any, Any]:
    """Rotation that maximises trace(rotation^T covariance), and that maximum."""
    left, singular, right = xp.linalg.svd(covariance, full_matrices=False)
    handedness = xp.linalg.det(left) * xp.linalg.det(right)
    last = xp.where(handedness < 0, -xp.ones_like(handedness), xp.ones_like(handedness))
    sign = xp.concat([xp.ones_like(singular[..., 1:]), last[..., None]], axis=-1)
    rotation = xp.matmul(left * sign[..., None, :], right)
    return rotation, xp.sum(sign * singular, axis=-1)


def _covariance(xp: Any, share: Any, source: Any, target: Any) -> Any:
    return xp.matmul(xp.matrix_transpose(share[..., None] * target), source)


def _mean_square(xp: Any, share: Any, vectors: Any) -> Any:
    return xp.sum(share[..., None] * vectors * vectors, axis=(-2, -1))


def _eye(xp: Any, like: Any) -> Any:
    return xp.eye(like.shape[-1], dtype=like.dtype, device=array_api_compat.device(like))


def _or_one(xp: Any, total: Any) -> Any:
    return xp.where(total > 0, total, xp.ones_like(total))


def _blanked(xp: Any, vectors: Any, kept: Any) -> Any:
    return xp.where(kept[..., None], vectors, xp.zeros_like(vectors))


def _nan_unless(xp: Any, condition: Any, values: Any) -> Any:
    """Values where the condition on their leading dimensions holds, NaN elsewhere."""
    condition = condition[(...,) + (None,) * (values.ndim - condition.ndim)]
    return xp.where(condition, values, xp.full_like(values, math.nan))
