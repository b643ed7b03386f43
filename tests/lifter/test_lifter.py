"""The lifter: what it learns, what may not reach it, and what comes out."""

import copy
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import torch

from liftpose import Camera, Lifter, Options, Poses, Skeleton
from liftpose.lifter.augmentation import add_noise, project_to_cam, random_project
from liftpose.lifter.members.martinez import Martinez
from liftpose.lifter.normalization import Anchoring, Normalization
from liftpose.lifter.terms import agreed_norm_2d

ROOTS, SETS = [0, 3], [[1, 2], [4, 5]]


def animal(frames=300, seed=0, curved=0.0, freedom=6):
    """Smooth poses of seven joints whose depth follows from the other two coordinates."""
    rng = np.random.default_rng(seed)
    time = np.linspace(0, 40, frames)[:, None]
    hidden = np.sin(time * rng.uniform(0.5, 1.5, freedom) + rng.uniform(0, 6, freedom))
    flat = (hidden @ rng.normal(size=(freedom, 14))).reshape(frames, 7, 2)
    # The mixing is of the animal, not of the recording.
    mixing = np.random.default_rng(99)
    relative = (flat[:, 1:6] - flat[:, :1]).reshape(frames, 10)
    depth = relative @ mixing.normal(size=(10, 7)) * 0.3
    depth += curved * np.tanh(relative @ mixing.normal(size=(10, 7)) * 0.2)
    pose_3d = np.concatenate([flat, depth[..., None]], 2)
    return flat * 50 + 400, pose_3d + [10.0, -3.0, 40.0]


def fit(pose_2d, pose_3d, mask=None, **settings):
    extra = {k: settings.pop(k) for k in ("augmentation", "stats", "norm_2d") if k in settings}
    return Lifter(roots=ROOTS, target_sets=SETS, **{"epochs": 2, **settings}).fit(
        pose_2d, pose_3d, mask=mask, **extra
    )


def tensors(value, path=""):
    """Every tensor of a state, by name."""
    if isinstance(value, torch.Tensor):
        return {path: value}
    if isinstance(value, dict):
        return {
            k: v for name, part in value.items() for k, v in tensors(part, f"{path}/{name}").items()
        }
    return {}


def same(first, second):
    first, second = tensors(first.state()), tensors(second.state())
    assert first.keys() == second.keys()
    return all(torch.equal(first[name], second[name]) for name in first)


def error(lifter, pose_2d, pose_3d):
    guess = lifter.lift(pose_2d).root_relative[:, list(lifter.sets.targets)]
    truth = pose_3d[:, list(lifter.sets.targets)] - pose_3d[:, list(lifter.sets.anchors)]
    return float(np.linalg.norm(guess - truth, axis=-1).mean())


def test_it_recovers_a_linear_animal():
    pose_2d, pose_3d = animal(1200)
    lifter = fit(pose_2d[:900], pose_3d[:900], network="ridge")
    spread = np.linalg.norm(pose_3d[:, 1] - pose_3d[:, 0], axis=-1).std()
    assert error(lifter, pose_2d[900:], pose_3d[900:]) < 1e-3 * spread


CURVED = {"curved": 3.0, "freedom": 2}
CURVED_TRAIN, CURVED_TEST = slice(0, 2400), slice(2450, 3000)


def share_of_ridge(**settings):
    """A lifter of an animal that is not linear, and its error as a share of the ridge's."""
    pose_2d, pose_3d = animal(3000, **CURVED)
    lifter = fit(pose_2d[CURVED_TRAIN], pose_3d[CURVED_TRAIN], bone_fit=False, **settings)
    linear = fit(pose_2d[CURVED_TRAIN], pose_3d[CURVED_TRAIN], network="ridge")
    test = pose_2d[CURVED_TEST], pose_3d[CURVED_TEST]
    return lifter, error(lifter, *test) / error(linear, *test)


def test_networks_help_where_the_animal_is_not_linear(monkeypatch):
    monkeypatch.setattr("liftpose.lifter.lifter.fit_closed", lambda *_: {})
    lifter, share = share_of_ridge(epochs=20)
    assert list(lifter.weights) == ["network"]
    assert lifter.weights["network"] > 0
    assert share < 0.7


