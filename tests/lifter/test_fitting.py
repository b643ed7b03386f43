"""What a lifter tells its augmentations, and how it chooses their strength."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from liftpose import Camera, Lifter, Poses, Skeleton
from liftpose.datasets import mouse
from liftpose.lifter.augmentation import perturb_pose, physical, random_project
from liftpose.lifter.batch import Batch
from liftpose.lifter.fitting import DRAWN
from liftpose.lifter.members import kernel
from liftpose.lifter.normalization import Anchoring, unit_norm
from liftpose.lifter.opt import Options
from liftpose.lifter.solving import WORTHWHILE

K = [[900.0, 0.0, 320.0], [0.0, 900.0, 240.0], [0.0, 0.0, 1.0]]
TURN = [[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]]
CAMERA = Camera(K, TURN, [0.0, 0.0, 30.0], [-0.2, 0.05, 0.0, 0.0])
LEG = Skeleton(["hip", "knee", "ankle", "toe"], [(0, 1), (1, 2), (2, 3)], roots=["hip"])


@dataclass
class Watch:
    """An augmentation that changes nothing and keeps what it was given."""

    moves: bool = True
    seen: list[Batch] = field(default_factory=list)

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        self.seen.append(batch)
        return batch


@pytest.fixture(autouse=True)
def _quick_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels that learn from few of the draws: what is looked at here is all else."""
    monkeypatch.setattr(kernel, "FRAMES", 2000)


def walk(frames: int = 300, seed: int = 0) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.normal(size=(frames, 4, 3)) * 0.2 + [[0.0, 0.0, 0.0]], axis=1) + np.cumsum(
        rng.normal(size=(frames, 4, 3)) * 0.05, axis=0
    )


def test_every_pose_is_drawn_once_an_epoch_some_at_a_time_in_their_order() -> None:
    pose_3d, watch = walk(2 * DRAWN + 7), Watch()
    lifter = Lifter(LEG, epochs=2, device="cpu")
    lifter.fit(CAMERA.project(pose_3d), pose_3d, augmentation=[watch])
    epochs = watch.seen[-6:]
    assert [len(batch.pose_3d) for batch in epochs] == [DRAWN, DRAWN, 7] * 2
    for parts in (epochs[:3], epochs[3:]):
        together = torch.cat([batch.pose_3d for batch in parts])
        assert torch.equal(together, torch.from_numpy(pose_3d))


def test_augmentations_learn_skeleton_and_camera_from_the_lifter() -> None:
    pose_3d, watch = walk(), Watch()
    other = Camera(K, TURN, [1.0, 2.0, 40.0])
    poses = {"one": pose_3d, "two": walk(seed=1)}
    seen = {"one": CAMERA.project(poses["one"]), "two": other.project(poses["two"])}
    lifter = Lifter(LEG, network="ridge")
    lifter.fit(seen, poses, camera={"one": CAMERA, "two": other}, augmentation=[watch])
    batch = watch.seen[0]
    assert batch.skeleton == LEG
    assert len(batch.cameras) == 2
    for number, camera in enumerate(batch.cameras):
        rows = batch.experiment == number
        np.testing.assert_allclose(
            camera.project(batch.pose_3d[rows]), batch.pose_2d[rows], atol=1e-6
        )


def test_2d_is_moved_by_the_lifters_camera() -> None:
    # Strong perspective, which no affine camera can follow.
    near = Camera(K, TURN, [0.0, 0.0, 6.0])
    pose_3d, watch = walk(), Watch()
    lifter = Lifter(LEG, network="ridge")
    steps = [perturb_pose(spread=0.2), watch]
    lifter.fit(near.project(pose_3d), pose_3d, camera=near, augmentation=steps)
    batch = watch.seen[0]
    shown = batch.cameras[0].project(batch.pose_3d)
    np.testing.assert_allclose(batch.pose_2d, shown, atol=1e-6)
    assert not torch.allclose(batch.pose_3d[:300], torch.from_numpy(pose_3d @ near.R.T))


def test_cameras_that_cannot_show_the_poses_are_not_used(caplog: Any) -> None:
    pose_3d, watch = walk(), Watch()
    seen = CAMERA.project(pose_3d)
    turned = Camera(K, TURN, None, CAMERA.dist)
    with caplog.at_level(logging.WARNING, "liftpose"):
        Lifter(LEG, network="ridge").fit(seen, pose_3d, camera=turned, augmentation=[watch])
    assert watch.seen[0].cameras == ()
    assert "translation t" in caplog.text
    caplog.clear()
    quiet = Watch(moves=False)
    with caplog.at_level(logging.WARNING, "liftpose"):
        Lifter(LEG, network="ridge").fit(seen, pose_3d, camera=turned, augmentation=[quiet])
    assert not caplog.text


