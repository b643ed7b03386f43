"""The lifter: fitted on 2D and 3D poses of the same frames, it lifts 2D poses to 3D."""

from __future__ import annotations

import copy
import json
import math
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import liftpose
from liftpose.geometry.camera import Camera
from liftpose.lifter.batch import Augmentation
from liftpose.lifter.blindness import check_any_sure, say_what_never_moves, warn_of_blind
from liftpose.lifter.bone_fit import BoneFit
from liftpose.lifter.description import as_html, as_text
from liftpose.lifter.drawing import asked_draws, drawn
from liftpose.lifter.fitting import (
    check_start,
    fit_network,
    gather_hypotheses,
    judged_on,
    novelty_of,
    uncertainty_of,
    with_closed_members,
)
from liftpose.lifter.hypotheses import Hypotheses
from liftpose.lifter.members.martinez import Martinez
from liftpose.lifter.members.ridge import Ridge
from liftpose.lifter.mirroring import seen_and_mirrored
from liftpose.lifter.normalization import Normalization, as_joints, placed, placed_spread
from liftpose.lifter.novelty import (
    FEWEST,
    SAMPLE,
    UNTOLD,
    Novelty,
    Told,
    Verdicts,
    warn_of_mistakes,
)
from liftpose.lifter.opt import Options, resolve_device
from liftpose.lifter.preparation import (
    Judged,
    as_batch,
    as_pair,
    fingerprint,
    held_out_folds,
    informed,
    made_visible,
    one_fold,
    with_noise,
)
from liftpose.lifter.run import Epoch, Start
from liftpose.lifter.sight import Sight
from liftpose.lifter.solving import Task, fit_best_linear, fit_closed
from liftpose.lifter.stages import Stages
from liftpose.lifter.state import as_state, restore, skeleton_of
from liftpose.lifter.terms import (
    Asked,
    agreed_norm_2d,
    agreed_unit,
    agreed_views,
    as_poses_2d,
    check_frame,
    learned_frame,
    of_skeleton,
)
from liftpose.lifter.threads import threads
from liftpose.lifter.uncertainty import Doubt, Uncertainty, shown_of, unlikeness
from liftpose.lifter.views import Views, called, warn_of_unreached
from liftpose.lifter.weighing import Weighing, weighing_of
from liftpose.poses import Floats, Key, Lifted, Poses, Verdict
from liftpose.poses.lifted import inherited
from liftpose.skeleton import Skeleton
from liftpose.skeleton.target_sets import TargetSets

CHUNK = 2048
"""Frames lifted at a time: bounds memory, and was measured to be fastest (the caches hold it)."""