@pytest.mark.parametrize("network", ["kernel", "residual"])
def test_the_kernel_helps_where_the_animal_is_not_linear(network):
    lifter, share = share_of_ridge(epochs=1, network=network)
    assert lifter.weights["kernel"] > 0.9
    assert share < 0.1


def test_the_kernel_alone_has_no_epochs():
    seen = []
    pose_2d, pose_3d = animal()
    lifter = Lifter(roots=ROOTS, target_sets=SETS, network="kernel")
    lifter.fit(pose_2d, pose_3d, on_epoch=seen.append)
    assert seen == []
    assert lifter.network is None
    assert list(lifter.weights) == list(lifter.choice["weights"]) == ["kernel"]
    assert lifter.choice["held_out_mpjpe"] <= lifter.choice["held_out_mpjpe_ridge"]


def looked_at_obliquely(frames=500, seed=0, way=150.0):
    """An animal that is turned, as the camera sees it, by where it is in the image."""
    rng, of_animal = np.random.default_rng(seed), np.random.default_rng(99)
    hidden = rng.uniform(-1, 1, (frames, 3))
    pose = np.tanh(hidden @ of_animal.normal(size=(3, 21)) * 0.6).reshape(frames, 7, 3)
    pose -= pose[:, :1].copy()
    place = rng.uniform(-1, 1, (frames, 1, 2))
    # Across the image the animal leans, which looks like another pose that does not.
    lean = of_animal.normal(size=(7, 2)) @ place.transpose(0, 2, 1)
    pose[..., 2:] += 1.5 * (lean - lean[:, :1])
    return pose[..., :2] * 50 + place * way + 300, pose


def fit_at(places, **settings):
    settings = {"network": "kernel", "bone_fit": False, **settings}
    return fit(*places, **settings)


def test_an_animal_that_looks_another_in_another_place_is_lifted_by_its_place(monkeypatch):
    lifter = fit_at(looked_at_obliquely())
    assert lifter.normalization.mean_place is not None
    assert lifter.members["kernel"].landmarks.shape[1] == len(lifter.normalization.mean_in) + 2
    new = looked_at_obliquely(seed=5)
    again = Lifter.from_state(lifter.state())
    np.testing.assert_array_equal(again.lift(new[0]).position, lifter.lift(new[0]).position)
    told = error(lifter, *new)
    # Ridge and networks do not look at it.
    assert len(lifter.ridge.weights) == len(lifter.normalization.mean_in) + 1
    monkeypatch.setattr("liftpose.lifter.normalization.TRAVELS", float("inf"))
    plain = fit_at(looked_at_obliquely())
    assert plain.normalization.mean_place is None
    assert told < 0.6 * error(plain, *new)


def test_where_a_place_means_nothing_it_is_not_told():
    seen, pose = looked_at_obliquely()
    assert fit_at((seen, pose)).normalization.mean_place is not None
    assert fit_at((seen, pose), norm_2d=True).normalization.mean_place is None
    assert fit_at((seen, pose), network="ridge").normalization.mean_place is None
    still = fit_at(looked_at_obliquely(way=1.0))
    assert still.normalization.mean_place is None
    made = [random_project({0: [[-10, 10]] * 3}, "zyx", norm_2d=False)]
    assert fit_at((None, pose + 50), augmentation=made).normalization.mean_place is None
    camera = Camera([[900, 0, 300], [0, 900, 300], [0, 0, 1]])
    for cameras, told in ((camera, True), ({"a": camera, "b": camera}, False)):
        lifter = Lifter(roots=ROOTS, target_sets=SETS, network="kernel", bone_fit=False)
        halves = ({"a": part[:250], "b": part[250:]} for part in (seen, pose))
        lifter.fit(*halves, cameras)
        assert (lifter.normalization.mean_place is not None) == told


