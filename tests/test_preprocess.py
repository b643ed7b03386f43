"""The statistics of random projections, beside those of liftpose 0.22's own criterion."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from liftpose.lifter.normalization import Anchoring, Normalization
from liftpose.lifter.preparation import with_statistics
from liftpose.preprocess import obtain_projected_stats
from liftpose.skeleton import TargetSets

Array = NDArray[np.float64]

RANGES = [[-40, 40], [0, 60], [-90, 90]]
K = np.array([[900.0, 0.0, 320.0], [0.0, 900.0, 240.0], [0.0, 0.0, 1.0]])
ROOTS, SETS = [0, 4], [[1, 2], [5]]


def poses(frames: int = 400, seed: int = 0) -> Array:
    scale = np.arange(1, 7)[:, None] * [1.0, 2.0, 0.5]
    made: Array = np.random.default_rng(seed).normal(size=(frames, 6, 3)) * scale
    return made


def obtained(folder: Path, pose_3d: Any, **changes: Any) -> Any:
    arguments: dict[str, Any] = {
        "eangles": {0: RANGES}, "axsorder": "zyx", "vis": None, "tvec": None, "intr": None,
        "roots": ROOTS, "target_sets": SETS, "out_dir": folder, "norm_2d": False,
    }  # fmt: skip
    return obtain_projected_stats(pose_3d, **{**arguments, **changes})


@pytest.mark.parametrize("perspective", [False, True])
def test_they_are_those_of_many_projections(tmp_path: Path, perspective: bool) -> None:
    pose_3d = poses()
    camera = {"tvec": [0, 0, 200.0], "intr": K} if perspective else {}
    found = obtained(tmp_path, pose_3d, th=0.02, **camera)
    rng = np.random.default_rng(5)
    many = np.tile(pose_3d, (100, 1, 1))
    angles = rng.uniform([-40.0, 0.0, -90.0], [40.0, 60.0, 90.0], (len(many), 3))
    turned = np.einsum(
        "nij,nkj->nki", Rotation.from_euler("zyx", angles, degrees=True).as_matrix(), many
    )
    image = turned[..., :2]
    if perspective:
        placed = turned + [0, 0, 200.0]
        image = (placed @ K.T)[..., :2] / placed[..., 2:]
    anchors = [0, 0, 0, 3, 4, 4]
    for values, mean, std, dims in ((image, *found[:2], 2), (turned, *found[2:], 3)):
        relative = (values - values[:, anchors]).reshape(len(many), -1)
        targets = [dims * joint + axis for joint in (1, 2, 5) for axis in range(dims)]
        np.testing.assert_allclose(std[targets], relative.std(axis=0)[targets], rtol=0.02)
        scale = relative.std(axis=0)[targets]
        np.testing.assert_allclose(
            mean[targets], relative.mean(axis=0)[targets], atol=0.03 * scale.max()
        )
        rest = np.setdiff1d(np.arange(6 * dims), targets)
        assert (mean[rest] == 0).all()
        assert (std[rest] == 1).all()


def test_rounds_stop_when_a_round_changes_less_than_asked(tmp_path: Path, caplog: Any) -> None:
    changes = []
    for th in (20.0, 0.5, 0.01):
        caplog.clear()
        with caplog.at_level("INFO", "liftpose"):
            obtained(tmp_path / f"{th}", poses(2000), th=th)
        rounds, change = caplog.messages[-1].split(" of ")[1], caplog.messages[-1].split()[-1]
        changes.append((int(rounds.split()[0]), float(change.rstrip("."))))
        assert changes[-1][1] < th
    assert changes[0][0] == 2
    assert changes[2][0] > changes[1][0]


def test_they_fit_a_lifter(tmp_path: Path) -> None:
    stats = obtained(tmp_path, poses())
    sets = TargetSets.resolve(ROOTS, SETS, 6)
    own = [torch.full((4 * dims,), fill).double() for dims in (2, 3) for fill in (0.0, 1.0)]
    made = with_statistics(Normalization(Anchoring(sets), False, *own), stats)
    np.testing.assert_array_equal(made.std_in[:2], stats[1].reshape(6, 2)[1])


def test_unit_norm_is_the_default(tmp_path: Path) -> None:
    found = obtain_projected_stats(
        poses(), {0: RANGES}, "zyx", None, None, None, [0], [[1, 2, 3, 4, 5]], tmp_path
    )
    mean_square = (found[0] ** 2 + found[1] ** 2)[2:].sum()
    np.testing.assert_allclose(mean_square, 1.0, rtol=1e-6)


def test_what_is_not_seen_does_not_count(tmp_path: Path) -> None:
    pose_3d = poses()
    hidden = obtained(tmp_path, pose_3d, vis={0: [1, 0, 1, 1, 1, 1]})
    assert hidden[1][2:4].tolist() == [1, 1]
    assert hidden[0][2:4].tolist() == [0, 0]
    holed = pose_3d.copy()
    holed[:300, 2] = np.nan
    less = obtained(tmp_path, holed, th=0.02)
    alone = obtained(tmp_path, pose_3d[300:], th=0.02)
    np.testing.assert_allclose(less[3][6:9], alone[3][6:9], rtol=0.05)


def test_the_file_is_read_again_where_it_fits(tmp_path: Path, caplog: Any) -> None:
    first = obtained(tmp_path / "new", poses())
    path = tmp_path / "new" / "stats.npz"
    with np.load(path) as stored:
        contents = dict(stored)
    contents["mean_2d"] = contents["mean_2d"] + 1
    np.savez(path, **contents)
    again = obtained(tmp_path / "new", poses())
    np.testing.assert_array_equal(again[0], first[0] + 1)
    fresh = obtained(tmp_path / "new", poses(), load_existing=False)
    np.testing.assert_array_equal(fresh[0], first[0])
    with caplog.at_level("INFO", "liftpose"):
        other = obtained(tmp_path / "new", poses(seed=1))
    assert "other poses or arguments" in caplog.text
    assert not np.array_equal(other[0], first[0])
    path.write_bytes(b"no archive")
    with caplog.at_level("WARNING", "liftpose"):
        np.testing.assert_array_equal(obtained(tmp_path / "new", poses())[0], first[0])
    assert "damaged" in caplog.text


@pytest.mark.parametrize("th", [0.0, -1.0, np.nan])
def test_a_threshold_that_no_round_reaches_is_refused(tmp_path: Path, th: float) -> None:
    with pytest.raises(ValueError, match="th is"):
        obtained(tmp_path, poses(), th=th)


def test_wrong_poses_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pts3d"):
        obtained(tmp_path, poses()[..., :2])
    with pytest.raises(ValueError, match="vis of camera 0"):
        obtained(tmp_path, poses(), vis={0: [1, 0]})