class Lifter:
    """Lifts the 2D keypoints of one camera to 3D.

    A ridge (a closed-form linear map) and, on top of it, a kernel map and residual networks that
    are weighted by what they are worth on held-out blocks of the training data; in the end each
    pose is fitted to its 2D and its bones. ``effort`` says how much time all that may take.
    ``network="kernel"`` leaves the networks out, ``network="ridge"`` all but the linear map, and
    ``network="martinez"`` uses the published one instead.

    Parameters
    ----------
    skeleton : Skeleton, optional
        Names of the joints, and which are roots and targets.
    roots : sequence of int or str
        Instead of a skeleton: root joints; the first is the origin of a lifted pose.
    target_sets : sequence of sequences of int or str
        Instead of a skeleton: joints predicted relative to each root.
    options : Options, optional
        All settings; or name them one by one.
    **settings
        Options by name.

    Raises
    ------
    ValueError, TypeError
        Options or roots that make no sense, or neither skeleton nor roots.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> pose_3d = rng.normal(size=(200, 5, 3))
    >>> lifter = Lifter(roots=[0], target_sets=[1, 2, 3, 4], epochs=2)
    >>> lifter.fit(pose_3d[..., :2], pose_3d).lift(pose_3d[:7, :, :2]).position.shape
    (7, 5, 3)
    """

    sets: TargetSets
    normalization: Normalization
    ridge: Ridge

    def __init__(
        self,
        skeleton: Skeleton | None = None,
        *,
        roots: Any = None,
        target_sets: Any = None,
        options: Options | None = None,
        **settings: Any,
    ):
        if options is not None and settings:
            raise TypeError("give either options or settings by name, not both.")
        self.asked = Asked.resolve(skeleton, roots, target_sets)
        self.options = options or Options.from_kwargs(settings)
        self.skeleton = skeleton
        self.unit: str | None = None if skeleton is None else skeleton.unit
        self.frame: str | None = None
        self.views: Views | None = None
        self.members: dict[str, Any] = {}
        self.weights: dict[str, float] = {}
        self.bone_fit: BoneFit | None = None
        self.uncertainty: Uncertainty | None = None
        self.hypotheses: Hypotheses | None = None
        self.weighing: Weighing | None = None
        self.novelty: Novelty | None = None
        self.choice: dict[str, Any] = {}
        self._digest: str | None = None

    @property
    def fitted(self) -> bool:
        """Whether the lifter can lift."""
        return hasattr(self, "ridge")

    @property
    def camera(self) -> Camera | dict[Key, Camera] | None:
        """The camera of all training poses, or the one of each experiment, where known."""
        return None if self.views is None else self.views.cameras

    def fit(
        self,
        poses_2d: Any,
        poses_3d: Any,
        camera: Any = None,
        confidence: Any = None,
        validation: tuple[Any, Any] | None = None,
        *,
        mask: Any = None,
        augmentation: Sequence[Augmentation] | None = None,
        stats: Sequence[Any] | None = None,
        norm_2d: bool | None = None,
        start: Start | None = None,
        on_ready: Callable[[Lifter], None] | None = None,
        on_epoch: Callable[[Epoch], None] | None = None,
    ) -> Lifter:
        """Learn from 2D and 3D poses of the same frames.

        Parameters
        ----------
        poses_2d : Poses, array of shape (N, J, 2), dict of such arrays, dataset, or None
            Pixels; NaN = not seen. None where an augmentation makes the 2D.
        poses_3d : Poses, array of shape (N, J, D), dict of such arrays, or dataset
            Any unit; D is 3, or 1 for depth only; NaN = not known. They are of the world unless
            they say ``frame="camera"``.
        camera : Camera, dict of Camera, or sequence of Camera, optional
            What filmed the 2D: one, or one an experiment. Then lens and focal length are taken
            out of the 2D, 3D of the world is learned in the direction of its camera, and other
            cameras can be lifted from.
        confidence : array, shape (N, J), or dict of such arrays, optional
            Of the 2D, 0 to 1. Below ``min_confidence`` a joint counts as not seen; above, the less
            the tracker is sure, the more it is taken to be where the other joints expect it.
        validation : pair of 2D and 3D poses, optional
            Choices (penalty, weight, best epoch) are made on these instead of on held-out blocks
            of the training poses. They are not learned from.
        mask : bool array or dict like `poses_3d`, optional
            False where a value does not count.
        augmentation : sequence of Augmentation, optional
            Applied in order to all poses, anew in every epoch. Those that change the body take
            skeleton and camera from here. The strength of ``physical(strength="auto")`` is chosen
            on held-out frames.
        stats : tuple of four arrays, optional
            ``mean_2d, std_2d, mean_3d, std_3d``, flat over joints and coordinates, instead of
            the training data's own (published network only).
        norm_2d : bool, optional
            Whether the 2D of each frame is scaled to unit norm, here and in every later lift.
            None: no, unless an augmentation says so.
        start : Start, optional
            A checkpoint to go on from.
        on_ready : callable, optional
            Called with the lifter when all input is found good, and ridge and kernel are
            solved.
        on_epoch : callable, optional
            Called with an `Epoch` after each.

        Returns
        -------
        Lifter
            Itself.

        Raises
        ------
        ValueError
            Poses that do not fit each other or the skeleton, a root or target that is never
            seen, an experiment in which the tracker is sure of no joint, a camera or confidence
            that does not fit, joints far outside of a camera's image, or contradicting settings.
        TypeError
            Something that is no poses, or no camera.

        Warns
        -----
        UserWarning
            Pixels at which a camera's distortion cannot be inverted, with their number.
        """
        poses_2d, poses_3d = as_pair(
            poses_2d, poses_3d, mask, confidence, augmentation, self.asked.skeleton
        )
        check_any_sure(poses_2d, self.options.min_confidence)
        skeleton = self.asked.skeleton_for(poses_2d, poses_3d)
        sets = skeleton.sets
        steps = with_noise(augmentation, self.options.noise)
        for step in steps:
            if hasattr(step, "check"):
                step.check(poses_3d.keys, poses_3d.joint_count)
        norm_2d, why = agreed_norm_2d(norm_2d, steps)
        unit = agreed_unit(skeleton, poses_3d)
        frame = learned_frame(poses_3d, steps)
        views = agreed_views(camera, poses_3d, frame, steps)
        with threads(self.options.job):
            device = resolve_device(self.options.device)
            seen, deep = self._in_view(views, poses_2d, poses_3d)
            self.weighing = weighing_of(seen, sets, norm_2d)
            data = as_batch(self.weighed(seen), deep, sets)
            data = informed(data, skeleton, views, steps)
            clean = made_visible(data, steps, self.options.seed)
            folds = held_out_folds(skeleton, poses_3d, clean)
            say_what_never_moves(poses_2d, poses_3d, skeleton)
            learned = folds
            if self.options.network == "martinez":
                learned = one_fold(poses_3d, folds, self.options.batch_size)
            digest = fingerprint(data)
            if start is not None:
                check_start(start, self.options, norm_2d, learned, digest)
            self.skeleton, self.sets, self.unit, self.frame = skeleton, sets, unit, frame
            self.views, self._digest = views, None
            judged = None if validation is None else self._judged(validation, camera)
            own = Judged(clean, learned)
            task = Task(
                data, steps, folds, learned, own, judged, start, _of_one_place(views, steps)
            )
            task, linear = fit_best_linear(task, sets, self.options, norm_2d, stats)
            task, linear, sight = seen_and_mirrored(
                task, linear, views, skeleton, self.options, norm_2d
            )
            self.normalization, self.ridge = linear.normalization, linear.ridge
            self.choice = linear.choice
            self.choice |= folds.summary(poses_3d) | {"data": digest, "norm_2d": why}
            self.choice |= judged.summary() if judged else {}
            self.members, self.weights, self.bone_fit, self.uncertainty = {}, {}, None, None
            self.hypotheses, self.novelty = None, None
            if self.options.members in ("kernel", "residual"):
                self.members = fit_closed(task, linear, self.options)
            if on_ready is not None:
                on_ready(self)
            if self.options.network != "ridge":
                best = self._with_best_members(task, sight, device, on_epoch)
                self.members, self.weights = best.members, best.weights
                self.bone_fit, self.choice = best.bone_fit, best.choice
                self.uncertainty, self.hypotheses = best.uncertainty, best.hypotheses
                self.novelty = best.novelty
            else:
                judged_ridge = judged_on(self, task, device)
                self.uncertainty = uncertainty_of(self, judged_ridge)
                gather_hypotheses(self, judged_ridge)
                self.novelty = novelty_of(self, task)
        return self

    def _with_best_members(
        self,
        task: Task,
        sight: Sight | None,
        device: torch.device,
        on_epoch: Callable[[Epoch], None] | None,
    ) -> Lifter:
        judged = judged_on(self, task, device)
        if self.options.network == "martinez":
            return fit_network(self, task, judged, device, on_epoch)
        closed = with_closed_members(self, task, judged, sight)
        if self.options.members == "kernel":
            return closed
        return fit_network(closed, task, judged, device, on_epoch)

    @property
    def network(self) -> nn.Module | None:
        """Its networks, or the published one; None where it has none."""
        found: nn.Module | None = self.members.get("network")
        return found

    def _in_view(
        self, views: Views | None, poses_2d: Poses, poses_3d: Poses, camera: Any = None
    ) -> tuple[Poses, Poses]:
        """Bring poses to where the lifter learns: unsure 2D taken out, lens and turn as well."""
        poses_2d = poses_2d.sure(self.options.min_confidence)
        if views is None:
            return poses_2d, poses_3d
        cameras = views.of(poses_3d.keys, camera)
        views.check_fits(poses_2d, cameras)
        seen = views.seen(poses_2d, cameras)
        warn_of_unreached(views.unreached(poses_2d, seen, cameras), called(poses_2d))
        turned, given = (
            views.turned(points, poses_3d, cameras) for points in (poses_3d.points, poses_3d.given)
        )
        return replace(poses_2d, points=seen), replace(poses_3d, points=turned, given=given)

    def in_view(self, poses_2d: Poses, poses_3d: Poses, camera: Any = None) -> tuple[Poses, Poses]:
        """Bring a pair of poses to where the lifter learns.

        Parameters
        ----------
        poses_2d, poses_3d : Poses
            Pixels of the cameras, and positions in the lifter's frame.
        camera : as in `fit`, optional
            None: those that the lifter learned with.

        Returns
        -------
        poses_2d, poses_3d : Poses
            Pixels of the reference camera, without those that are too unsure, the others weighed
            by their confidence; and positions turned into the direction of the camera. The same
            poses where there is no camera and no confidence.
        """
        seen, deep = self._in_view(self.views, poses_2d, poses_3d, camera)
        return self.weighed(seen), deep

    def weighed(self, poses_2d: Poses) -> Poses:
        """Pull joints that the tracker is not quite sure of to where the others expect them."""
        if self.weighing is None or poses_2d.confidence is None:
            return poses_2d
        given, sure = (
            torch.from_numpy(np.array(table, np.float64))
            for table in (poses_2d.points, poses_2d.confidence)
        )
        return replace(poses_2d, points=self.weighing.weigh(given, sure).numpy())

    def _judged(self, validation: Any, camera: Any) -> Judged:
        """Validation poses, made ready to choose on."""
        if not isinstance(validation, Sequence) or len(validation) != 2:
            raise TypeError("validation is no pair; expected (poses_2d, poses_3d).")
        given_2d, given_3d = validation
        poses_2d, poses_3d = as_pair(
            given_2d, given_3d, None, None, None, self.skeleton_known, "validation"
        )
        check_frame(poses_3d, self.frame, "validation 3D")
        return Judged.on(self.sets, *self.in_view(poses_2d, poses_3d, camera))

    @property
    def skeleton_known(self) -> Skeleton:
        """The skeleton of a lifter that was fitted."""
        if self.skeleton is None:
            raise ValueError("this lifter was not fitted; call fit(poses_2d, poses_3d) first.")
        return self.skeleton

    def with_members(
        self,
        members: Mapping[str, Any],
        weights: Mapping[str, float],
        bone_fit: BoneFit | None,
        uncertainty: Uncertainty | None = None,
    ) -> Lifter:
        """Give the same lifter with other members; the ridge is shared.

        Parameters
        ----------
        members : mapping of str to Member
            What adds to the linear map.
        weights : mapping of str to float
            How much of each is added.
        bone_fit : BoneFit or None
            What follows them.
        uncertainty : Uncertainty, optional
            Measured with all that.

        Returns
        -------
        Lifter
        """
        other = copy.copy(self)
        other.members, other.weights, other.choice = dict(members), dict(weights), dict(self.choice)
        other.bone_fit, other.uncertainty, other._digest = bone_fit, uncertainty, None
        return other

    def lift(
        self,
        poses_2d: Any,
        camera: Any = None,
        confidence: Any = None,
        *,
        hypotheses: int = 0,
        seed: int | None = None,
        on_unreached: Callable[[Mapping[Camera, int]], Any] | None = None,
        judge: bool = True,
    ) -> Lifted:
        """Lift 2D poses, some frames at a time. Several threads may do so at once.

        Parameters
        ----------
        poses_2d : Poses, array of shape (N, J, 2), dict of such arrays, or dataset
            Pixels; NaN = not seen. Joints that have names are matched by name.
        camera : Camera, dict of Camera, or sequence of Camera, optional
            What filmed them, for a lifter that learned with cameras. None: the camera it learned
            with.
        confidence : array, shape (N, J), or dict of such arrays, optional
            0 to 1. Below the lifter's ``min_confidence`` a joint counts as not seen; above, it is
            weighed as in `fit`, where training poses told what confidence means.
        hypotheses : int, default 0
            How many whole poses to draw of each frame, beside the one that is lifted: those that
            the 2D leaves open, as far as held-out frames tell. They take so many times the memory
            of the positions, and are not made to go together in time.
        seed : int, optional
            What they are drawn by; that of the lifter's options where it is not given. The draws
            of a frame depend on it and on the frame's own 2D, and on nothing around them.
        on_unreached : callable, optional
            Called, instead of warning, with how many pixels there are for each camera at which
            its distortion cannot be inverted. Whoever gives it lifts a part, and is not warned of
            blind frames either.
        judge : bool
            Whether it is said of each experiment how like the training data it is; see `verdicts`.

        Returns
        -------
        Lifted
            Row i is frame i. A frame in which fewer than two joints were seen is NaN.

        Raises
        ------
        ValueError
            Other joints than the lifter learned, a lifter that was not fitted, a camera for one
            that learned without, or the other way round several cameras and none given;
            joints far outside of the camera's image; or fewer than no hypotheses, or some of a
            lifter that had too few frames to learn how it errs.
        TypeError
            Something that is no poses, or no camera, or no whole number of hypotheses.

        Warns
        -----
        UserWarning
            Pixels at which a camera's distortion cannot be inverted, with their number; and
            experiments no frame of which could be lifted, with the likely cause; and
            experiments in whose 2D a mistake was made, with its name.
        """
        count, seed = asked_draws(hypotheses, self.options.seed if seed is None else seed)
        skeleton = self.skeleton_known
        poses_2d = of_skeleton(as_poses_2d(poses_2d, confidence, copy=False), skeleton)
        cameras = self._cameras(poses_2d, camera)
        shape = (poses_2d.frames, poses_2d.joint_count, self.dims)
        position, root_relative = np.empty(shape, np.float32), np.empty(shape, np.float32)
        spread = None if self.uncertainty is None else np.empty(shape, np.float32)
        known = self.novelty is not None and self.uncertainty is not None
        novelty = np.empty(len(position), np.float32) if known else None
        unreached: Counter[Camera] = Counter()
        for rows, relative, told in self._chunks(poses_2d, cameras, unreached=unreached):
            position[rows], root_relative[rows] = placed(self.sets, relative)
            if spread is not None:
                spread[rows] = placed_spread(self.sets, told.spread)
                np.copyto(spread[rows], np.nan, where=np.isnan(position[rows]))
            if novelty is not None:
                novelty[rows] = told.novelty
        verdicts = self._verdicts(poses_2d, cameras) if judge else None
        lifted = Lifted(
            position,
            root_relative,
            poses_2d.keys,
            poses_2d.lengths,
            skeleton.joints,
            poses_2d.confidence,
            poses_2d.individuals,
            poses_2d.fps,
            self.unit,
            self.frame,
            poses_2d.source_software,
            poses_2d.source_file,
            spread,
            novelty,
            bars=None if self.uncertainty is None else self.uncertainty.bars,
            hypotheses=drawn(self, poses_2d, cameras, count, seed) if count else None,
            verdicts=verdicts,
            provenance=self.provenance | inherited(poses_2d.provenance),
        )
        if on_unreached is None:
            warn_of_unreached(unreached, called(poses_2d))
            warn_of_blind(poses_2d, lifted, self.options.min_confidence, called(poses_2d))
        else:
            on_unreached(unreached)
        if verdicts:
            warn_of_mistakes(verdicts, called(poses_2d))
        return lifted

    def verdicts(self, poses_2d: Any, camera: Any = None, confidence: Any = None) -> Verdicts:
        """Say of each experiment whether its 2D is like the training data, and what is wrong.

        Parameters
        ----------
        poses_2d, camera, confidence
            As `lift` takes them. At most `novelty.SAMPLE` frames of each experiment are looked at.

        Returns
        -------
        dict of Key to Verdict

        Raises
        ------
        ValueError, TypeError
            As `lift`; or a lifter that does not know what clean recordings are like.

        Examples
        --------
        >>> from liftpose.datasets import quadruped
        >>> known, new = quadruped(frames=300, seed=1), quadruped(frames=100, seed=2)
        >>> lifter = Lifter(known.skeleton, network="kernel")
        >>> lifter = lifter.fit(known.pose_2d, known.poses_3d, camera=known.cameras[0])
        >>> print(lifter.verdicts({"new": new.pose_2d[:, ::-1]})["new"].name)
        joints in another order
        """
        poses_2d = of_skeleton(as_poses_2d(poses_2d, confidence, copy=False), self.skeleton_known)
        found = self._verdicts(poses_2d, self._cameras(poses_2d, camera))
        if found is None:
            raise ValueError(
                "this lifter does not know what clean recordings are like: it was saved by an "
                "earlier version, or learned from too few frames: of J joints it takes ten J. Fit "
                "it again, on two recordings or more or on a longer one."
            )
        return found

    @torch.inference_mode()
    def _verdicts(self, poses_2d: Poses, cameras: dict[Key, Camera] | None) -> Verdicts | None:
        known = self.novelty
        if known is None or self.uncertainty is None:
            return None
        if max(poses_2d.lengths, default=0) < FEWEST:
            return dict.fromkeys(poses_2d.keys, UNTOLD)
        normalization = self.normalization
        some = poses_2d.sampled(SAMPLE).sure(self.options.min_confidence)
        points = some.points
        if self.views is not None and cameras is not None:
            points = self.views.seen(some, [cameras[key] for key in some.keys])
        given = torch.from_numpy(np.array(points, np.float64))
        shown = shown_of(given, normalization.used)
        unlike = unlikeness(normalization.inputs(given), self.uncertainty.whitening, shown)
        scores = known.percentile(unlike)
        stages = self.stages
        starts = np.cumsum([0, *some.lengths])

        def verdict(number: int) -> Verdict:
            rows, skeleton = slice(starts[number], starts[number + 1]), self.skeleton_known
            return known.verdict(given[rows].numpy(), scores[rows], skeleton, stages)

        told = threads.side_by_side(verdict, range(len(some.keys)), self.options.job)
        return dict(zip(some.keys, told, strict=True))

    def _cameras(self, poses_2d: Poses, camera: Any) -> dict[Key, Camera] | None:
        if self.views is not None:
            found = self.views.of(poses_2d.keys, camera)
            self.views.check_fits(poses_2d.sure(self.options.min_confidence), found)
            return dict(zip(poses_2d.keys, found, strict=True))
        if camera is not None:
            raise ValueError(
                "camera is given, but this lifter learned without one. Give camera= to fit, too."
            )
        return None

    def _chunks(
        self,
        poses_2d: Poses,
        cameras: dict[Key, Camera] | None,
        linear_only: bool = False,
        unreached: Counter[Camera] | None = None,
    ) -> Iterator[tuple[slice, Floats, Any]]:
        """Give rows, joints relative to their anchors in the lifter's frame, and what is told."""
        filmed = () if cameras is None else cameras.values()
        bent = unreached is not None and any(camera.dist.any() for camera in filmed)

        def lifted(first: int) -> tuple[slice, Floats, Any, Mapping[Camera, int]]:
            part = poses_2d.part(first, first + CHUNK)
            rows, sure = slice(first, first + part.frames), part.sure(self.options.min_confidence)
            if self.views is None or cameras is None:
                relative, doubt = self._relative(self.weighed(sure).points, linear_only)
                return rows, relative, self._told(doubt, part, ()), {}
            of_part = [cameras[key] for key in part.keys]
            seen = self.views.seen(sure, of_part)
            lost = self.views.unreached(sure, seen, of_part) if bent else {}
            known = self.weighed(replace(sure, points=seen)).points
            relative, doubt = self._relative(known, linear_only)
            relative = self.views.back(relative, part, of_part)
            told = self._told(doubt, part, of_part if self.views.turns else ())
            return rows, relative, told, lost

        firsts = range(0, poses_2d.frames, CHUNK)
        for rows, relative, told, lost in threads.side_by_side(lifted, firsts, self.options.job):
            if unreached is not None and lost:
                unreached.update(lost)
            yield rows, relative, told

    def _told(self, doubt: Doubt | None, part: Poses, cameras: Sequence[Camera]) -> Any:
        """Spread (N, T + R, D) in the frame that poses are given in, and novelty (N,)."""
        if doubt is None or self.uncertainty is None:
            return None
        turns: list[Any] = [camera.R for camera in cameras] or [None]
        lengths = part.lengths if cameras else [part.frames]
        novelty = None if self.novelty is None else self.novelty.percentile(doubt.unlike)
        return Told(self.uncertainty.spread(doubt, turns, lengths), novelty)

    def relative(self, poses_2d: Any, camera: Any = None, linear_only: bool = False) -> Floats:
        """Lift 2D points to joints relative to their anchors.

        Parameters
        ----------
        poses_2d : Poses, or array of shape (N, J, 2)
            Pixels; NaN = not seen.
        camera : as in `lift`, optional
            What filmed them.
        linear_only : bool
            Leave kernel and network out.

        Returns
        -------
        array, shape (N, T + R, D), float64
            The targets, then the further roots (see `Anchoring`), in the lifter's frame and unit.

        Raises
        ------
        ValueError, TypeError
            As `lift`.
        """
        poses_2d = of_skeleton(as_poses_2d(poses_2d, None, copy=False), self.skeleton_known)
        result = np.empty((poses_2d.frames, len(self.normalization.anchoring.joints), self.dims))
        cameras = self._cameras(poses_2d, camera)
        for rows, relative, _ in self._chunks(poses_2d, cameras, linear_only):
            result[rows] = relative
        return result

    def doubted(self, seen: Floats) -> tuple[Floats, Doubt]:
        """Lift pixels of the lifter's own camera, and tell how far off that may be.

        Parameters
        ----------
        seen : array, shape (N, J, 2)
            As `Views.seen` gives them; NaN = not seen.

        Returns
        -------
        relative : array, shape (N, T + R, D), float64
            Joints relative to their anchors, in the lifter's frame.
        doubt : Doubt

        Raises
        ------
        ValueError
            A lifter without uncertainty.
        """
        relative, doubt = self._relative(seen, False)
        if doubt is None:
            raise ValueError("this lifter does not know how far off it may be; fit it again.")
        return relative, doubt

    def _relative(self, points: Floats, linear_only: bool) -> tuple[Floats, Doubt | None]:
        stages, uncertainty = self.stages, self.uncertainty
        if linear_only:
            stages, uncertainty = replace(stages, members={}, weights={}, bone_fit=None), None
        if len(points) == 1 and not isinstance(self.network, Martinez) and _is_whole(points):
            linear, said, fitted, inputs = stages.lift_one(np.asarray(points, np.float64))
            if uncertainty is None:
                return fitted, None
            return fitted, uncertainty.doubt_of_one(linear, said, fitted, inputs)
        return self._of_many(points, stages, uncertainty)

    @torch.inference_mode()
    def _of_many(
        self, points: Floats, stages: Stages, uncertainty: Uncertainty | None
    ) -> tuple[Floats, Doubt | None]:
        given = torch.from_numpy(np.array(points, np.float64))
        staged, doubt = stages.lift(given), None
        if uncertainty is not None:
            shown = None if staged.hidden is None else shown_of(given, self.normalization.used)
            doubt = uncertainty.doubt(staged, shown)
        if staged.seen is not None:
            staged.fitted[~staged.seen] = torch.nan
            if doubt is not None:
                doubt.unlike[~staged.seen] = torch.nan
        result: Floats = staged.fitted.numpy()
        return result, doubt

    @property
    def stages(self) -> Stages:
        """The parts that lift."""
        return Stages(self.normalization, self.ridge, self.members, self.weights, self.bone_fit)

    def mean_pose(self, poses_2d: Poses, camera: Any = None) -> Floats:
        """Give the mean of the training data, as a guess that looks at no frame.

        Parameters
        ----------
        poses_2d : Poses
            Tells how many frames there are, and of which experiments.
        camera : as in `lift`, optional
            What filmed them.

        Returns
        -------
        array, shape (N, T + R, D), float64
            Joints relative to their anchors.
        """
        mean = as_joints(self.normalization.mean_out, self.dims).numpy()
        everywhere: Floats = np.broadcast_to(mean, (poses_2d.frames, *mean.shape))
        cameras = self._cameras(poses_2d, camera)
        if self.views is None or cameras is None:
            return everywhere
        return self.views.back(everywhere, poses_2d, [cameras[key] for key in poses_2d.keys])

    @property
    def dims(self) -> int:
        """Coordinates D of a lifted joint: 3, or 1 for depth only."""
        return self.normalization.dims

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> Path:
        """Write the lifter to one file, which `liftpose.load` reads.

        Parameters
        ----------
        path : path-like
            Where to, such as ``"fly.lifter"``.
        overwrite : bool
            Whether a file that is there is replaced.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        FileExistsError, IsADirectoryError, FileNotFoundError
            Something is there already, or the folder is not.
        ValueError
            The lifter was not fitted.
        """
        from liftpose.lifter.lifter_file import save

        return save(self, path, overwrite)

    @property
    def digest(self) -> str:
        """SHA-256 of all that the lifter is, 64 hexadecimal digits."""
        from liftpose.lifter.lifter_file import digest

        if self._digest is None:
            self._digest = digest(self)
        return self._digest

    @property
    def provenance(self) -> dict[str, str]:
        """What results have to say about the lifter they come from."""
        version, options = _version_and_options(self.options)
        return {
            "liftpose_version": version,
            "lifter": self.digest,
            "lifter_options": options,
            "skeleton": self.skeleton_known.as_json,
        }

    def __str__(self) -> str:
        return as_text(self)

    def __repr__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return as_html(self)

    def state(self) -> dict[str, Any]:
        """Everything the lifter is, as plain values and tensors."""
        return as_state(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Lifter:
        """Build a lifter from what `state` gave.

        It is put on the device that its options name, or where this machine has none of that
        name, on the one that ``"auto"`` means.

        Parameters
        ----------
        state : mapping
            As `state` gave it, or an earlier version of this package.

        Returns
        -------
        Lifter
        """
        lifter = cls(skeleton_of(state), options=Options(**state["options"]))
        restore(lifter, state)
        return lifter


def _is_whole(points: Floats) -> bool:
    """Whether every joint was seen."""
    return math.isfinite(np.add.reduce(points, None))


def _of_one_place(views: Views | None, steps: Sequence[Augmentation]) -> bool:
    """Whether where a pose is in the image means anything: one camera filmed all of it."""
    made = any(getattr(step, "makes_2d", False) for step in steps)
    return not made and (views is None or isinstance(views.cameras, Camera))


@lru_cache(maxsize=64)
def _version_and_options(options: Options) -> tuple[str, str]:
    """Say what does not change between two lifts: to find it out costs more than to lift a pose."""
    return str(liftpose.__version__), json.dumps(options.as_dict())