def test_linear_only_leaves_kernel_and_networks_out():
    pose_2d, pose_3d = animal(600, **CURVED)
    lifter = fit(pose_2d, pose_3d, epochs=3)
    ridge = fit(pose_2d, pose_3d, network="ridge")
    alone = lifter.relative(pose_2d, linear_only=True)
    np.testing.assert_array_equal(alone, ridge.relative(pose_2d))
    assert not np.allclose(alone, lifter.relative(pose_2d))


def test_networks_are_left_out_where_there_is_nothing_to_learn():
    rng = np.random.default_rng(0)
    lifter = fit(rng.normal(size=(200, 7, 2)), rng.normal(size=(200, 7, 3)), epochs=10)
    assert sum(lifter.weights.values()) <= 0.3
    assert lifter.ridge.penalty >= 1


@pytest.mark.parametrize("network", ["residual", "kernel", "ridge", "martinez"])
def test_a_masked_target_changes_no_weight(network):
    pose_2d, pose_3d = animal()
    mask = np.ones(pose_3d.shape, dtype=bool)
    mask[20:60, 2] = False
    mask[100:140, 4, 1] = False
    first = fit(pose_2d, pose_3d, mask, network=network)
    second = fit(pose_2d, np.where(mask, pose_3d, pose_3d * -7 + 3), mask, network=network)
    assert same(first, second)
    gone = fit(pose_2d, np.where(mask, pose_3d, np.nan), network=network)
    assert same(first, gone)
    unmasked = fit(pose_2d, np.where(mask, pose_3d, pose_3d * -7 + 3), network=network)
    assert not same(first, unmasked)


def test_a_masked_target_does_not_reach_the_made_2d():
    _, pose_3d = animal()
    mask = np.ones(pose_3d.shape, dtype=bool)
    mask[20:60, 2] = False
    project = [random_project({0: [[-10, 10]] * 3}, "zyx")]
    first = fit(None, pose_3d, mask, augmentation=project)
    second = fit(None, np.where(mask, pose_3d, 1e3), mask, augmentation=project)
    assert same(first, second)


def test_a_joint_without_2d_is_not_learned_from():
    pose_2d, pose_3d = animal()
    pose_2d[50:90, 5] = np.nan
    changed = pose_3d.copy()
    changed[50:90, 5] += 100
    assert same(fit(pose_2d, pose_3d), fit(pose_2d, changed))


def test_a_masked_root_stays_an_anchor():
    pose_2d, pose_3d = animal()
    mask = np.ones(pose_3d.shape, dtype=bool)
    mask[:, 0] = False
    assert same(fit(pose_2d, pose_3d), fit(pose_2d, pose_3d, mask))


def test_held_out_frames_do_not_reach_the_network_that_judges_itself_on_them(monkeypatch):
    pose_2d, pose_3d = animal(400)
    before = fit(pose_2d, pose_3d)
    changed = pose_3d.copy()
    changed[:100, [1, 2, 4, 5]] += 50  # the first of the four blocks
    # Statistics are of all training data; here they are held, to see what else gets through.
    monkeypatch.setattr(Normalization, "fit", lambda *a, **k: before.normalization)
    monkeypatch.setattr("liftpose.lifter.members.ridge.PENALTIES", (before.ridge.penalty,))
    trained = []
    Lifter(roots=ROOTS, target_sets=SETS, epochs=2).fit(
        pose_2d, changed, on_epoch=lambda e: trained.append(copy.deepcopy(e.learner.network))
    )
    reference = []
    Lifter(roots=ROOTS, target_sets=SETS, epochs=2).fit(
        pose_2d, pose_3d, on_epoch=lambda e: reference.append(copy.deepcopy(e.learner.network))
    )
    for name, value in reference[-1].state_dict().items():
        other = trained[-1].state_dict()[name]
        torch.testing.assert_close(value[0], other[0], msg=name)
        if name == "ridges":
            assert not torch.allclose(value[1], other[1])


def test_empty_frames_stay_where_they_are():
    pose_2d, pose_3d = animal()
    pose_2d[7] = np.nan
    pose_3d[[3, 9]] = np.nan
    lifter = fit(pose_2d, pose_3d)
    assert lifter.choice["left_out"] == 3
    lifted = lifter.lift(pose_2d)
    assert np.isnan(lifted.position[7]).all()
    assert np.isfinite(lifted.position[[3, 9]][:, :6]).all()
    assert len(lifted.position) == len(pose_2d)


