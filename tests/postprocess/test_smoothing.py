"""Smoothing lifted poses: with known truth, with gaps, and with places."""

import json
from dataclasses import replace

import numpy as np
import pytest

from liftpose import Lifted
from liftpose.datasets import quadruped
from liftpose.postprocess import smooth
from liftpose.postprocess.kalman import Levels

FRAMES = 400


def walk(frames=FRAMES, seed=0):
    """True poses of a trotting animal relative to its first root, mm."""
    poses = quadruped(frames=frames, seed=seed).poses_3d
    return poses - poses[:, :1]


def as_lifted(position, keys=("",), lengths=None, root=0, **more):
    position = position.astype(np.float32)
    relative = position - position[:, [root]]
    relative[:, root] = np.nan
    return Lifted(position, relative, keys, lengths or (len(position),), unit="mm", **more)


def noisy(true, size=3.0, seed=0):
    noise = np.random.default_rng(seed).normal(0, size, true.shape)
    noise[:, 0] = 0
    return true + noise


def error(lifted, true):
    return np.nanmean(np.linalg.norm(lifted.position - true, axis=2)[:, 1:])


SETTINGS = [{}, {"model": "velocity"}, {"method": "savgol"}, {"causal": True}]


@pytest.mark.parametrize("how", SETTINGS, ids=str)
def test_noise_goes_and_the_motion_stays(how):
    true = walk()
    lifted = as_lifted(noisy(true))
    better = smooth(lifted, **how)
    assert error(better, true) < (0.85 if how.get("causal") else 0.7) * error(lifted, true)
    steps = [
        np.diff(one, axis=0) - np.diff(true, axis=0) for one in (better.position, lifted.position)
    ]
    assert np.abs(steps[0]).mean() < 0.55 * np.abs(steps[1]).mean()
    np.testing.assert_array_equal(better.position[:, 0], 0)


@pytest.mark.parametrize("how", SETTINGS, ids=str)
def test_the_spread_is_that_of_the_error(how):
    true = walk()
    better = smooth(as_lifted(noisy(true)), **how)
    off = ((better.position - true) / np.where(better.spread > 0, better.spread, np.inf))[:, 1:]
    # Where a model is not quite that of a walk, it thinks a little too well of itself.
    assert 0.8 < np.sqrt((off[20:-20] ** 2).mean()) < 1.6


def test_a_spread_tells_what_is_new_in_a_frame_from_what_lasts():
    true = walk()
    lasting = np.random.default_rng(1).normal(0, 6.0, true.shape[1:])
    lasting[0] = 0
    given = np.full(true.shape, np.hypot(6.0, 3.0), np.float32)
    given[:, 0] = 0
    better = smooth(as_lifted(noisy(true) + lasting, spread=given))
    assert 6.0 < np.median(better.spread[:, 1:]) < 6.6
    assert np.all(better.spread[:, 0] == 0)
    share = json.loads(better.provenance["postprocessed"])[0]["share_of_spread"]
    assert 0.3 < share < 0.5


def test_frames_of_large_spread_count_for_less():
    true, rng = walk(), np.random.default_rng(2)
    bad = rng.random(FRAMES) < 0.3
    sizes = np.where(bad, 15.0, 1.5)[:, None, None] * np.ones(true.shape)
    values = true + rng.normal(size=true.shape) * sizes
    with_spread = smooth(as_lifted(values, spread=sizes.astype(np.float32)), model="velocity")
    assert error(with_spread, true) < 0.7 * error(smooth(as_lifted(values), model="velocity"), true)


def test_motion_as_quick_as_frames_is_not_taken_for_noise_where_a_spread_says_so():
    quick = np.random.default_rng(0).normal(0, 10, (FRAMES, 4, 3))
    quick[:, 0] = 0
    spread = np.full(quick.shape, 0.5, np.float32)
    with_spread, without = (smooth(as_lifted(quick, spread=one)) for one in (spread, None))
    assert error(without, quick) > 5
    assert error(with_spread, quick) < 1.5


@pytest.mark.parametrize("method", ["kalman", "savgol"])
def test_gaps_are_filled_with_a_spread_that_grows(method):
    true = walk()
    values = noisy(true)
    values[100:104, 5] = np.nan
    better = smooth(as_lifted(values), method)
    assert np.isfinite(better.position).all()
    assert np.isfinite(better.root_relative[:, 1:]).all()
    grown, around = better.spread[101:103, 5].min(0), better.spread[80:90, 5].max(0)
    assert (grown > 1.1 * around).all()
    assert json.loads(better.provenance["postprocessed"])[0]["filled"] == 4


def test_gaps_at_both_ends_and_of_blind_frames_are_filled():
    values = noisy(walk())
    values[:5] = values[200:203] = values[-5:] = np.nan
    better = smooth(as_lifted(values))
    assert np.isfinite(better.position).all()
    assert (better.spread[0, 1:] > better.spread[10, 1:]).all()
    np.testing.assert_array_equal(better.position[:, 0], 0)


def test_long_gaps_may_stay():
    values = noisy(walk())
    values[50:53, 4] = values[100:110, 4] = values[-6:, 7] = np.nan
    better = smooth(as_lifted(values, ("a", "b"), (105, 295)), longest_gap=5)
    missing = np.isnan(better.position).all(2)
    # Of the ten, each experiment has five.
    assert not missing[:, 4].any()
    assert missing[-6:, 7].all()
    assert missing.sum() == 6
    np.testing.assert_array_equal(np.isnan(better.spread), np.isnan(better.position))


