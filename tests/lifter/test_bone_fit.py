"""The bone fit, against a slow twin in double precision and against SciPy's least squares."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from liftpose.lifter import bone_fit
from liftpose.lifter.bone_fit import Body, BoneFit
from liftpose.lifter.bone_steps import TINY, Equations, Solver
from liftpose.lifter.normalization import Anchoring
from liftpose.lifter.sight import Sight
from liftpose.skeleton.target_sets import TargetSets

UNIT = 2.5
TURN = Rotation.from_euler("xyz", [25, -40, 15], degrees=True).as_matrix()
LENS = np.array([[900.0, 4.0, 330.0], [0.0, 880.0, 250.0], [0.0, 0.0, 1.0]])
FAR = np.array([[2e5, 0.0, 330.0], [0.0, 2e5, 250.0], [0.0, 0.0, 1.0]])

# Roots, target sets, bones; joint 0 of "two legs" is neither root nor target.
BODIES = {
    "one leg": ([0], [[1, 2, 3, 4]], [(0, 1), (1, 2), (2, 3), (3, 4)]),
    "two legs": ([3, 1], [[4, 5], [2, 6]], [(3, 4), (5, 4), (3, 1), (1, 2), (2, 6), (0, 1)]),
    "a ring": ([2], [[0, 1, 3, 4]], [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)]),
    "a bone given twice": ([0], [[1, 2, 3]], [(0, 1), (1, 2), (2, 1), (2, 3)]),
    "a root that is a target": ([0, 1], [[1, 2], [3, 4]], [(0, 1), (1, 2), (1, 3), (3, 4)]),
    "no bones": ([0], [[1, 2, 3, 4]], []),
}


def spd(size, scale, rng):
    """A covariance that is neither diagonal nor even."""
    root = rng.normal(size=(size, size)) * rng.uniform(0.3, 1, size)
    return (root @ root.T / size + 0.1 * np.eye(size)) * scale**2


def made(kind="two legs", lens=LENS, turn=TURN, steps=2, strength=1.0, noise=0.01, seed=0):
    """Give a fit of a body, what a lifter said of 40 poses of it, and what was seen."""
    roots, sets, bones = BODIES[kind]
    rng = np.random.default_rng(seed)
    joints = 1 + max(max(roots), *map(max, sets))
    anchoring = Anchoring(TargetSets.resolve(roots, sets, joints))
    body = Body.of(anchoring, bones)
    count = len(body.joints) - 1
    true = rng.normal(size=(40, joints, 3)) * UNIT * 0.6
    distance = UNIT * lens[0, 0] / 150
    placed = true @ turn.T + rng.normal(size=(40, 1, 3)) * UNIT + [0, 0, distance]
    flat = placed @ lens.T
    seen = flat[..., :2] / flat[..., 2:] + rng.normal(size=(40, joints, 2))
    near, far = body.bones.T.numpy()
    pose = body.pose(anchoring.relative(torch.from_numpy(true))).numpy()
    lengths = np.linalg.norm(pose[:, near] - pose[:, far], axis=2).mean(0) / UNIT
    errors = spd(3 * count, 0.3, rng)
    both = errors + np.diag(np.repeat([1.0, 1.0, 0.0], count)) * noise**2 + 1e-4 * np.eye(3 * count)
    single = {"dtype": torch.float32}
    fit = BoneFit(
        Sight(torch.from_numpy(lens), torch.from_numpy(np.array(turn))),
        body,
        torch.tensor(np.linalg.inv(both), **single),
        torch.tensor((errors @ np.linalg.inv(both)).T, **single),
        torch.tensor(lengths, **single),
        torch.tensor(0.01 * lengths + 0.01, **single),
        noise,
        UNIT,
        strength,
        steps,
    )
    relative = anchoring.relative(torch.from_numpy(true))
    said = relative + torch.from_numpy(rng.normal(size=relative.shape)) * 0.1 * UNIT
    return fit, said.contiguous(), torch.from_numpy(seen)


def leg(frames=200):
    """Give a fit, what was said, 2D and the truth of a leg whose bones are one unit long."""
    rng = np.random.default_rng(1)
    fit, _, _ = made("one leg", turn=np.eye(3), noise=0.0)
    bones = rng.normal(size=(frames, 5, 3))
    bones /= np.linalg.norm(bones, axis=2, keepdims=True)
    bones[:, 0] = 0
    true = np.cumsum(bones, 1) * UNIT
    flat = (true + [0, 0, 8.0 * UNIT]) @ LENS.T
    scale = np.repeat([0.05, 0.05, 0.15], 4)
    wrong = (rng.normal(size=(frames, 12)) * scale).reshape(frames, 3, 4).transpose(0, 2, 1)
    fit = replace(
        fit,
        precision=torch.from_numpy(np.diag(scale**-2.0)).float(),
        gain=torch.eye(12),
        lengths=torch.ones(4),
        spread=torch.full((4,), 1e-2),
    )
    said = torch.from_numpy(true[:, 1:] + wrong * UNIT)
    return fit, said, torch.from_numpy(flat[..., :2] / flat[..., 2:]), torch.from_numpy(true)


class Twin:
    """One pose after another, joint after joint, with the whole Jacobian, in double precision."""

    def __init__(self, fit):
        self.fit, self.joints = fit, fit.body.joints.tolist()
        self.lens, self.turn = fit.sight.matrix.numpy(), fit.sight.turn.numpy()
        self.count = len(self.joints) - 1

    def pose(self, relative):
        """Joints relative to the first root."""
        anchoring = self.fit.body.anchoring
        place = {anchoring.sets.roots[0]: np.zeros(3)}
        for row, joint in reversed(list(enumerate(anchoring.joints))):  # further roots come last
            if joint != anchoring.sets.roots[0] and anchoring.anchors[row] in place:
                place[joint] = place[anchoring.anchors[row]] + relative[row]
        return np.array([place[joint] for joint in self.joints])

    def relative(self, pose):
        place = dict(zip(self.joints, pose, strict=True))
        anchoring = self.fit.body.anchoring
        pairs = zip(anchoring.joints, anchoring.anchors, strict=True)
        return np.array([place[joint] - place[anchor] for joint, anchor in pairs])

    def ray(self, pixel):
        return np.linalg.solve(self.lens, [*pixel, 1.0])[:2]

    def root(self, pose, rays):
        """Where the first root is: an equation for each coordinate of each joint that is seen."""
        rows, right = [], []
        for point, ray in zip(pose, rays, strict=True):
            for axis in range(2):
                if np.isfinite(ray).all():
                    rows.append([axis == 0, axis == 1, -ray[axis]])
                    right.append(ray[axis] * point[2] - point[axis])
        return np.linalg.lstsq(np.array(rows, float), np.array(right), rcond=None)[0]

    def setting(self, relative, pixels):
        """What was said, in units, and rays and distance."""
        pose = self.pose(relative) @ self.turn.T
        rays = np.array([self.ray(pixel) for pixel in pixels[self.joints]])
        root = self.root(pose, rays)
        for number, point in enumerate(pose):
            if not np.isfinite(rays[number]).all():
                rays[number] = (root + point)[:2] / (root + point)[2]
        return pose / UNIT, rays, root[2] / UNIT

    def joined(self, y, rays, distance):
        """All joints of the depths, and of the root's distance as a share of what was found."""
        depths = [0.0, *y[:-1]]
        points = []
        for ray, depth in zip(rays, depths, strict=True):
            across = ray * (y[-1] * distance + depth) - rays[0] * y[-1] * distance
            points.append([*across, depth])
        return np.array(points)

    def bones(self, points, loose):
        """By how much each bone is too short, and how that changes with all coordinates."""
        fit, short, changes = self.fit, [], []
        values = (fit.body.bones.tolist(), fit.lengths.tolist(), fit.spread.tolist())
        for (near, far), length, spread in zip(*values, strict=True):
            bone = points[far] - points[near]
            now = np.linalg.norm(bone)
            blur = 2 * fit.noise**2 * (1 - (bone[2] / now) ** 2)
            weight = 1 / np.sqrt(spread**2 + blur + loose[near] + loose[far])
            change = np.zeros_like(points)
            change[far] += bone / now * weight
            change[near] -= bone / now * weight
            short.append((length - now) * weight)
            changes.append(change[1:].T.ravel())
        return np.array(short), np.array(changes).reshape(-1, 3 * self.count)

    def moved(self, relative, pixels, doubt=None):
        """What `BoneFit.refine` gives of one pose."""
        said, rays, distance = self.setting(relative, pixels)
        # A pixel is as long as the root is far away, over the focal length.
        pixel = distance / np.diagonal(self.lens)[:2].prod() ** 0.5
        loose = np.zeros(self.count + 1) if doubt is None else doubt[self.joints] * pixel**2
        precision = self.fit.precision.double().numpy()
        y = np.array([*said[1:, 2], 1.0])
        at_zero = self.joined(np.zeros(len(y)), rays, distance)
        columns = [self.joined(unit, rays, distance) - at_zero for unit in np.eye(len(y))]
        jacobian = np.array([column[1:].T.ravel() for column in columns]).T
        errors = jacobian.T @ precision @ jacobian
        errors[-1, -1] += TINY * (errors[-1, -1] + 1)
        for _ in range(self.fit.steps):
            points = self.joined(y, rays, distance)
            short, changes = self.bones(points, loose)
            changes = changes @ jacobian
            slope = jacobian.T @ precision @ (said - points)[1:].T.ravel() + changes.T @ short
            y = y + np.linalg.solve(errors + changes.T @ changes, slope)
        off = (self.joined(y, rays, distance) - said)[1:].T.ravel()
        found = said.copy()
        found[1:] += (off @ self.fit.gain.double().numpy()).reshape(3, -1).T
        new = self.relative(found @ self.turn * UNIT)
        return relative + self.fit.strength * (new - relative)

    def refine(self, relative, image, doubt=None):
        doubts = [None] * len(image) if doubt is None else doubt.numpy()
        poses = zip(relative.numpy(), image.numpy(), doubts, strict=True)
        return np.array([self.moved(*pose) for pose in poses])