def test_unused_joints_are_neither_used_nor_predicted():
    pose_2d, pose_3d = animal()
    lifter = fit(pose_2d, pose_3d)
    other_2d, other_3d = pose_2d.copy(), pose_3d.copy()
    other_2d[:, 6], other_3d[:, 6] = 1e5, np.nan
    assert same(lifter, fit(other_2d, other_3d))
    assert np.isnan(lifter.lift(pose_2d).position[:, 6]).all()
    np.testing.assert_array_equal(lifter.lift(other_2d).position, lifter.lift(pose_2d).position)


def test_where_the_animal_is_in_image_and_world_does_not_matter():
    pose_2d, pose_3d = animal()
    lifter = fit(pose_2d, pose_3d, network="ridge")
    moved = fit(pose_2d + [300, -50], pose_3d + [5, 6, 7], network="ridge")
    np.testing.assert_allclose(
        moved.lift(pose_2d - 17).position, lifter.lift(pose_2d).position, atol=1e-3
    )


def test_lifted_positions_have_the_first_root_at_the_origin_and_the_others_in_place():
    pose_2d, pose_3d = animal(900)
    lifter = fit(pose_2d, pose_3d, network="ridge")
    position = lifter.lift(pose_2d).position
    assert (position[:, 0] == 0).all()
    np.testing.assert_allclose(
        position[:, 3], pose_3d[:, 3] - pose_3d[:, 0], atol=0.01 * np.abs(pose_3d).max()
    )
    root_relative = lifter.lift(pose_2d).root_relative
    np.testing.assert_allclose(
        position[:, 5] - position[:, 3], root_relative[:, 5], rtol=1e-4, atol=1e-5
    )
    assert np.isnan(root_relative[:, [0, 3, 6]]).all()


