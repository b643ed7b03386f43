"""Training augmentation against SciPy, closed forms and slow twins that walk pose by pose."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.transform import Rotation

from liftpose.geometry.bones import bone_lengths, with_bone_lengths
from liftpose.geometry.camera import Camera
from liftpose.lifter.augmentation import (
    Augmentation,
    Batch,
    add_noise,
    perturb_pose,
    physical,
    project_to_cam,
    random_project,
)
from liftpose.lifter.physical import BoneTree
from liftpose.poses import Key
from liftpose.skeleton import Skeleton

Array = Any
seeds = st.integers(0, 2**32 - 1)

CHILD = [[1, 4], [2], [3], [], [5], []]
BONES = [(0, 1), (2, 1), (2, 3), (0, 4), (5, 4)]
AVERAGE = np.asarray([3.0, 2.0, 1.0, 4.0, 1.5])
SPREAD = np.asarray([0.3, 0.2, 0.05, 0.5, 0.0])
INTRINSICS = np.asarray([[900.0, 3.0, 320.0], [0.0, 880.0, 240.0], [0.0, 0.0, 1.0]])
RANGES = [[-30, 40], [10, 80], [-170, 5]]
SKELETON = Skeleton(list("abcdef"), bones=BONES, roots=[0])
LENS = [-0.1, 0.02, 0.001, -0.002, 0.003]


def make_batch(
    seed: int = 0,
    size: int = 12,
    keys: tuple[Key, ...] = ("fly1", "fly2", "fly3"),
    missing: float = 0.15,
) -> Batch:
    rng = np.random.default_rng(seed)
    pose_3d = rng.normal(size=(size, 6, 3)) * 3
    pose_2d = rng.normal(size=(size, 6, 2)) * 50 + 300
    pose_3d[rng.random((size, 6)) < missing] = np.nan
    pose_3d[rng.random((size, 6, 3)) < missing / 3] = np.nan
    pose_2d[rng.random((size, 6)) < missing] = np.nan
    counts = np.isfinite(pose_3d) & (rng.random(pose_3d.shape) > missing / 3)
    return Batch(
        pose_2d=torch.from_numpy(pose_2d),
        pose_3d=torch.from_numpy(pose_3d),
        counts=torch.from_numpy(counts),
        experiment=torch.from_numpy(rng.integers(len(keys), size=size)),
        keys=keys,
        roots=(0, 4),
        target_sets=((1, 2, 3), (5,)),
    )


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def arrays(batch: Batch) -> tuple[Array, Array, Array]:
    return batch.pose_2d.numpy(), batch.pose_3d.numpy(), batch.counts.numpy()


def assert_same(first: Batch, second: Batch) -> None:
    for one, other in zip(arrays(first), arrays(second), strict=True):
        np.testing.assert_array_equal(one, other)


AUGMENTATIONS: dict[str, Callable[[], Any]] = {
    "add_noise": lambda: add_noise(3.0),
    "orthographic": lambda: random_project({0: RANGES}, "zyx"),
    "perspective": lambda: random_project({0: RANGES}, "zyx", tvec=[0, 0, 20], intr=INTRINSICS),
    "several": lambda: random_project({0: RANGES, 1: RANGES}, "XYZ"),
    "perturb_pose": lambda: perturb_pose(1.0, CHILD, BONES, AVERAGE, SPREAD),
    "perturb_bones": lambda: perturb_pose(skeleton=SKELETON, spread=0.1),
    "physical": lambda: physical(SKELETON),
    "project_to_cam": lambda: project_to_cam(INTRINSICS, np.eye(3)[[1, 2, 0]], [0, 0, 20]),
}


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_batches_are_not_written_into_and_seeds_repeat(name: str) -> None:
    augmentation: Augmentation = AUGMENTATIONS[name]()
    batch, untouched = make_batch(), make_batch()
    torch.manual_seed(0)
    first = augmentation(batch, seeded(5))
    torch.manual_seed(1)
    second = augmentation(batch, seeded(5))
    assert_same(batch, untouched)
    assert_same(first, second)
    for field in fields(Batch):
        if field.name not in ("pose_2d", "pose_3d", "counts", "cameras"):
            assert getattr(first, field.name) is getattr(batch, field.name)
    assert first.pose_2d.dtype == first.pose_3d.dtype == torch.float64
    assert first.counts.dtype == torch.bool
    held = [first.pose_2d.untyped_storage(), first.pose_3d.untyped_storage()]
    assert held[0].data_ptr() != held[1].data_ptr()
    assert (first.pose_2d.shape, first.counts.shape) == (batch.pose_2d.shape, batch.counts.shape)
    if name != "project_to_cam":
        other = augmentation(batch, seeded(6))
        assert not np.array_equal(first.pose_2d.numpy(), other.pose_2d.numpy(), equal_nan=True)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_global_random_state_is_left_alone(name: str) -> None:
    state = torch.get_rng_state()
    AUGMENTATIONS[name]()(make_batch(), seeded())
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_an_empty_batch_stays_empty(name: str) -> None:
    empty = AUGMENTATIONS[name]()(make_batch(size=0), seeded())
    assert empty.pose_2d.shape == (0, 6, 2)
    assert empty.pose_3d.shape == (0, 6, 3)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_each_tells_the_lifter_what_it_does(name: str) -> None:
    augmentation = AUGMENTATIONS[name]()
    makes_2d = name not in ("add_noise", "perturb_pose", "perturb_bones", "physical")
    assert augmentation.makes_2d is makes_2d
    assert augmentation.norm_2d is None
    assert augmentation == AUGMENTATIONS[name]()
    augmentation.check(keys=("fly1",), joint_count=6)


@pytest.mark.parametrize("name", [name for name in AUGMENTATIONS if name != "add_noise"])
def test_one_coordinate_is_not_enough(name: str) -> None:
    batch = make_batch()
    depth = replace(batch, pose_3d=batch.pose_3d[..., :1], counts=batch.counts[..., :1])
    with pytest.raises(ValueError, match="three coordinates"):
        AUGMENTATIONS[name]()(depth, seeded())


class TestAddNoise:
    def test_noise_is_gaussian_of_that_size_and_independent(self) -> None:
        batch = make_batch(size=4000, missing=0.0)
        amplitude = np.linspace(0.5, 6, 12).reshape(6, 2)
        noise = (add_noise(amplitude)(batch, seeded()).pose_2d - batch.pose_2d).numpy()
        standard = (noise / amplitude).reshape(len(noise), -1)
        assert stats.kstest(standard.ravel(), "norm").pvalue > 1e-3
        np.testing.assert_allclose(standard.std(axis=0), 1, atol=0.06)
        off_diagonal = np.corrcoef(standard.T) - np.eye(12)
        assert np.abs(off_diagonal).max() < 0.08

    @pytest.mark.parametrize("amplitude", [2.0, [2.0, 2.0], np.full((6, 1), 2), np.full((6, 2), 2)])
    def test_any_amplitude_that_broadcasts(self, amplitude: Any) -> None:
        batch = make_batch()
        assert_same(add_noise(amplitude)(batch, seeded()), add_noise(2.0)(batch, seeded()))

    def test_only_the_2d_changes_and_unseen_stays_unseen(self) -> None:
        batch = make_batch()
        noisy = add_noise(1.0)(batch, seeded())
        assert torch.equal(torch.isnan(noisy.pose_2d), torch.isnan(batch.pose_2d))
        assert noisy.pose_3d is batch.pose_3d
        assert noisy.counts is batch.counts
        assert_same(add_noise(0.0)(batch, seeded()), batch)

    def test_depth_alone_is_fine(self) -> None:
        batch = make_batch()
        add_noise(1.0)(replace(batch, pose_3d=batch.pose_3d[..., :1]), seeded())

    @pytest.mark.parametrize("amplitude", [-1.0, [1.0, -1.0], np.nan, np.inf, np.ones((1, 6, 2))])
    def test_bad_amplitudes_are_refused(self, amplitude: Any) -> None:
        with pytest.raises(ValueError, match="noise_amplitude"):
            add_noise(amplitude)

    def test_amplitudes_for_other_joints_are_refused_early(self) -> None:
        with pytest.raises(ValueError, match=r"\(5, 2\).*6 joints"):
            add_noise(np.ones((5, 2))).check(("fly1",), 6)
        with pytest.raises(ValueError, match=r"\(3,\)"):
            add_noise(np.ones(3))(make_batch(), seeded())


def fixed(angles: Array) -> list[list[float]]:
    return [[angle, angle] for angle in angles]


def project_slowly(
    batch: Batch, rotation: Array, tvec: Array | None, intr: Array | None, vis: Array | None
) -> tuple[Array, Array, Array]:
    """Rotation, translation and projection of each joint by itself."""
    _, pose_3d, counts = arrays(batch)
    image = np.full((*pose_3d.shape[:2], 2), np.nan)
    space = np.full(pose_3d.shape, np.nan)
    kept = np.zeros(counts.shape, dtype=bool)
    for i, j in np.ndindex(*pose_3d.shape[:2]):
        point = pose_3d[i, j]
        if not np.isfinite(point).all():
            continue
        kept[i, j] = counts[i, j].all()
        space[i, j] = rotation @ point + (0 if tvec is None else tvec)
        if vis is not None and not vis[j]:
            continue
        if intr is None:
            image[i, j] = space[i, j, :2]
        elif space[i, j, 2] > 0:
            image[i, j] = (intr @ space[i, j])[:2] / space[i, j, 2]
    return image, space, kept


class TestRandomProject:
    @settings(deadline=None, max_examples=60)
    @given(
        seed=seeds,
        order=st.sampled_from(["zyx", "XYZ", "yxz", "ZXZ", "xy", "Z"]),
        move=st.booleans(),
        perspective=st.booleans(),
        hide=st.booleans(),
    )
    def test_fixed_angles_are_scipys_pose_by_pose(
        self, seed: int, order: str, move: bool, perspective: bool, hide: bool
    ) -> None:
        rng = np.random.default_rng(seed)
        batch = make_batch(seed)
        angles = rng.uniform(-180, 180, len(order))
        # Near enough that some joints fall behind the camera.
        tvec = rng.normal(size=3) * 2 + [0, 0, 4] if move else None
        intr = INTRINSICS if perspective else None
        vis = rng.random(6) < 0.5 if hide else None
        augmentation = random_project({0: fixed(angles)}, order, vis=vis, tvec=tvec, intr=intr)
        rotation = Rotation.from_euler(order, angles, degrees=True).as_matrix()
        expected = project_slowly(batch, rotation, tvec, intr, vis)
        for found, wanted in zip(arrays(augmentation(batch, seeded())), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-7)

    @pytest.mark.parametrize("missing", [0.0, 0.15])
    def test_every_pose_is_turned_by_its_own_draw(self, missing: float) -> None:
        batch = make_batch(size=50, missing=missing)
        ranges = {"left": RANGES, "right": [[90, 170], [-80, -10], [5, 170]]}
        augmentation = random_project(ranges, "zyx")
        turned = augmentation(batch, seeded(3))
        generator = seeded(3)
        drawn = torch.randint(2, (50,), generator=generator).numpy()
        share = torch.rand(50, 3, generator=generator, dtype=torch.float64).numpy()
        for i in range(50):
            low, high = np.asarray(ranges[("left", "right")[drawn[i]]]).T
            rotation = Rotation.from_euler("zyx", low + (high - low) * share[i], degrees=True)
            alone = replace(batch, pose_3d=batch.pose_3d[i : i + 1], counts=batch.counts[i : i + 1])
            expected = project_slowly(alone, rotation.as_matrix(), None, None, None)
            for found, wanted in zip(arrays(turned), expected, strict=True):
                np.testing.assert_allclose(found[i], wanted[0], rtol=1e-9, atol=1e-9)

    def test_points_behind_the_camera_occur_and_are_not_seen(self) -> None:
        batch = make_batch(missing=0.0)
        turned = random_project({0: RANGES}, "zyx", tvec=[0, 0, 3], intr=INTRINSICS)(
            batch, seeded()
        )
        behind = turned.pose_3d[..., 2] <= 0
        assert behind.any()
        assert not behind.all()
        assert torch.equal(torch.isnan(turned.pose_2d).all(-1), behind)
        assert torch.equal(torch.isnan(turned.pose_2d).any(-1), behind)
        assert turned.counts.all()

    def test_angles_are_uniform_in_their_ranges_and_independent(self) -> None:
        batch = make_batch(size=4000, missing=0.0)
        turned = random_project({0: RANGES}, "zyx")(batch, seeded())
        rotation = np.linalg.lstsq(batch.pose_3d.numpy()[0], turned.pose_3d.numpy()[0], rcond=None)
        np.testing.assert_allclose(rotation[0] @ rotation[0].T, np.eye(3), atol=1e-9)
        matrices = np.linalg.pinv(batch.pose_3d.numpy()) @ turned.pose_3d.numpy()
        angles = Rotation.from_matrix(matrices.swapaxes(-1, -2)).as_euler("zyx", degrees=True)
        for column, (low, high) in zip(angles.T, RANGES, strict=True):
            assert column.min() >= low - 1e-6
            assert column.max() <= high + 1e-6
            assert stats.kstest(column, "uniform", (low, high - low)).pvalue > 1e-3
        assert np.abs(np.corrcoef(angles.T) - np.eye(3)).max() < 0.06

    def test_lengths_are_kept(self) -> None:
        batch = make_batch(missing=0.0)
        turned = random_project({0: RANGES}, "zyx", tvec=[1, 2, 3])(batch, seeded())
        np.testing.assert_allclose(
            bone_lengths(turned.pose_3d, BONES), bone_lengths(batch.pose_3d, BONES)
        )

    def test_the_call_of_the_published_readme(self) -> None:
        published: dict[str, Any] = {
            "eangles": {0: [[-10, 10], [-10, 10], [-10, 10]]},
            "axsorder": "zyx",
            "vis": None,
            "tvec": None,
            "intr": None,
        }
        augmentation = random_project(**published)
        turned = augmentation(make_batch(keys=("experiment_1",)), seeded())
        assert torch.isfinite(turned.pose_2d).any()

    def test_2d_is_not_needed(self) -> None:
        batch = make_batch()
        blind = replace(batch, pose_2d=torch.full_like(batch.pose_2d, torch.nan))
        augmentation = random_project({0: RANGES}, "zyx")
        assert_same(augmentation(batch, seeded()), augmentation(blind, seeded()))

    def test_a_value_that_does_not_count_is_turned_but_does_not_count(self) -> None:
        batch = make_batch(missing=0.0)
        counts = torch.ones_like(batch.counts)
        counts[0, 1, 2] = False
        pose_3d = batch.pose_3d.clone()
        pose_3d[0, 2, 0] = torch.nan
        turned = random_project({0: RANGES}, "zyx")(
            replace(batch, counts=counts, pose_3d=pose_3d), seeded()
        )
        assert not turned.counts[0, 1:3].any()
        assert turned.counts.sum() == turned.counts.numel() - 6
        assert torch.isfinite(turned.pose_3d[0, 1]).all()
        assert torch.isfinite(turned.pose_2d[0, 1]).all()
        assert torch.isnan(turned.pose_3d[0, 2]).all()
        whole = random_project({0: RANGES}, "zyx")(replace(batch, counts=counts), seeded())
        assert not whole.counts[0, 1].any()
        assert whole.counts.sum() == whole.counts.numel() - 3
        holed = random_project({0: RANGES}, "zyx")(
            replace(batch, counts=torch.ones_like(counts), pose_3d=pose_3d), seeded()
        )
        assert not holed.counts[0, 2].any()
        assert holed.counts.sum() == holed.counts.numel() - 3

    @pytest.mark.parametrize("norm_2d", [True, False])
    def test_norm_2d_is_as_asked(self, norm_2d: bool) -> None:
        assert random_project({0: RANGES}, "zyx", norm_2d=norm_2d).norm_2d is norm_2d


class TestCameras:
    """The camera of each pose shows in its translation, when nothing turns."""

    STILL = fixed([0.0, 0.0, 0.0])

    def camera_seen(self, batch: Batch, augmentation: Augmentation, seed: int = 0) -> Array:
        moved = augmentation(batch, seeded(seed)).pose_3d - batch.pose_3d
        return np.nanmedian(moved.numpy()[:, :, 0], axis=1).round(9)

    def test_keys_name_their_camera(self) -> None:
        keys: tuple[Key, ...] = (("fly1", 2), ("fly2", "left"), ("fly1", 0))
        batch = make_batch(keys=keys, missing=0.0)
        cameras: list[Any] = [0, 2, "left"]
        augmentation = random_project(
            dict.fromkeys(cameras, self.STILL),
            "zyx",
            tvec={0: [100, 0, 0], 2: [102, 0, 0], "left": [-5, 0, 0], "unused": [7, 0, 0]},
        )
        expected = np.asarray([102.0, -5.0, 100.0])[batch.experiment.numpy()]
        np.testing.assert_array_equal(self.camera_seen(batch, augmentation), expected)

    def test_numpy_integers_name_cameras(self) -> None:
        keys: Any = (("fly1", np.int64(1)), ("fly1", np.int32(0)))
        batch = make_batch(keys=keys, missing=0.0)
        augmentation = random_project(
            {0: self.STILL, 1: self.STILL}, "zyx", tvec=np.asarray([[10.0, 0, 0], [11, 0, 0]])
        )
        expected = np.asarray([11.0, 10.0])[batch.experiment.numpy()]
        np.testing.assert_array_equal(self.camera_seen(batch, augmentation), expected)

    def test_unnamed_cameras_are_drawn_evenly_and_named_ones_kept(self) -> None:
        keys: tuple[Key, ...] = ("fly1", 1, ("fly2", 1), ("fly2", "nowhere"))
        batch = make_batch(size=8000, keys=keys, missing=0.0)
        augmentation = random_project(
            dict.fromkeys(range(3), self.STILL), "zyx", tvec=[[0, 0, 0], [1, 0, 0], [2, 0, 0]]
        )
        seen = self.camera_seen(batch, augmentation)
        experiment = batch.experiment.numpy()
        assert (seen[experiment == 2] == 1).all()
        for unnamed in (0, 1, 3):
            counted = np.unique(seen[experiment == unnamed], return_counts=True)
            np.testing.assert_array_equal(counted[0], [0, 1, 2])
            assert stats.chisquare(counted[1]).pvalue > 1e-3

    def test_a_single_camera_is_used_whatever_the_keys_say(self) -> None:
        batch = make_batch(keys=(("fly1", 2), "fly2"), missing=0.0)
        for eangles in ({7: self.STILL}, [self.STILL], self.STILL, np.asarray(self.STILL)):
            seen = self.camera_seen(batch, random_project(eangles, "zyx", tvec=[4.0, 0, 0]))
            np.testing.assert_array_equal(seen, 4.0)

    def test_numbered_cameras_take_entries_by_number_and_others_by_place(self) -> None:
        batch = make_batch(keys=(("fly", 0), ("fly", 1)), missing=0.0)
        numbered = random_project(
            {1: self.STILL, 0: self.STILL}, "zyx", tvec=[[10, 0, 0], [11, 0, 0]]
        )
        expected = np.asarray([10.0, 11.0])[batch.experiment.numpy()]
        np.testing.assert_array_equal(self.camera_seen(batch, numbered), expected)
        named = random_project(
            {"right": self.STILL, "left": self.STILL}, "zyx", tvec=[[10, 0, 0], [11, 0, 0]]
        )
        batch = replace(batch, keys=(("fly", "right"), ("fly", "left")))
        np.testing.assert_array_equal(self.camera_seen(batch, named), expected)

    def test_every_argument_follows_its_camera(self) -> None:
        batch = make_batch(keys=(("fly", "a"), ("fly", "b")), missing=0.0)
        turn = [30.0, -20.0, 100.0]
        second = INTRINSICS * [[0.5], [0.5], [1.0]]
        visible = [True, False, True, True, False, True]
        augmentation = random_project(
            {"a": self.STILL, "b": fixed(turn)},
            "zyx",
            vis=[None, visible],
            tvec={"a": None, "b": np.asarray([[0.0], [1.0], [30.0]])},
            intr=[None, second],
        )
        found = arrays(augmentation(batch, seeded()))
        rotation = Rotation.from_euler("zyx", turn, degrees=True).as_matrix()
        twins = (
            project_slowly(batch, np.eye(3), None, None, None),
            project_slowly(batch, rotation, np.asarray([0.0, 1.0, 30.0]), second, visible),
        )
        for experiment, twin in enumerate(twins):
            poses = batch.experiment.numpy() == experiment
            assert poses.any()
            for one, other in zip(found, twin, strict=True):
                np.testing.assert_allclose(one[poses], other[poses], atol=1e-9)

    def test_one_array_holds_for_all_cameras(self) -> None:
        batch = make_batch(keys=(("fly", 0), ("fly", 1)))
        alone: dict[str, Any] = {
            "vis": [1, 0, 1, 1, 1, 0],
            "tvec": np.asarray([0, 0, 9.0]),
            "intr": INTRINSICS,
        }
        one = random_project([RANGES, RANGES], "zyx", **alone)
        repeated: dict[str, Any] = {name: [value] * 2 for name, value in alone.items()}
        each = random_project([RANGES, RANGES], "zyx", **repeated)
        assert_same(one(batch, seeded()), each(batch, seeded()))
        assert one == each

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"axsorder": "zYx"}, "mixes"),
            ({"axsorder": "zy"}, "camera 0 must be 2 ranges"),
            ({"eangles": {}}, "names no camera"),
            ({"eangles": {0: [[0, 1], [0, 1], [5, 1]]}}, "low not above its high"),
            ({"eangles": {0: [[0, 1], [0, 1], [0, np.nan]]}}, "finite"),
            ({"tvec": {0: [0, 0, 1]}}, "tvec has no entry for camera 1"),
            ({"tvec": [[0, 0, 1]]}, "tvec has 1 entries and eangles 2 cameras"),
            ({"tvec": [[0, 0, 1], [0, 1]]}, r"tvec of camera 1: t must have shape \(3,\)"),
            ({"intr": np.eye(3)[:2]}, "intr of camera 0"),
            ({"intr": INTRINSICS.T}, "last row 0 0 1.*transposed"),
            ({"vis": [[1, 1, 2], [1, 1, 1]]}, "vis of camera 0"),
        ],
    )
    def test_wrong_arguments_are_named(self, arguments: dict[str, Any], message: str) -> None:
        right: dict[str, Any] = {"eangles": {0: RANGES, 1: RANGES}, "axsorder": "zyx"}
        with pytest.raises(ValueError, match=message):
            random_project(**{**right, **arguments})

    def test_visibility_of_other_joints_is_refused_early(self) -> None:
        augmentation = random_project({0: RANGES}, "zyx", vis={0: [True] * 5})
        with pytest.raises(ValueError, match=r"vis of camera 0 has 5 entries.*6 joints"):
            augmentation.check(("fly1",), 6)
        with pytest.raises(ValueError, match="vis of camera 0"):
            augmentation(make_batch(), seeded())


def with_affine_2d(batch: Batch, seed: int) -> tuple[Batch, Array, Array]:
    """The batch with the 2D of another weak-perspective camera for each experiment."""
    rng = np.random.default_rng(seed)
    camera = torch.from_numpy(rng.normal(size=(len(batch.keys), 2, 3)) * 20)
    offset = torch.from_numpy(rng.normal(size=(len(batch.keys), 1, 2)) * 300)
    image = batch.pose_3d @ camera[batch.experiment].mT + offset[batch.experiment]
    unseen = torch.isnan(batch.pose_2d)
    return replace(batch, pose_2d=torch.where(unseen, torch.nan, image)), camera, offset


def from_x(angle: float) -> Array:
    return Rotation.from_euler("x", angle, degrees=True).as_matrix()


def through(cameras: tuple[Camera, ...], batch: Batch, pose_3d: torch.Tensor) -> torch.Tensor:
    """Each pose as the camera of its experiment shows it, one by one."""
    return torch.stack(
        [
            cameras[int(number)].project(pose)
            for number, pose in zip(batch.experiment, pose_3d, strict=True)
        ]
    )


class TestPerturbPose:
    def test_lengths_are_drawn_as_asked_and_directions_kept(self) -> None:
        batch = make_batch(size=4000, missing=0.0)
        perturbed = perturb_pose(1.5, CHILD, BONES, AVERAGE, SPREAD)(batch, seeded())
        lengths = bone_lengths(perturbed.pose_3d, BONES).numpy()
        np.testing.assert_allclose(lengths.mean(axis=0), AVERAGE, atol=0.05)
        np.testing.assert_allclose(lengths.std(axis=0), 1.5 * SPREAD, rtol=0.06, atol=1e-9)
        for column, mean, deviation in zip(lengths.T[:4], AVERAGE, 1.5 * SPREAD, strict=False):
            assert stats.kstest(column, "norm", (mean, deviation)).pvalue > 1e-3
        assert np.abs(np.corrcoef(lengths.T[:4]) - np.eye(4)).max() < 0.06
        for a, b in BONES:
            old = (batch.pose_3d[:, b] - batch.pose_3d[:, a]).numpy()
            new = (perturbed.pose_3d[:, b] - perturbed.pose_3d[:, a]).numpy()
            np.testing.assert_allclose(
                old / np.linalg.norm(old, axis=1, keepdims=True),
                new / np.linalg.norm(new, axis=1, keepdims=True),
                atol=1e-7,
            )
        np.testing.assert_array_equal(perturbed.pose_3d[:, 0], batch.pose_3d[:, 0])
        assert perturbed.counts is batch.counts

    def test_no_perturbation_gives_every_pose_the_average(self) -> None:
        batch = make_batch(missing=0.0)
        even = perturb_pose(0.0, CHILD, BONES, AVERAGE, SPREAD)(batch, seeded())
        np.testing.assert_allclose(
            bone_lengths(even.pose_3d, BONES), np.broadcast_to(AVERAGE, (12, 5)), rtol=1e-9
        )

    def test_lengths_stay_positive(self) -> None:
        batch = make_batch(size=500, missing=0.0)
        wild = perturb_pose(100.0, CHILD, BONES, AVERAGE, SPREAD)(batch, seeded())
        lengths = bone_lengths(wild.pose_3d, BONES).numpy()
        np.testing.assert_allclose(lengths[:, :4].min(axis=0), 0.01 * AVERAGE[:4], rtol=1e-6)

    def test_short_bones_are_not_passed_over(self) -> None:
        batch = make_batch(missing=0.0)
        tiny = replace(batch, pose_3d=batch.pose_3d * 1e-6)
        even = perturb_pose(0.0, CHILD, BONES, AVERAGE, SPREAD)(tiny, seeded())
        np.testing.assert_allclose(
            bone_lengths(even.pose_3d, BONES), np.broadcast_to(AVERAGE, (12, 5)), rtol=1e-7
        )

    @settings(deadline=None, max_examples=30)
    @given(seed=seeds, missing=st.sampled_from([0.0, 0.15]))
    def test_2d_follows_the_camera_of_each_experiment(self, seed: int, missing: float) -> None:
        batch, camera, offset = with_affine_2d(make_batch(seed, 60, missing=missing), seed)
        perturbed = perturb_pose(2.0, CHILD, BONES, AVERAGE, SPREAD)(batch, seeded())
        image = perturbed.pose_3d @ camera[batch.experiment].mT + offset[batch.experiment]
        both = torch.isfinite(image) & torch.isfinite(batch.pose_2d)
        np.testing.assert_allclose(perturbed.pose_2d[both], image[both], rtol=1e-6, atol=1e-4)
        assert torch.equal(torch.isnan(perturbed.pose_2d), torch.isnan(batch.pose_2d))
        assert torch.equal(torch.isnan(perturbed.pose_3d), torch.isnan(batch.pose_3d))
        assert not torch.equal(perturbed.pose_2d[both], batch.pose_2d[both])

    def test_camera_is_the_least_squares_fit_about_each_root(self) -> None:
        batch = make_batch(3, size=40)
        perturbed = perturb_pose(1.0, CHILD, BONES, AVERAGE, SPREAD)(batch, seeded())
        pose_2d, pose_3d, _ = arrays(batch)
        root = [0, 0, 0, 0, 4, 4]
        for experiment in range(3):
            poses = batch.experiment.numpy() == experiment
            space = (pose_3d - pose_3d[:, root])[poses].reshape(-1, 3)
            image = (pose_2d - pose_2d[:, root])[poses].reshape(-1, 2)
            seen = np.isfinite(space).all(1) & np.isfinite(image).all(1)
            camera = np.linalg.lstsq(space[seen], image[seen], rcond=None)[0]
            shift_3d = (perturbed.pose_3d - batch.pose_3d).numpy()[poses]
            shift_2d = (perturbed.pose_2d - batch.pose_2d).numpy()[poses]
            both = np.isfinite(shift_3d).all(-1) & np.isfinite(shift_2d).all(-1)
            np.testing.assert_allclose(shift_2d[both], (shift_3d @ camera)[both], atol=1e-8)

    def test_2d_of_flat_poses_moves_within_their_plane(self) -> None:
        # In an oblique plane, where rounding leaves the fit a direction that is not quite empty.
        batch = make_batch(missing=0.0)
        oblique = torch.from_numpy(Rotation.from_euler("xyz", [0.4, 1.1, -2.0]).as_matrix())
        camera = torch.tensor([[2.0, 1.0, 50.0], [0.0, 3.0, -70.0]], dtype=torch.float64)
        flat = (batch.pose_3d * torch.tensor([1.0, 1.0, 0.0])) @ oblique.mT
        batch = replace(batch, pose_3d=flat, pose_2d=flat @ camera.mT)
        perturbed = perturb_pose(1.0, CHILD, BONES, AVERAGE, SPREAD)(batch, seeded())
        np.testing.assert_allclose(perturbed.pose_2d, perturbed.pose_3d @ camera.mT, atol=1e-8)

    @settings(deadline=None, max_examples=30)
    @given(seed=seeds, known=st.sampled_from(["batch", "argument"]))
    def test_2d_is_projected_anew_where_the_camera_is_known(self, seed: int, known: str) -> None:
        # Two cameras, one with a lens; what the tracker was off by stays.
        rng = np.random.default_rng(seed)
        batch = make_batch(seed)
        one = Camera(INTRINSICS, t=[0, 0, 40], dist=LENS)
        other = Camera(INTRINSICS, from_x(90), [1, 0, 50])
        cameras = (one, other, one) if known == "batch" else (one,) * 3
        off = torch.from_numpy(rng.normal(size=(12, 6, 2)))
        image = through(cameras, batch, batch.pose_3d) + off
        batch = replace(batch, pose_2d=image, cameras=cameras if known == "batch" else ())
        given_camera = one if known == "argument" else None
        augmentation = perturb_pose(1.0, CHILD, BONES, AVERAGE, SPREAD, camera=given_camera)
        perturbed = augmentation(batch, seeded())
        expected = through(cameras, batch, perturbed.pose_3d) + off
        np.testing.assert_allclose(perturbed.pose_2d, expected, atol=1e-8)
        assert not np.allclose(perturbed.pose_2d, image, atol=1, equal_nan=True)

    @settings(deadline=None, max_examples=30)
    @given(seed=seeds)
    def test_a_skeleton_and_a_spread_are_enough(self, seed: int) -> None:
        batch = make_batch(seed, size=40, missing=0.0)
        perturbed = perturb_pose(0.5, skeleton=SKELETON, spread=0.2)(batch, seeded(seed))
        lengths = bone_lengths(perturbed.pose_3d, BONES)
        twin = with_bone_lengths(batch.pose_3d, CHILD, BONES, lengths)
        np.testing.assert_allclose(perturbed.pose_3d, twin, atol=1e-9)
        share = (lengths / bone_lengths(batch.pose_3d, BONES)).numpy()
        assert abs(share.mean() - 1) < 0.05
        assert abs(share.std() - 0.1) < 0.03
        assert_same(
            perturbed,
            perturb_pose(0.5, spread=0.2)(replace(batch, skeleton=SKELETON), seeded(seed)),
        )

    def test_bones_hang_on_the_side_of_the_root_and_rings_are_cut(self) -> None:
        ring = Skeleton(list("abcdef"), bones=[(5, 4), (4, 0), (0, 1), (1, 2), (2, 0)], roots=[0])
        tree = BoneTree.of_skeleton(ring)
        assert tree.edges == ((0, 4), (0, 1), (0, 2), (4, 5))
        batch = make_batch(missing=0.0)
        perturbed = perturb_pose(skeleton=ring, spread=0.3)(batch, seeded())
        np.testing.assert_array_equal(perturbed.pose_3d[:, [0, 3]], batch.pose_3d[:, [0, 3]])

    def test_the_form_without_measures_says_what_it_needs(self) -> None:
        with pytest.raises(TypeError, match="or spread"):
            perturb_pose(skeleton=SKELETON)
        with pytest.raises(TypeError, match="stands for all four"):
            perturb_pose(1.0, CHILD, spread=0.1)
        with pytest.raises(ValueError, match="no bones"):
            perturb_pose(skeleton=Skeleton(["a", "b"], roots=[0]), spread=0.1)
        with pytest.raises(ValueError, match="give skeleton="):
            perturb_pose(spread=0.1)(make_batch(), seeded())
        with pytest.raises(ValueError, match="has 6 joints and the poses have 7"):
            perturb_pose(skeleton=SKELETON, spread=0.1).check(("fly1",), 7)

    def test_without_2d_it_stays_unseen(self) -> None:
        batch = make_batch()
        blind = replace(batch, pose_2d=torch.full_like(batch.pose_2d, torch.nan))
        augmentation = perturb_pose(1.0, CHILD, BONES, AVERAGE, SPREAD)
        perturbed = augmentation(blind, seeded())
        assert torch.isnan(perturbed.pose_2d).all()
        np.testing.assert_array_equal(perturbed.pose_3d, augmentation(batch, seeded()).pose_3d)

    def test_a_later_projection_sees_the_new_lengths(self) -> None:
        batch = make_batch(missing=0.0)
        perturbed = perturb_pose(1.0, CHILD, BONES, AVERAGE, SPREAD)(batch, seeded(1))
        turned = random_project({0: RANGES}, "zyx")(perturbed, seeded(2))
        np.testing.assert_allclose(
            bone_lengths(turned.pose_3d, BONES), bone_lengths(perturbed.pose_3d, BONES)
        )
        np.testing.assert_array_equal(turned.pose_2d, turned.pose_3d[..., :2])

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"perturb": -0.1}, "perturb"),
            ({"perturb": np.nan}, "perturb"),
            ({"child": [[1], [0], [], [], [], []]}, "ring|neither hangs"),
            ({"bones": [(0, 1), (1, 3), (2, 3), (0, 4), (5, 4)]}, "bone 1 joins joints 1 and 3"),
            ({"bones": [(0, 1, 2)]}, "bone 0 must be a pair"),
            ({"avg_bone_len": AVERAGE[:4]}, r"avg_bone_len must have shape \(5,\)"),
            ({"std_bone_len": 1.0}, r"std_bone_len must have shape \(5,\)"),
            ({"avg_bone_len": AVERAGE * [1, 1, 0, 1, 1]}, r"bone 2 \(2, 3\).*positive"),
            ({"std_bone_len": -SPREAD}, r"bone 0 \(0, 1\)"),
        ],
    )
    def test_wrong_arguments_are_named(self, arguments: dict[str, Any], message: str) -> None:
        right: dict[str, Any] = {
            "perturb": 1.0,
            "child": CHILD,
            "bones": BONES,
            "avg_bone_len": AVERAGE,
            "std_bone_len": SPREAD,
        }
        with pytest.raises(ValueError, match=message):
            perturb_pose(**{**right, **arguments})

    def test_a_tree_of_other_joints_is_refused_early(self) -> None:
        augmentation = perturb_pose(1.0, CHILD, BONES, AVERAGE, SPREAD)
        with pytest.raises(ValueError, match="6 entries and the poses have 7"):
            augmentation.check(("fly1",), 7)


class TestProjectToCam:
    def test_without_arguments_it_is_the_first_two_coordinates(self) -> None:
        batch = make_batch()
        pose_3d = batch.pose_3d.clone()
        pose_3d[0, 0] = torch.tensor([1.0, 2.0, torch.nan])
        pose_3d[0, 1] = torch.tensor([1.0, torch.nan, 3.0])
        batch = replace(batch, pose_3d=pose_3d)
        seen = project_to_cam()(batch, seeded())
        half_seen = torch.isnan(pose_3d[..., :2]).any(-1, keepdim=True)
        expected = torch.where(half_seen, torch.nan, pose_3d[..., :2])
        np.testing.assert_array_equal(seen.pose_2d, expected)
        np.testing.assert_array_equal(seen.pose_3d, pose_3d)
        np.testing.assert_array_equal(seen.counts, batch.counts)

    @settings(deadline=None, max_examples=30)
    @given(seed=seeds, move=st.booleans(), perspective=st.booleans())
    def test_with_a_camera_it_is_the_slow_twin(
        self, seed: int, move: bool, perspective: bool
    ) -> None:
        batch = make_batch(seed)
        rotation = Rotation.random(random_state=seed % 2**31).as_matrix()
        tvec = np.asarray([0.3, -1.0, 4.0]) if move else None
        intr = INTRINSICS if perspective else None
        augmentation = project_to_cam(intr=intr, R=rotation, tvec=tvec)
        expected = project_slowly(batch, rotation, tvec, intr, None)
        for found, wanted in zip(arrays(augmentation(batch, seeded())), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-7)

    def test_a_translation_alone_mixes_nothing(self) -> None:
        batch = make_batch()
        seen = project_to_cam(tvec=[1.0, 2.0, 3.0])(batch, seeded())
        np.testing.assert_array_equal(seen.counts, batch.counts)
        np.testing.assert_allclose(seen.pose_3d, batch.pose_3d + torch.tensor([1.0, 2.0, 3.0]))

    def test_norm_2d_is_as_asked(self) -> None:
        assert project_to_cam(norm_2d=False).norm_2d is False

    @settings(deadline=None, max_examples=30)
    @given(seed=seeds, bent=st.booleans())
    def test_a_camera_shows_what_it_projects(self, seed: int, bent: bool) -> None:
        batch = make_batch(seed)
        rotation = Rotation.random(random_state=seed % 2**31).as_matrix()
        lens = LENS if bent else None
        camera = Camera(INTRINSICS, rotation, [0.3, -1.0, 12.0], lens)
        seen = project_to_cam(camera=camera)(batch, seeded())
        np.testing.assert_allclose(seen.pose_2d, camera.project(batch.pose_3d), atol=1e-8)
        np.testing.assert_allclose(
            seen.pose_3d, camera.world_to_camera(batch.pose_3d), atol=1e-9, equal_nan=True
        )
        parts = project_to_cam(INTRINSICS, rotation, [0.3, -1.0, 12.0], dist=lens)
        assert parts == project_to_cam(camera=camera)
        assert_same(parts(batch, seeded()), seen)
        shown = torch.stack([one.project(seen.pose_3d) for one in seen.cameras])
        np.testing.assert_allclose(shown[0], seen.pose_2d, atol=1e-8)

    def test_distortion_shows(self) -> None:
        batch = make_batch(missing=0.0)
        bent = project_to_cam(INTRINSICS, tvec=[0, 0, 20], dist=LENS)(batch, seeded())
        straight = project_to_cam(INTRINSICS, tvec=[0, 0, 20])(batch, seeded())
        lens = Camera(INTRINSICS, dist=LENS)
        np.testing.assert_allclose(bent.pose_2d, lens.distort(straight.pose_2d), atol=1e-8)
        assert (bent.pose_2d - straight.pose_2d).abs().max() > 1

    def test_a_camera_and_a_part_of_one_contradict(self) -> None:
        with pytest.raises(TypeError, match="camera is given beside tvec"):
            project_to_cam(tvec=[0, 0, 1], camera=Camera(INTRINSICS))
        with pytest.raises(TypeError, match="camera"):
            project_to_cam(camera=INTRINSICS)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"R": np.diag([1.0, 1.0, -1.0])}, "rotation"),
            ({"R": 2 * np.eye(3)}, "rotation"),
            ({"R": np.eye(4)}, r"R must have shape \(3, 3\)"),
            ({"tvec": [1.0, 2.0]}, r"tvec: t must have shape \(3,\)"),
            ({"intr": INTRINSICS, "dist": [0.1, 0.2]}, "dist must be 4, 5 or 8"),
            ({"dist": [0.1, 0.2, 0.0, 0.0]}, "dist is given without intr"),
            ({"intr": INTRINSICS.T}, "last row"),
        ],
    )
    def test_wrong_cameras_are_named(self, arguments: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            project_to_cam(**arguments)


class TestPhysical:
    """The parts one by one: each alone is something that can be measured."""

    NOTHING: ClassVar[dict[str, float]] = {"bones": 0, "size": 0, "rotation": 0, "noise": 0}

    def changed(self, batch: Batch, **amounts: float) -> Batch:
        return physical(SKELETON, **{**self.NOTHING, **amounts})(batch, seeded())

    def test_nothing_changes_nothing(self) -> None:
        batch = make_batch()
        same = self.changed(batch)
        for one, other in zip(arrays(same), arrays(batch), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-9)
        none = physical(SKELETON, strength=0.0)(make_batch(missing=0.0), seeded())
        np.testing.assert_allclose(none.pose_3d, make_batch(missing=0.0).pose_3d, atol=1e-9)

    def test_bones_keep_directions_and_vary_as_asked(self) -> None:
        batch = make_batch(size=3000, missing=0.0)
        other = self.changed(batch, bones=0.1)
        lengths = bone_lengths(other.pose_3d, BONES)
        share = (lengths / bone_lengths(batch.pose_3d, BONES)).numpy()
        np.testing.assert_allclose(share.std(axis=0), 0.1, rtol=0.08)
        assert np.abs(np.corrcoef(share.T) - np.eye(5)).max() < 0.08
        twin = with_bone_lengths(batch.pose_3d, CHILD, BONES, lengths)
        np.testing.assert_allclose(other.pose_3d, twin, atol=1e-8)

    def test_the_whole_body_grows_about_its_middle(self) -> None:
        batch = make_batch(size=3000, missing=0.0)
        other = self.changed(batch, size=0.1)
        share = bone_lengths(other.pose_3d, BONES) / bone_lengths(batch.pose_3d, BONES)
        np.testing.assert_allclose(share, share[:, :1].expand_as(share), rtol=1e-9)
        assert abs(float(share[:, 0].std()) - 0.1) < 0.01
        np.testing.assert_allclose(other.pose_3d.mean(1), batch.pose_3d.mean(1), atol=1e-9)

    def test_a_turn_keeps_lengths_and_is_as_large_as_asked(self) -> None:
        batch = make_batch(size=3000, missing=0.0)
        other = self.changed(batch, rotation=4.0)
        middle = batch.pose_3d.mean(1, keepdim=True)
        np.testing.assert_allclose(other.pose_3d.mean(1), middle[:, 0], atol=1e-9)
        turns = np.linalg.pinv((batch.pose_3d - middle).numpy()) @ (other.pose_3d - middle).numpy()
        matrices = turns.swapaxes(-1, -2)
        np.testing.assert_allclose(
            matrices @ turns, np.broadcast_to(np.eye(3), turns.shape), atol=1e-8
        )
        angles = Rotation.from_matrix(matrices).as_euler("xyz", degrees=True)
        np.testing.assert_allclose(angles.std(axis=0), 4.0, rtol=0.08)

    def test_noise_is_a_share_of_the_extent_in_the_image(self) -> None:
        batch = make_batch(size=3000, missing=0.0)
        noise = (self.changed(batch, noise=0.02).pose_2d - batch.pose_2d).numpy()
        image = batch.pose_2d.numpy()
        apart = image - image.mean(axis=1, keepdims=True)
        extent = np.sqrt((apart**2).sum(-1).mean(axis=1))
        standard = noise / (0.02 * extent)[:, None, None]
        assert stats.kstest(standard.ravel()[::5], "norm").pvalue > 1e-3

    @settings(deadline=None, max_examples=30)
    @given(seed=seeds, strength=st.sampled_from([0.3, 1.0]))
    def test_2d_is_what_the_camera_shows_of_the_3d(self, seed: int, strength: float) -> None:
        batch = make_batch(seed)
        camera = Camera(INTRINSICS, from_x(20), [0, 0, 40], LENS)
        unseen = torch.isnan(batch.pose_2d)
        whole = torch.isfinite(batch.pose_3d).all(-1, keepdim=True)
        image = torch.where(whole, camera.project(batch.pose_3d), batch.pose_2d)
        batch = replace(batch, pose_2d=torch.where(unseen, torch.nan, image), cameras=(camera,) * 3)
        other = physical(SKELETON, strength=strength, noise=0)(batch, seeded(seed))
        shown = camera.project(other.pose_3d)
        both = torch.isfinite(shown) & torch.isfinite(batch.pose_2d)
        np.testing.assert_allclose(other.pose_2d[both], shown[both], atol=1e-7)
        assert torch.equal(torch.isnan(other.pose_2d), unseen)
        assert torch.equal(torch.isnan(other.pose_3d), ~whole.expand_as(other.pose_3d))
        counted = (batch.counts & whole).all(-1, keepdim=True).expand_as(other.counts)
        assert torch.equal(other.counts, counted)
        other_camera = physical(SKELETON, camera, strength=strength, noise=0)
        assert_same(other, other_camera(replace(batch, cameras=()), seeded(seed)))

    def test_a_body_without_bones_still_grows_and_turns(self) -> None:
        batch = make_batch(missing=0.0)
        other = physical(Skeleton(list("abcdef"), roots=[0]), bones=0.5)(batch, seeded())
        share = bone_lengths(other.pose_3d, BONES) / bone_lengths(batch.pose_3d, BONES)
        np.testing.assert_allclose(share, share[:, :1].expand_as(share), rtol=1e-9)
        assert not np.allclose(share, 1)

    @pytest.mark.parametrize(
        ("arguments", "kind", "message"),
        [
            ({"strength": -1.0}, ValueError, "strength must be finite"),
            ({"strength": "much"}, ValueError, "'much'.*auto"),
            ({"bones": np.nan}, ValueError, "bones"),
            ({"rotation": "5"}, TypeError, "rotation is '5'"),
            ({"skeleton": [(0, 1)]}, TypeError, "Skeleton"),
            ({"camera": INTRINSICS}, TypeError, "camera"),
        ],
    )
    def test_wrong_arguments_are_named(
        self, arguments: dict[str, Any], kind: type[Exception], message: str
    ) -> None:
        with pytest.raises(kind, match=message):
            physical(**arguments)

    def test_a_strength_to_be_chosen_is_chosen_by_a_lifter_only(self) -> None:
        with pytest.raises(ValueError, match=r"chosen by Lifter\.fit"):
            physical(SKELETON, strength="auto")(make_batch(), seeded())