@pytest.mark.parametrize("steps", [1, 2, 4])
@pytest.mark.parametrize("kind", BODIES)
def test_it_is_what_its_slow_twin_finds(kind, steps):
    fit, said, seen = made(kind, steps=steps)
    expected = Twin(fit).refine(said, seen)
    found = fit.refine(said, seen).numpy()
    assert np.abs(expected - said.numpy()).max() > 0.1 * UNIT
    np.testing.assert_allclose(found, expected, atol=1e-4 * UNIT)


@pytest.mark.parametrize(
    "settings",
    [
        {"lens": FAR},
        {"turn": np.eye(3)},
        {"strength": 0.5},
        {"noise": 0.1},
        {"lens": FAR, "turn": np.eye(3), "kind": "a ring"},
    ],
)
def test_it_is_what_its_slow_twin_finds_in_other_settings(settings):
    fit, said, seen = made(**settings)
    expected = Twin(fit).refine(said, seen)
    np.testing.assert_allclose(fit.refine(said, seen), expected, atol=1e-4 * UNIT)


@pytest.mark.parametrize("kind", [kind for kind in BODIES if kind != "no bones"])
def test_bones_of_joints_that_were_not_seen_may_vary_as_much_more(kind):
    fit, said, seen = made(kind)
    doubt = torch.zeros(seen.shape[:2], dtype=torch.float64)
    doubt[1::2, 1], doubt[::3, 2] = 40.0**2, 5.0**2
    expected = Twin(fit).refine(said, seen, doubt)
    plain = fit.refine(said, seen).numpy()
    found = fit.refine(said, seen, doubt).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4 * UNIT)
    sure = (doubt == 0).all(1).numpy()
    np.testing.assert_array_equal(found[sure], plain[sure])
    assert np.abs(found - plain)[~sure].max() > 0.01 * UNIT