@pytest.mark.parametrize("network", ["residual", "martinez"])
def test_lifting_in_chunks_is_lifting_at_once(network, monkeypatch):
    pose_2d, pose_3d = animal()
    lifter = fit(pose_2d, pose_3d, network=network)
    whole = lifter.lift(pose_2d).position
    monkeypatch.setattr("liftpose.lifter.lifter.CHUNK", 37)
    np.testing.assert_allclose(lifter.lift(pose_2d).position, whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("network", ["residual", "kernel", "ridge", "martinez"])
@pytest.mark.parametrize("dims", [3, 1])
def test_a_state_is_the_whole_lifter(network, dims):
    pose_2d, pose_3d = animal()
    lifter = fit(pose_2d, pose_3d[..., -dims:], network=network)
    again = Lifter.from_state(lifter.state())
    assert again.options == lifter.options
    np.testing.assert_array_equal(again.lift(pose_2d).position, lifter.lift(pose_2d).position)
    assert lifter.lift(pose_2d).position.shape == (300, 7, dims)


def test_the_seed_decides_everything_and_leaves_the_global_state_alone():
    pose_2d, pose_3d = animal(curved=2.0)
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first = fit(pose_2d, pose_3d, seed=5)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(2)
    assert same(first, fit(pose_2d, pose_3d, seed=5))
    assert not same(first, fit(pose_2d, pose_3d, seed=6))


def test_threads_are_put_back():
    before = torch.get_num_threads()
    fit(*animal(), job=before + 1, epochs=1)
    assert torch.get_num_threads() == before


def test_noise_is_add_noise():
    pose_2d, pose_3d = animal()
    by_option = fit(pose_2d, pose_3d, noise=2.0)
    by_augmentation = fit(pose_2d, pose_3d, augmentation=[add_noise(2.0)])
    first, second = (tensors(lifter.state()) for lifter in (by_option, by_augmentation))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not same(by_option, fit(pose_2d, pose_3d))


# What is lifted is unlike what was learned, and said to be so.
@pytest.mark.filterwarnings("ignore:poses_2d. other camera:UserWarning")
def test_noise_makes_a_lifter_that_stands_noise():
    pose_2d, pose_3d = animal(900)
    noisy = pose_2d + np.random.default_rng(0).normal(size=pose_2d.shape) * 20
    plain = fit(pose_2d, pose_3d, network="ridge")
    robust = fit(pose_2d, pose_3d, network="ridge", noise=20.0)
    assert error(robust, noisy, pose_3d) < 0.9 * error(plain, noisy, pose_3d)


def test_a_random_projection_needs_no_2d_and_lifts_in_the_cameras_frame():
    _, pose_3d = animal(600)
    augmentation = [random_project({0: [[90, 90], [0, 0], [0, 0]]}, "xyz", norm_2d=False)]
    lifter = fit(None, pose_3d, augmentation=augmentation, network="ridge")
    # A quarter turn about x takes (x, y, z) to (x, -z, y).
    turned = np.stack([pose_3d[..., 0], -pose_3d[..., 2], pose_3d[..., 1]], -1)
    spread = np.linalg.norm(pose_3d[:, 1] - pose_3d[:, 0], axis=-1).std()
    assert error(lifter, turned[..., :2], turned) < 0.02 * spread


def test_made_2d_without_noise_is_warned_of(caplog):
    _, pose_3d = animal()
    project = random_project({0: [[-10, 10]] * 3}, "zyx")
    fit(None, pose_3d, augmentation=[project, add_noise(1.0)], network="ridge")
    fit(None, pose_3d, augmentation=[project], noise=1.0, network="ridge")
    assert "exact" not in caplog.text
    fit(None, pose_3d, augmentation=[project], network="ridge")
    assert "Put add_noise(pixels) last" in caplog.text


def test_norm_2d_holds_for_every_later_lift():
    pose_2d, pose_3d = animal()
    lifter = fit(pose_2d, pose_3d, norm_2d=True)
    far = pose_2d * 0.3 + 100
    np.testing.assert_allclose(
        lifter.lift(far).position, lifter.lift(pose_2d).position, rtol=1e-3, atol=1e-4
    )
    assert Lifter.from_state(lifter.state()).normalization.norm_2d


def test_who_decides_on_norm_2d():
    ranges = {0: [[-10, 10]] * 3}
    unsaid = random_project(ranges, "zyx")
    no, yes = (random_project(ranges, "zyx", norm_2d=said) for said in (False, True))
    assert agreed_norm_2d(None, ())[0] is False
    assert agreed_norm_2d(True, ())[0] is True
    assert agreed_norm_2d(None, [unsaid])[0] is True
    assert agreed_norm_2d(False, [unsaid])[0] is False
    assert agreed_norm_2d(None, [no])[0] is False
    assert agreed_norm_2d(None, [project_to_cam()])[0] is False
    assert agreed_norm_2d(True, [add_noise(1.0), yes])[0] is True
    for said, steps in ((True, [no]), (False, [yes]), (None, [no, yes])):
        with pytest.raises(ValueError, match="norm_2d is contradictory"):
            agreed_norm_2d(said, steps)


def test_statistics_from_elsewhere_are_used():
    pose_2d, pose_3d = animal()
    own = fit(pose_2d, pose_3d, network="martinez", epochs=1)
    stats = [np.zeros(14), np.full(14, 50.0), np.zeros(21), np.full(21, 2.0)]
    lifter = Lifter(roots=ROOTS, target_sets=SETS, options=Options(network="martinez", epochs=1))
    lifter.fit(pose_2d, pose_3d, stats=stats)
    assert (lifter.normalization.std_in[:8] == 50).all()
    assert (lifter.normalization.mean_out[:12] == 0).all()
    assert not same(own, lifter)
    with pytest.raises(ValueError, match="std_3d has 20 values; expected 7 joints x 3"):
        lifter.fit(pose_2d, pose_3d, stats=[*stats[:3], np.ones(20)])
    with pytest.raises(ValueError, match="stats holds 3 arrays"):
        lifter.fit(pose_2d, pose_3d, stats=stats[:3])


def test_the_published_network_has_the_sizes_asked_for():
    lifter = fit(*animal(), linear_size=16, num_stage=3, epochs=1)
    assert isinstance(lifter.network, Martinez)
    assert (lifter.network.linear_size, lifter.network.num_stage) == (16, 3)


def test_a_camera_per_experiment_is_taken_from_its_key():
    _, pose_3d = animal(300)
    ranges = {0: [[0, 0]] * 3, 1: [[0, 0], [90, 90], [0, 0]]}
    augmentation = [random_project(ranges, "xyz", norm_2d=False)]
    both = {("fly", 0): pose_3d, ("fly", 1): pose_3d}
    lifter = fit(None, both, augmentation=augmentation, network="ridge")
    one = fit(None, {("fly", 0): pose_3d}, augmentation=augmentation, network="ridge")
    assert error(one, pose_3d[..., :2], pose_3d) < 0.1 * error(lifter, pose_3d[..., :2], pose_3d)


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda d, w: (d[:, :, :], w[:-1]), "poses_2d has 300 frames and poses_3d has 299"),
        (
            lambda d, w: (np.where(np.arange(7)[:, None] == 3, np.nan, d), w),
            "root 3 is never seen in the training 2D",
        ),
        (
            lambda d, w: (d, np.where(np.arange(7)[:, None] == 0, np.nan, w)),
            "root 0 is never seen in the training 3D",
        ),
        (
            lambda d, w: (d, np.where(np.arange(7)[:, None] == 5, np.nan, w)),
            "target 5 is never seen",
        ),
        (lambda d, w: (None, w), "there is no training 2D"),
    ],
)
def test_poses_that_cannot_be_learned_from(break_it, words):
    with pytest.raises(ValueError, match=words):
        fit(*break_it(*animal()))