def test_two_cameras_for_the_same_poses_are_refused() -> None:
    pose_3d = walk()
    with pytest.raises(ValueError, match="to the lifter and to an augmentation"):
        Lifter(LEG, network="ridge").fit(
            CAMERA.project(pose_3d), pose_3d, CAMERA, augmentation=[physical(camera=CAMERA)]
        )


@pytest.mark.parametrize("norm_2d", [True, False])
def test_statistics_of_random_projections_are_estimated_in_the_fit(norm_2d: bool) -> None:
    pose_3d = walk(400)
    step = random_project({0: [[-40, 40]] * 3}, "zyx", norm_2d=norm_2d)
    lifter = Lifter(LEG, network="ridge").fit(None, pose_3d, augmentation=[step])
    rng = torch.Generator().manual_seed(77)
    anchoring = Anchoring(LEG.sets)
    data = Batch(
        torch.zeros(400, 4, 2).double(),
        torch.from_numpy(pose_3d),
        torch.ones(400, 4, 3, dtype=torch.bool),
        torch.zeros(400, dtype=torch.int64),
        ("",),
        LEG.sets.roots,
        LEG.sets.sets,
    )
    drawn = [step(data, rng) for _ in range(60)]
    image = torch.cat([anchoring.relative(one.pose_2d) for one in drawn])
    image = (unit_norm(image) if norm_2d else image).flatten(1)
    np.testing.assert_allclose(lifter.normalization.std_in, image.std(0), rtol=0.03)
    np.testing.assert_allclose(
        lifter.normalization.mean_in, image.mean(0), atol=0.03 * float(image.std())
    )


def animals(
    numbers: Iterator[int] | range, frames: int = 200
) -> tuple[Poses, Poses, Skeleton, Camera]:
    made = {f"mouse{n}": mouse(frames, seed=n, animal=n) for n in numbers}
    some = next(iter(made.values()))
    return (
        Poses.from_experiments({key: one.pose_2d for key, one in made.items()}, None, (2,)),
        Poses.from_experiments({key: one.poses_3d for key, one in made.items()}, None, (3,)),
        some.skeleton,
        some.cameras[0],
    )


class TestChoice:
    def fitted(self, step: Any, numbers: range = range(4), **settings: Any) -> Lifter:
        seen, poses, skeleton, camera = animals(numbers)
        lifter = Lifter(skeleton, **{"network": "ridge", "job": 1, **settings})
        return lifter.fit(seen, poses, camera, augmentation=None if step is None else [step])

    def test_the_strength_of_least_held_out_error_is_taken(self) -> None:
        lifter = self.fitted(physical(strength="auto"))
        shares = lifter.choice["physical_errors"]
        assert set(shares) == {"0", "0.5", "1"}
        assert shares["0"] == 1.0
        best = min(shares, key=lambda strength: shares[strength])
        assert lifter.choice["physical"] == (float(best) if shares[best] < WORTHWHILE else 0.0)
        assert lifter.choice["physical"] > 0
        fixed = self.fitted(physical(strength=lifter.choice["physical"]))
        assert torch.equal(fixed.ridge.weights, lifter.ridge.weights)

    def test_what_does_harm_is_left_out(self) -> None:
        # Noise as large as the animal, which no held-out frame has.
        lifter = self.fitted(physical(strength="auto", noise=1.0, rotation=60.0))
        assert lifter.choice["physical"] == 0.0
        assert min(lifter.choice["physical_errors"].values()) == 1.0
        assert torch.equal(lifter.ridge.weights, self.fitted(None).ridge.weights)

    def test_validation_poses_decide_where_they_are_given(self) -> None:
        seen, poses, skeleton, camera = animals(range(1))
        others = animals(range(5, 8))[:2]
        lifter = Lifter(skeleton, network="ridge", job=1)
        lifter.fit(seen, poses, camera, validation=others, augmentation=[physical(strength="auto")])
        shares = lifter.choice["physical_errors"]
        assert shares["0"] == 1.0
        # Animals of other sizes, of which the one animal's own held-out frames know nothing.
        assert lifter.choice["physical"] > 0

    def test_nothing_is_chosen_on_too_few_frames(self) -> None:
        pose_3d = walk(5)
        lifter = Lifter(LEG, network="ridge")
        lifter.fit(
            CAMERA.project(pose_3d), pose_3d, CAMERA, augmentation=[physical(strength="auto")]
        )
        assert lifter.choice["physical"] == 0.0

    @pytest.mark.parametrize("network", ["residual", "martinez"])
    def test_networks_train_with_what_was_chosen(self, network: str) -> None:
        step = physical(strength="auto")
        lifter = self.fitted(step, network=network, epochs=1)
        assert lifter.choice["physical"] > 0
        again = self.fitted(physical(strength=lifter.choice["physical"]), network=network, epochs=1)
        assert lifter.network is not None
        assert again.network is not None
        for one, other in zip(lifter.network.parameters(), again.network.parameters(), strict=True):
            assert torch.equal(one, other)

    def test_options_know_nothing_of_it(self) -> None:
        assert not any("physical" in name for name in Options().as_dict())