def one_by_one(fit, said, seen):
    """What `BoneFit.refine_one` gives of each pose."""
    pairs = zip(said.numpy(), seen.numpy(), strict=True)
    return np.concatenate([fit.refine_one(pose[None], pixels[None]) for pose, pixels in pairs])


@pytest.mark.parametrize("steps", [1, 4])
@pytest.mark.parametrize("kind", BODIES)
def test_one_pose_is_moved_as_among_others(kind, steps):
    fit, said, seen = made(kind, steps=steps)
    found = one_by_one(fit, said, seen)
    np.testing.assert_allclose(found, Twin(fit).refine(said, seen), atol=1e-4 * UNIT)
    np.testing.assert_allclose(found, fit.refine(said, seen), atol=1e-4 * UNIT)


@pytest.mark.parametrize("settings", [{"lens": FAR}, {"strength": 0.5}, {"strength": 0.0}])
def test_one_pose_is_moved_as_among_others_in_other_settings(settings):
    fit, said, seen = made(**settings)
    expected = fit.refine(said, seen)
    np.testing.assert_allclose(one_by_one(fit, said, seen), expected, atol=1e-5 * UNIT)


def test_one_pose_that_is_nowhere_is_treated_as_among_others():
    fit, said, seen = made()
    said, seen = said.clone(), seen.clone()
    seen[0] = torch.nan
    seen[1, 1:5] = torch.nan
    seen[2] = seen[2, :1]
    seen[3] = 2 * torch.from_numpy(LENS[:2, 2]) - seen[3]
    said[4, 1] = torch.nan
    seen[5, 2, 0] = seen[6, 3] = torch.nan
    before = said.clone(), seen.clone()
    found = one_by_one(fit, said, seen)
    np.testing.assert_array_equal(found[:5], said[:5])
    np.testing.assert_allclose(found, fit.refine(said, seen), atol=1e-4 * UNIT)
    np.testing.assert_array_equal(said, before[0])
    np.testing.assert_array_equal(seen, before[1])