def test_calls_that_make_no_sense():
    pose_2d, pose_3d = animal()
    with pytest.raises(ValueError, match="was not fitted"):
        Lifter(roots=ROOTS, target_sets=SETS).lift(pose_2d)
    with pytest.raises(TypeError, match="either options or settings"):
        Lifter(roots=ROOTS, target_sets=SETS, options=Options(), epochs=3)
    with pytest.raises(ValueError, match="poses_2d has 6 joints; the lifter's skeleton has 7"):
        fit(pose_2d, pose_3d).lift(pose_2d[:, :6])
    with pytest.raises(TypeError, match="expected a list of augmentations"):
        fit(pose_2d, pose_3d, augmentation=add_noise(1.0))
    with pytest.raises(TypeError, match="cannot be called"):
        fit(pose_2d, pose_3d, augmentation=["noise"])


def test_a_users_own_augmentation_is_taken():
    pose_2d, pose_3d = animal()
    calls = []

    def mirror(batch, generator):
        calls.append(len(batch.pose_2d))
        flip = torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64)
        return replace(batch, pose_2d=-batch.pose_2d * -flip[:2], pose_3d=batch.pose_3d * flip)

    fit(pose_2d, pose_3d, augmentation=[mirror], epochs=1)
    assert calls[1:] == [300]  # after the statistics, all poses once an epoch


@pytest.mark.parametrize("frames", [1, 2, 5, 9])
def test_very_few_frames_give_a_cautious_lifter(frames, caplog):
    pose_2d, pose_3d = animal(300)
    lifter = fit(pose_2d[:frames], pose_3d[:frames], epochs=1)
    assert np.isfinite(lifter.lift(pose_2d).position[:, :6]).all()
    if frames < 2:
        assert "too few to hold any out" in caplog.text
        assert lifter.members.keys() == {"network"}
        assert lifter.weights == {"network": 0}
        assert lifter.bone_fit is None


def test_relative_is_in_the_order_of_the_anchoring():
    pose_2d, pose_3d = animal(900)
    lifter = fit(pose_2d, pose_3d, network="ridge")
    expected = Anchoring(lifter.sets).relative(torch.from_numpy(pose_3d)).numpy()
    np.testing.assert_allclose(lifter.relative(pose_2d), expected, atol=0.05)


NAMES = ["hip", "knee", "ankle", "shoulder", "elbow", "wrist", "tail"]
ANIMAL = Skeleton(joints=NAMES, roots=ROOTS, target_sets=SETS, unit="mm")


