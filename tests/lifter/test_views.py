"""Cameras in a lifter: lens and focal length out of the 2D, directions out of the 3D."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from liftpose import Camera, Lifter, Poses, Skeleton
from liftpose.geometry.rotation import from_euler
from liftpose.lifter.augmentation import random_project
from liftpose.lifter.views import Views

LEG = Skeleton(
    joints=["hip", "knee", "ankle", "toe"],
    roots=["hip"],
    target_sets=[["knee", "ankle", "toe"]],
    unit="mm",
)
LENS = [-0.3, 0.1, 0.001, -0.002, 0.0]


def camera(focal=1500.0, angles=(0, 0, 0), dist=None, name=None):
    K = [[focal, 0, 500], [0, focal, 400], [0, 0, 1]]
    return Camera(
        K=K, R=from_euler("xyz", np.array(angles, float)), t=[0, 0, 300.0], dist=dist, name=name
    )


def walk(frames=1500, seed=0):
    """A leg of bones of fixed length that bends in one plane and turns, in mm."""
    rng = np.random.default_rng(seed)
    time = np.linspace(0, 60, frames)
    bend = np.cumsum(
        [
            0.5 * np.sin(time * rate + phase)
            for rate, phase in zip((1, 1.7, 2.3), rng.uniform(0, 6, 3), strict=True)
        ],
        0,
    )
    turn = 0.4 * np.sin(0.31 * time + rng.uniform(0, 6))
    along = np.stack([np.sin(bend) * np.cos(turn), np.cos(bend), np.sin(bend) * np.sin(turn)], -1)
    joints = np.concatenate([np.zeros((1, frames, 3)), np.cumsum(20 * along, 0)])
    return np.moveaxis(joints, 0, 1)


def error(lifted, truth):
    wrong = lifted.position - (truth - truth[:, :1])
    return float(np.linalg.norm(wrong[:, 1:], axis=-1).mean())


def fit(poses_2d, poses_3d, **keywords):
    return Lifter(LEG, network="ridge").fit(poses_2d, poses_3d, **keywords)


def test_a_lens_is_taken_out_of_the_2d():
    straight, bent = camera(), camera(dist=LENS)
    truth = walk()
    clear = fit(straight.project(truth), truth, camera=straight)
    through = fit(bent.project(truth), truth, camera=bent)
    new = walk(seed=1)
    np.testing.assert_allclose(
        through.lift(bent.project(new)).position,
        clear.lift(straight.project(new)).position,
        atol=1e-3,
    )


def test_another_camera_can_be_lifted_from():
    trained, other = camera(name="left"), camera(focal=900, dist=LENS, name="phone")
    truth, new = walk(), walk(seed=1)
    lifter = fit(trained.project(truth), truth, camera=trained)
    expected = error(lifter.lift(trained.project(new)), new)
    assert error(lifter.lift(other.project(new), camera=other), new) == pytest.approx(
        expected, rel=1e-3
    )
    with pytest.warns(UserWarning, match="other scale or units"):
        wrong = lifter.lift(other.project(new))
    assert error(wrong, new) > 2 * expected


def test_several_cameras_around_an_animal_are_learned_in_their_own_directions():
    cameras = {f"view {angle}": camera(angles=(0, angle, 0)) for angle in (0, 60, 120, 180)}
    truth = walk()
    poses_2d = {key: one.project(truth) for key, one in cameras.items()}
    poses_3d = dict.fromkeys(cameras, truth)
    with_cameras = fit(poses_2d, poses_3d, camera=cameras)
    without = fit(poses_2d, poses_3d)
    key, new = "view 60", walk(seed=1)
    seen = {key: cameras[key].project(new)}
    assert with_cameras.frame == "world"
    assert error(with_cameras.lift(seen), new) < 0.8 * error(without.lift(seen), new)
    # In one array there is no telling which camera it is.
    with pytest.raises(ValueError, match="which camera filmed it"):
        with_cameras.lift(seen[key])
    by_hand = with_cameras.lift(seen[key], camera=cameras[key])
    np.testing.assert_array_equal(by_hand.position, with_cameras.lift(seen).position)


def test_poses_of_the_camera_frame_are_not_turned():
    turned = camera(angles=(20, 50, 0))
    truth = walk()
    in_camera = turned.world_to_camera(truth)
    lifter = fit(
        turned.project(truth), Poses.from_experiments(in_camera, frame="camera"), camera=turned
    )
    assert lifter.frame == "camera"
    world = fit(turned.project(truth), truth, camera=turned)
    np.testing.assert_allclose(
        lifter.lift(turned.project(truth)).position @ turned.R,
        world.lift(turned.project(truth)).position,
        atol=1e-4,
    )


def test_the_same_camera_without_a_lens_changes_no_pixel():
    one = camera()
    poses = Poses.from_experiments(np.random.default_rng(0).normal(size=(5, 4, 2)))
    views = Views.resolve(one, poses.keys, turns=False)
    np.testing.assert_array_equal(views.seen(poses, views.of(poses.keys)), poses.points)


def test_views_survive_being_written():
    keys = [("fly", 1), 2.5, "three"]
    views = Views.resolve([camera(angles=(0, a, 0)) for a in (1, 2, 3)], keys, turns=True)
    again = Views.from_state(views.state())
    assert again.cameras == views.cameras
    assert again.reference == views.reference


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        (np.eye(3), TypeError, r"Camera\(K="),
        ({"b": camera()}, ValueError, "'a' is not among them"),
        ([camera(), camera()], ValueError, "2 cameras are given for 1 experiments"),
        ({"a": np.eye(3)}, TypeError, "camera of 'a'"),
        ("left", TypeError, "expected a Camera"),
    ],
)
def test_what_is_no_camera_is_refused(given, kind, words):
    truth = walk(100)
    with pytest.raises(kind, match=words):
        fit({"a": truth[..., :2]}, {"a": truth}, camera=given)


def test_a_camera_in_the_wrong_place_is_refused():
    truth = walk(200)
    seen = camera().project(truth)
    with pytest.raises(ValueError, match="learned without one"):
        fit(seen, truth).lift(seen, camera=camera())
    with pytest.raises(ValueError, match="cameras of its own"):
        fit(seen, truth, camera=camera(), augmentation=[random_project({0: [[-5, 5]] * 3}, "zyx")])


FOLDS = replace(camera(name="front"), dist=[-0.5, 0, 0, 0])
"""Its lens shows nothing further than 0.54 focal lengths from the centre."""
OUT_OF_REACH = FOLDS.K[:2, 2] + [0.6 * FOLDS.K[0, 0], 0.0]


def test_pixels_that_the_lens_does_not_reach_are_counted_for_each_camera():
    one, other = FOLDS, camera(dist=LENS)
    seen = np.tile(one.K[:2, 2], (3000, 4, 1))
    seen[[3, 2900], 2] = OUT_OF_REACH
    seen[5, 1] = [np.nan, 400.0]  # half a pixel is none
    poses = Poses.from_experiments({"a": seen, "b": seen})
    views = Views.resolve([one, other], poses.keys, turns=False)
    cameras = views.of(poses.keys)
    assert dict(views.unreached(poses, views.seen(poses, cameras), cameras)) == {one: 2}


UNREACHED = "poses_2d: the distortion of the camera 'front' cannot be inverted at 2 pixels"


def out_of_reach(seen):
    """The same 2D, with two pixels that no ray reaches."""
    seen = seen.copy()
    seen[[3, 2900], 2] = OUT_OF_REACH
    return seen


@pytest.mark.parametrize("validates", [False, True])
def test_fitting_warns_of_unreached_pixels_once_with_number_and_camera(validates):
    truth = walk(3000)
    clear = FOLDS.project(truth)
    seen = out_of_reach(clear)
    learned, chosen_on = (clear, (seen, truth)) if validates else (seen, None)
    with pytest.warns(UserWarning, match=UNREACHED) as warned:
        fit(learned, truth, camera=FOLDS, validation=chosen_on)
    assert len(warned) == 1


def test_lifting_warns_of_unreached_pixels_once_or_tells_who_asks():
    truth = walk(3000)
    clear = FOLDS.project(truth)
    seen, hidden = out_of_reach(clear), clear.copy()
    hidden[[3, 2900], 2] = np.nan
    lifter, told = fit(clear, truth, camera=FOLDS), []
    with pytest.warns(UserWarning, match=UNREACHED) as warned:
        lifted = lifter.lift(seen)
    assert len(warned) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        silent = lifter.lift(seen, on_unreached=told.append)
        expected = lifter.lift(hidden)
    assert [dict(one) for one in told] == [{FOLDS: 2}]
    for one in (lifted, silent):
        np.testing.assert_array_equal(one.position, expected.position)


def test_2d_far_outside_of_the_image_is_refused_by_fit_and_lift_alike():
    sized = replace(camera(name="top"), size=(1000, 800))
    truth = walk()
    seen = sized.project(truth)
    lifter = fit(seen, truth, camera=sized)
    words = r"the joints of poses_2d lie far outside of the image of camera 'top'.*--crop"
    for refused in (
        lambda: fit(4 * seen, truth, camera=sized),
        lambda: lifter.lift(4 * seen),
        lambda: lifter.relative(4 * seen),
        lambda: fit(seen, truth, camera=sized, validation=(4 * seen, truth)),
    ):
        with pytest.raises(ValueError, match=words):
            refused()
    both, of_both = {"near": seen, "far": 4 * seen}, {"near": truth, "far": truth}
    with pytest.raises(ValueError, match="the joints of experiment 'far' lie far outside"):
        fit(both, of_both, camera=sized)
    # What the tracker is unsure of is not held against the image.
    unsure = np.zeros(seen.shape[:2])
    with pytest.warns(UserWarning, match="none of 1500 frames could be lifted"):
        assert np.isnan(lifter.lift(4 * seen, confidence=unsure).position).all()
    named = replace(Poses.from_experiments(4 * seen), source_file="walk.csv")
    with pytest.raises(ValueError, match="the joints of walk.csv lie far outside"):
        lifter.lift(named)