@pytest.mark.parametrize("precision", [-1.0, 0.0, torch.nan])
def test_one_pose_that_has_no_solution_stays(precision):
    fit, said, seen = made("no bones")
    hopeless = replace(fit, precision=torch.eye(len(fit.precision)) * precision)
    np.testing.assert_array_equal(one_by_one(hopeless, said, seen), said)


def test_bones_of_infinite_spread_do_not_count():
    fit, said, seen = made()
    without = replace(fit, body=replace(fit.body, bones=fit.body.bones[:0]))
    without = replace(without, lengths=fit.lengths[:0], spread=fit.spread[:0])
    loose = replace(fit, spread=torch.full_like(fit.spread, torch.inf))
    expected = without.refine(said, seen)
    np.testing.assert_allclose(loose.refine(said, seen), expected, atol=1e-6 * UNIT)
    assert (fit.refine(said, seen) - expected).abs().max() > 0.05 * UNIT


def test_many_steps_lead_to_the_least_of_its_objective():
    """SciPy's least squares over depths and distance, with bones that weigh the same anywhere."""
    fit, said, seen, _ = leg(frames=40)
    fit = replace(fit, steps=30)
    found = fit.body.pose(fit.refine(said, seen)).numpy() / UNIT
    twin = Twin(fit)
    root = np.linalg.cholesky(fit.precision.double().numpy()).T

    def residuals(y, setting):
        points = twin.joined(y, *setting[1:])
        off = root @ (points - setting[0])[1:].T.ravel()
        return np.concatenate([off, twin.bones(points, np.zeros(twin.count + 1))[0]])

    reached = 0
    for pose, relative, pixels in zip(found, said.numpy(), seen.numpy(), strict=True):
        setting = twin.setting(relative, pixels)
        start = np.array([*pose[1:, 2], 1.0])
        best = least_squares(residuals, start, args=(setting,), xtol=1e-14, ftol=1e-14)
        off = np.abs(twin.joined(best.x, *setting[1:]) - pose).max()
        reached += off < 1e-3
    assert reached >= 39  # of 40: steps of full length may go to and fro


def test_a_pose_of_which_a_joint_is_not_known_stays():
    fit, said, seen = made()
    rng = np.random.default_rng(3)
    expected = fit.refine(said, seen)
    seen[torch.from_numpy(rng.random(seen.shape[:2]) < 0.1)] = torch.nan
    seen[5, 2, 1] = torch.nan
    whole = seen[:, fit.body.joints].isfinite().all(2).all(1)
    assert 5 <= whole.sum() < len(seen)
    found = fit.refine(said, seen)
    np.testing.assert_array_equal(found[whole], expected[whole])
    np.testing.assert_array_equal(found[~whole], said[~whole])


def test_poses_without_a_place_stay_and_leave_the_others_alone():
    fit, said, seen = made()
    expected = fit.refine(said, seen)
    said, seen = said.clone(), seen.clone()
    seen[0] = torch.nan
    seen[1, 1:5] = torch.nan  # two joints are left
    seen[2] = seen[2, :1]  # all joints in one point
    seen[3] = (
        2 * torch.from_numpy(LENS[:2, 2]) - seen[3]
    )  # upside down and mirrored: behind the camera
    said[4, 1] = torch.nan
    found = fit.refine(said, seen)
    np.testing.assert_array_equal(found[:5], said[:5])
    np.testing.assert_array_equal(found[5:], expected[5:])