def as_poses(points, order=range(7), **about):
    order = list(order)
    return Poses.from_experiments(points[:, order], joints=[NAMES[i] for i in order], **about)


def test_joints_are_matched_by_name_in_training_and_lifting():
    pose_2d, pose_3d = animal()
    plain = fit(pose_2d, pose_3d)
    order = [6, 2, 0, 5, 1, 3, 4]
    lifter = Lifter(ANIMAL, epochs=2).fit(as_poses(pose_2d, order), as_poses(pose_3d))
    expected = plain.lift(pose_2d).position
    np.testing.assert_array_equal(lifter.lift(as_poses(pose_2d, order)).position, expected)
    np.testing.assert_array_equal(lifter.lift(pose_2d).position, expected)
    with pytest.raises(ValueError, match="no 'knee'"):
        lifter.lift(as_poses(pose_2d, [0, 2, 3, 4, 5, 6]))
    lifted = lifter.lift(as_poses(pose_2d, order, fps=50, source_file="a.h5"))
    assert (lifted.joints, lifted.unit, lifted.frame) == (tuple(NAMES), "mm", "world")
    assert (lifted.fps, lifted.source_file) == (50, "a.h5")


def test_names_of_the_poses_are_learned_where_there_is_no_skeleton():
    pose_2d, pose_3d = animal()
    lifter = Lifter(roots=["hip", "shoulder"], target_sets=SETS, epochs=1)
    lifter.fit(as_poses(pose_2d), as_poses(pose_3d, unit="cm"))
    assert lifter.skeleton.joints == tuple(NAMES)
    assert lifter.sets.roots == tuple(ROOTS)
    assert lifter.lift(pose_2d).unit == "cm"


def test_confidence_below_the_threshold_is_not_seen():
    pose_2d, pose_3d = animal()
    confidence = np.ones((300, 7))
    confidence[40:90, 2] = 0.05
    hidden = pose_2d.copy()
    hidden[40:90, 2] = np.nan
    wrong = np.where(np.isnan(hidden), 1e4, hidden)
    expected = fit(hidden, pose_3d)
    lifter = Lifter(roots=ROOTS, target_sets=SETS, epochs=2)
    lifter.fit(wrong, pose_3d, confidence=confidence)
    assert same(lifter, expected)
    lifted = lifter.lift(wrong, confidence=confidence)
    np.testing.assert_array_equal(lifted.position, expected.lift(hidden).position)
    np.testing.assert_array_equal(lifted.confidence, confidence.astype(np.float32))
    poses = Poses.from_experiments({"walk": wrong}, confidence={"walk": confidence})
    np.testing.assert_array_equal(lifter.lift(poses).position, lifted.position)
    bold = fit(wrong, pose_3d, min_confidence=0.02)
    assert not np.allclose(bold.lift(wrong, confidence=confidence).position, lifted.position)
    with pytest.raises(ValueError, match=r"confidence: shape is \(300, 6\)"):
        lifter.lift(wrong, confidence=confidence[:, 1:])


# What is lifted is unlike what was learned, and said to be so.
@pytest.mark.filterwarnings("ignore:poses_2d. other camera:UserWarning")
@pytest.mark.parametrize("network", ["residual", "kernel", "ridge", "martinez"])
def test_validation_poses_are_chosen_on_and_not_learned_from(network):
    pose_2d, pose_3d = animal(600, curved=2.0, freedom=3)
    other_2d, other_3d = animal(200, seed=5, curved=2.0, freedom=3)
    train = pose_2d, pose_3d
    without = fit(*train, network=network, epochs=3)
    settings = {"network": network, "epochs": 3, "bone_fit": False}
    lifter = Lifter(roots=ROOTS, target_sets=SETS, **settings)
    lifter.fit(*train, validation=(other_2d, other_3d))
    assert "200 frames of validation" in lifter.choice["chosen_on"]
    torch.testing.assert_close(lifter.normalization.mean_out, without.normalization.mean_out)
    nonsense = Lifter(roots=ROOTS, target_sets=SETS, **settings)
    rng = np.random.default_rng(0)
    nonsense.fit(*train, validation=(other_2d, rng.normal(size=other_3d.shape)))
    # Where nothing can be predicted, the most cautious map is the best.
    if network != "martinez":
        assert nonsense.ridge.penalty > 10 * lifter.ridge.penalty
        torch.testing.assert_close(lifter.ridge.folds.shape, without.ridge.folds.shape)
    if network == "residual":
        guess = lifter.lift(other_2d).root_relative
        wrong = np.linalg.norm(guess - (other_3d - other_3d[:, [0, 0, 0, 3, 3, 3, 0]]), axis=-1)
        assert lifter.choice["held_out_mpjpe"] == pytest.approx(
            np.nanmean(wrong[:, [1, 2, 4, 5]]), rel=1e-3
        )