def test_the_filter_alone_never_looks_ahead(monkeypatch):
    def fixed(pieces, *_):
        ones = np.ones(pieces[0].shape[1])
        return Levels(9 * ones, ones, ones)

    # Its levels are those of all frames, which another end would change.
    monkeypatch.setattr("liftpose.postprocess.smoothing.levels", fixed)
    values = noisy(walk())
    changed = values.copy()
    changed[300:] = changed[300:][::-1]
    whole, other = (smooth(as_lifted(one), causal=True).position for one in (values, changed))
    np.testing.assert_array_equal(whole[:300], other[:300])
    assert np.abs(whole[300:] - other[300:]).max() > 10


def test_experiments_do_not_touch():
    one, other = noisy(walk(150)), noisy(walk(100, seed=3), seed=4) + 50
    other[:, 0] = 0
    values = np.concatenate([one, other])
    better = smooth(as_lifted(values, ("a", "b"), (150, 100)), model="velocity")
    moved = values.copy()
    moved[150:, 1:] += 1000
    again = smooth(as_lifted(moved, ("a", "b"), (150, 100)), model="velocity")
    np.testing.assert_allclose(again.position[:150], better.position[:150], atol=1e-3)


def test_the_way_of_a_placed_animal_is_smoothed_by_itself():
    true = walk()
    way = np.cumsum(np.full((FRAMES, 1, 3), 0.5), axis=0) + [0, 0, 500]
    shaky = way + np.random.default_rng(7).normal(0, 30, way.shape)
    values = noisy(true)
    lifted = as_lifted(values)
    placed = replace(
        lifted,
        position=(values + shaky).astype(np.float32),
        root_relative=lifted.root_relative,
    )
    better = smooth(placed)
    pose = better.position - better.position[:, :1]
    np.testing.assert_allclose(pose, smooth(lifted).position, atol=0.02)
    assert np.abs(better.position[:, :1] - way).mean() < 0.35 * np.abs(shaky - way).mean()


def test_root_relative_follows():
    better = smooth(as_lifted(noisy(walk()), root=3))
    np.testing.assert_allclose(
        np.delete(better.root_relative, 3, 1),
        np.delete(better.position - better.position[:, [3]], 3, 1),
        atol=1e-4,
    )
    assert np.isnan(better.root_relative[:, 3]).all()


def test_what_was_done_is_kept_beside_what_lifted_it():
    lifted = as_lifted(noisy(walk()), fps=100.0, provenance={"lifter": "abc"})
    twice = smooth(smooth(lifted), "savgol", window=5, degree=2)
    assert twice.provenance["lifter"] == "abc"
    first, second = json.loads(twice.provenance["postprocessed"])
    assert (first["method"], second["method"]) == ("kalman", "savgol")
    assert sum(one["coordinates"] for one in first["models"].values()) == 3 * (
        len(twice.position[0]) - 1
    )
    assert (second["window"], second["degree"]) == (5, 2)


def test_joints_that_are_hardly_ever_seen_stay_as_they_are():
    values = noisy(walk())
    values[:, 6] = np.nan
    values[10:13, 7] = values[10:13, 7]
    values[13:, 7] = values[:10, 7] = np.nan
    better = smooth(as_lifted(values))
    assert np.isnan(better.position[:, 6]).all()
    np.testing.assert_allclose(better.position[:, 7], values[:, 7], rtol=1e-6)


def test_a_root_that_is_missing_alone_takes_nothing_with_it():
    values = noisy(walk()) + np.linspace(0, 300, FRAMES)[:, None, None]
    whole = smooth(as_lifted(values))
    values[100:103, 0] = np.nan
    better = smooth(as_lifted(values))
    off = np.abs(better.position - whole.position)[98:105, 1:]
    assert off.max() < 8
    assert np.isfinite(better.position).all()


@pytest.mark.parametrize("method", ["kalman", "savgol"])
def test_what_never_moves_stays_and_its_gaps_are_filled(method):
    still = np.broadcast_to(np.arange(12.0).reshape(4, 3), (50, 4, 3)).copy()
    still[20:25, 2] = np.nan
    better = smooth(as_lifted(still), method)
    np.testing.assert_allclose(better.position, np.broadcast_to(still[:1], still.shape))


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"method": "median"}, "method is 'median'; expected one of kalman, savgol"),
        ({"model": "jerk"}, "model is 'jerk'; expected one of position, velocity"),
        ({"window": 5}, "of method='savgol'"),
        ({"method": "savgol", "causal": True}, "of method='kalman'"),
        ({"method": "savgol", "model": "velocity"}, "of method='kalman'"),
        ({"method": "savgol", "window": 8}, "expected an odd number of frames"),
        ({"method": "savgol", "window": 401}, "has 400 frames and the window 401"),
        ({"longest_gap": -1}, "longest_gap is -1; expected a number of frames"),
    ],
)
def test_settings_that_make_no_sense_are_refused(how, words):
    with pytest.raises(ValueError, match=words):
        smooth(as_lifted(walk()), **how)


def test_two_frames_are_too_few():
    with pytest.raises(ValueError, match=r"lifted has 2 frames; smoothing needs 3 or more"):
        smooth(as_lifted(walk()[:2]))


def test_an_array_is_no_lifted():
    with pytest.raises(TypeError, match=r"lifted is a ndarray; expected what Lifter\.lift"):
        smooth(walk())


def test_depth_alone_is_smoothed_too():
    depth = noisy(walk())[..., 2:]
    assert smooth(as_lifted(depth)).position.shape == depth.shape