def test_poses_that_have_no_solution_stay(monkeypatch):
    fit, said, seen = made()
    expected = fit.refine(said, seen)
    real = Solver._step

    def none_of_the_first(solver):
        step, failed = real(solver)
        step[:, 0], failed[0] = np.nan, 1
        return step, failed

    monkeypatch.setattr(Solver, "_step", none_of_the_first)
    found = fit.refine(said, seen)
    np.testing.assert_array_equal(found[0], said[0])
    np.testing.assert_array_equal(found[1:], expected[1:])


def test_equations_without_a_solution_are_told():
    equations = Equations(-np.eye(6), np.empty((0, 2), int), [], [], 0.0)
    shape = (2, 3, 2)
    out = np.ones((3, 3, 2), np.float32)
    _, good = Solver(equations, 2).solved(
        np.ones(shape, np.float32), out, np.zeros(shape, np.float32), 1
    )
    assert not good.any()


@pytest.mark.parametrize("chunk", [1, 7, 39])
def test_how_many_poses_are_fitted_at_a_time_changes_nothing(chunk, monkeypatch):
    fit, said, seen = made("a ring")
    seen[3, 1] = torch.nan
    whole = fit.refine(said, seen)
    monkeypatch.setattr(bone_fit, "CHUNK", chunk)
    np.testing.assert_allclose(fit.refine(said, seen), whole, atol=5e-6 * UNIT)


def test_threads_share_nothing(monkeypatch):
    monkeypatch.setattr(bone_fit, "CHUNK", 16)
    fits = [made(kind, seed=seed) for kind in ("two legs", "a ring") for seed in range(3)]
    expected = [fit.refine(said, seen) for fit, said, seen in fits]
    work = [(replace(fit), said, seen) for fit, said, seen in fits] * 8
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda one: one[0].refine(*one[1:]), work))
    for number, one in enumerate(found):
        np.testing.assert_array_equal(one, expected[number % len(fits)])


def test_what_is_given_stays_as_it_is():
    fit, said, seen = made()
    seen[3, 1] = torch.nan
    before = said.clone(), seen.clone()
    found = fit.refine(said, seen)
    np.testing.assert_array_equal(said, before[0])
    np.testing.assert_array_equal(seen, before[1])
    assert found.dtype == torch.float64
    found[0] = torch.nan  # it is the caller's own
    np.testing.assert_array_equal(said, before[0])


def test_whether_gradients_are_tracked_changes_nothing():
    fit, said, seen = made("a ring")
    expected = replace(fit).refine(said, seen)
    with torch.inference_mode():
        first = fit.refine(said, seen)
    np.testing.assert_array_equal(first, expected)
    np.testing.assert_array_equal(fit.refine(said, seen), expected)
    other = replace(fit)
    other.refine(said, seen)
    with torch.inference_mode():
        np.testing.assert_array_equal(other.refine(said, seen), expected)


def test_memory_may_lie_in_any_order():
    fit, said, seen = made()
    expected = fit.refine(said, seen)
    turned = said.permute(1, 2, 0).contiguous().permute(2, 0, 1)
    other = seen.permute(1, 2, 0).contiguous().permute(2, 0, 1)
    np.testing.assert_array_equal(fit.refine(turned, other), expected)


def test_nothing_is_nothing():
    fit, said, seen = made(strength=0.0)
    assert fit.refine(said, seen) is said
    fit, said, seen = made()
    assert fit.refine(said[:0], seen[:0]).shape == said[:0].shape


@pytest.mark.parametrize("steps", [1, 3])
def test_a_state_is_the_whole_fit(steps):
    fit, said, seen = made(steps=steps)
    again = BoneFit.from_state(fit.state(), fit.body.anchoring)
    assert again.steps == steps
    np.testing.assert_array_equal(again.refine(said, seen), fit.refine(said, seen))


def test_it_brings_poses_nearer_to_the_truth():
    """With the errors' own covariance, and bones and 2D without noise, little error is left."""
    fit, said, seen, true = leg()

    def error(relative):
        return float((relative - true[:, 1:]).norm(dim=2).mean())

    assert error(fit.refine(said, seen)) < 0.45 * error(said)
    bones = fit.body.pose(fit.refine(said, seen)).diff(dim=1).norm(dim=2) / UNIT
    before = fit.body.pose(said).diff(dim=1).norm(dim=2) / UNIT
    assert (bones - 1).abs().mean() < 0.3 * (before - 1).abs().mean()