def test_depth_alone_is_of_the_camera():
    pose_2d, pose_3d = animal()
    assert fit(pose_2d, pose_3d[..., 2:]).frame == "camera"
    assert (
        fit(None, pose_3d, augmentation=[random_project({0: [[-9, 9]] * 3}, "zyx")]).frame
        == "camera"
    )


def test_a_joint_that_is_never_seen_is_named():
    pose_2d, pose_3d = animal()
    pose_3d[:, 4] = np.nan
    with pytest.raises(ValueError, match="target 'elbow' is never seen"):
        Lifter(ANIMAL).fit(pose_2d, pose_3d)


def test_a_lifter_says_what_it_is():
    unfitted = Lifter(ANIMAL)
    assert "not yet" in repr(unfitted)
    pose_2d, pose_3d = animal()
    text = str(unfitted.fit(pose_2d, pose_3d, norm_2d=True))
    for words in ("7: 2 roots, 4 targets, 1 left out", "mm, world frame", "norm_2d", "said by the"):
        assert words in text
    table = unfitted._repr_html_()
    assert table.count("<tr>") == text.count("\n")


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: Lifter(), TypeError, "give a skeleton"),
        (lambda: Lifter([0], target_sets=[1]), TypeError, "skeleton is a list"),
        (lambda: Lifter(ANIMAL, roots=[0]), TypeError, "not both"),
        (
            lambda: Lifter(ANIMAL).fit(
                *(as_poses(p, unit=u) for p, u in zip(animal(), ("px", "m"), strict=True))
            ),
            ValueError,
            "the skeleton is in mm and the 3D poses are in m",
        ),
        (lambda: Lifter(ANIMAL).fit(animal()[0], animal()[0]), ValueError, "poses_3d: shape is"),
        (lambda: Lifter(ANIMAL).fit(*animal(), validation=3), TypeError, "validation is no pair"),
        (
            lambda: Lifter(ANIMAL).fit(*(as_poses(p) for p in animal()), mask=np.ones(3)),
            ValueError,
            "mask is given beside poses_3d",
        ),
    ],
)
def test_lifters_that_make_no_sense(make, kind, words):
    with pytest.raises(kind, match=words):
        make()


def test_a_million_frames_need_no_more_than_their_results(tmp_path):
    # What is allocated on the way, beside the results, does not grow with the number of frames.
    pose_2d, pose_3d = animal()
    lifter = fit(pose_2d, pose_3d, network="ridge")
    lifter.lift(pose_2d)

    def beside(frames):
        given = np.tile(pose_2d.astype(np.float32), (frames // 300, 1, 1))
        tracemalloc.start()
        lifted = lifter.lift(given)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        tables = lifted.position, lifted.root_relative, lifted.spread
        return peak - sum(table.nbytes for table in tables) - given.size

    assert beside(90_000) < 1.5 * beside(15_000)


def test_job_holds_until_the_training_ends():
    pose_2d, pose_3d = animal()
    before, seen = torch.get_num_threads(), []
    torch.set_num_threads(2)
    try:
        lifter = Lifter(roots=ROOTS, target_sets=SETS, epochs=2, job=1)

        def look(epoch):
            epoch.lifter.lift(pose_2d)
            seen.append(torch.get_num_threads())

        lifter.fit(pose_2d, pose_3d, on_epoch=look)
        assert seen == [1, 1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
