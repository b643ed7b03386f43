"""Folders in the layout of liftpose 0.22 against a twin that goes through frames one by one.

`python -m benchmarks published` compares the same functions with 0.22 itself.
"""

import math
import os
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from liftpose.lifter.members.martinez import Martinez
from liftpose.lifter.published import (
    is_published,
    read_published,
    read_published_results,
    read_published_test_data,
)

Array = NDArray[Any]
Experiments = dict[str, Array]

JOINTS = 8
# Joint 4 is a root and a target; joints 3 and 7 are in no set.
ROOTS = [0, 4]
SETS = [[1, 2, 4], [6, 5]]
TARGETS = [1, 2, 4, 5, 6]
IN_SETS = [0, 1, 2, 4, 5, 6]


def slow_offset(pose: Array) -> Array:
    """What 0.22 subtracts from one pose: at each joint the sum of the roots of its sets."""
    offset = np.zeros_like(pose)
    for root, joints in zip(ROOTS, SETS, strict=True):
        for joint in [root, *joints]:
            offset[joint] = offset[joint] + pose[root]
    return offset


def slow_anchored(pose: Array, norm_2d: bool) -> Array:
    pose = pose - slow_offset(pose)
    if norm_2d:
        pose = np.where(np.isnan(pose), 0, pose)
        length = math.sqrt(sum(float(x) ** 2 for x in pose.ravel()))
        pose = pose / length if length else np.full_like(pose, np.nan)
    return pose.ravel()


def slow_statistics(rows: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of each column over its values that are neither 0 nor NaN."""
    mean, std = np.zeros(rows.shape[1]), np.ones(rows.shape[1])
    for column in range(rows.shape[1]):
        values = [x for x in rows[:, column] if x != 0 and not math.isnan(x)]
        if values:
            mean[column] = sum(values) / len(values)
            std[column] = math.sqrt(sum((x - mean[column]) ** 2 for x in values) / len(values))
    return mean, std


def slow_standardised(rows: Array, mean: Array, std: Array) -> Array:
    result = np.zeros_like(rows)
    for column in range(rows.shape[1]):
        for frame in range(len(rows)):
            x = rows[frame, column] - mean[column]
            if std[column] > 0:
                result[frame, column] = 0 if math.isnan(x) else x / std[column]
            elif not math.isnan(x) and x != 0:
                result[frame, column] = math.copysign(np.finfo(float).max, x)
    return result


def columns(dim: int) -> list[int]:
    """Target columns of flattened poses; for depth in the order of the sets, as 0.22 has them."""
    if dim == 1:
        return [joint for joints in SETS for joint in joints]
    return [dim * joint + axis for joint in TARGETS for axis in range(dim)]


@dataclass
class Folder:
    """A folder in the layout of 0.22 and what was put into it."""

    path: Path
    out_dim: int
    norm_2d: bool
    poses: dict[str, Experiments] = field(default_factory=dict)
    rows: dict[str, Experiments] = field(default_factory=dict)
    mean: dict[int, Array] = field(default_factory=dict)
    std: dict[int, Array] = field(default_factory=dict)
    offset: dict[int, Experiments] = field(default_factory=dict)
    networks: dict[str, Martinez] = field(default_factory=dict)

    def inputs(self, poses: Array) -> Array:
        anchored = np.stack([slow_anchored(pose, self.norm_2d) for pose in poses])
        return slow_standardised(anchored, self.mean[2], self.std[2])[:, columns(2)]

    def lifted(self, poses: Array, which: str = "best") -> Array:
        """Predict relative targets, NaN elsewhere."""
        with torch.no_grad():
            outputs = self.networks[which](torch.from_numpy(self.inputs(poses)).float()).numpy()
        flat = np.full((len(poses), JOINTS * self.out_dim), np.nan)
        for row, output in zip(flat, outputs, strict=True):
            for column, value in zip(columns(self.out_dim), output, strict=True):
                row[column] = value * self.std[3][column] + self.mean[3][column]
        return flat.reshape(-1, JOINTS, self.out_dim)

    def save(self, name: str, content: Any, **options: Any) -> None:
        torch.save(content, self.path / f"{name}.pth.tar", **options)

    def load(self, name: str) -> Any:
        return torch.load(self.path / f"{name}.pth.tar", weights_only=False)

    def network(self, which: str, epoch: int) -> None:
        seed = torch.Generator().manual_seed(epoch)
        network = Martinez(len(columns(2)), len(columns(self.out_dim)), 16, generator=seed)
        for name, tensor in network.state_dict().items():
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 2, generator=seed)
            elif name.endswith("running_mean"):
                tensor.normal_(generator=seed)
        optimizer = torch.optim.Adam(network.parameters())
        network(torch.ones(4, len(columns(2))), seed).sum().backward()
        optimizer.step()
        self.networks[which] = network.eval()
        checkpoint = {
            "epoch": epoch,
            "lr": 1e-3,
            "step": np.int64(17),
            "err": np.float64(0.25),
            "state_dict": network.state_dict(),
            "optimizer": optimizer.state_dict(),
        }
        self.save(f"ckpt_{which}", checkpoint)


def random_poses(seed: int, dim: int, scale: float, missing: float) -> dict[str, Experiments]:
    rng = np.random.default_rng(seed)
    frames = {"train": {"one": 40, "two": 30}, "test": {"b": 12, "a": 7}}
    made: dict[str, Experiments] = {}
    for part, experiments in frames.items():
        made[part] = {}
        for name, count in experiments.items():
            poses = scale * (3 + rng.normal(size=(count, JOINTS, dim)))
            poses[rng.random((count, JOINTS)) < missing] = np.nan
            made[part][name] = poses
    return made


def make_folder(
    path: Path,
    out_dim: int = 3,
    norm_2d: bool = False,
    missing: float = 0.08,
    scale: float = 100,
    constant: bool = False,
) -> Folder:
    """Write everything that 0.22 writes in training."""
    path.mkdir(exist_ok=True)
    folder = Folder(path, out_dim, norm_2d)
    poses = {2: random_poses(1, 2, scale, missing), 3: random_poses(2, out_dim, 2, missing)}
    if constant:
        for experiments in poses[2].values():
            for points in experiments.values():
                points[:, 1] = points[:, 0] + [8.0, 0.0]
    for dim, width in ((2, 2), (3, out_dim)):
        scaled = norm_2d and dim == 2
        anchored = {
            part: {
                name: np.stack([slow_anchored(pose, scaled) for pose in array])
                for name, array in poses[dim][part].items()
            }
            for part in ("train", "test")
        }
        mean, std = slow_statistics(np.concatenate(list(anchored["train"].values())))
        folder.mean[dim], folder.std[dim] = mean, std
        folder.offset[dim] = {
            name: np.stack([slow_offset(pose).ravel() for pose in array])
            for name, array in poses[dim]["test"].items()
        }
        for part in ("train", "test"):
            folder.poses[f"{part}_{dim}d"] = poses[dim][part]
            folder.rows[f"{part}_{dim}d"] = {
                name: slow_standardised(rows, mean, std)[:, columns(width)]
                for name, rows in anchored[part].items()
            }
    rng = np.random.default_rng(3)
    for part in ("train", "test"):
        mask = {
            name: rng.random(rows.shape) > 0.1 for name, rows in folder.rows[f"{part}_3d"].items()
        }
        folder.rows[f"{part}_keypts"] = mask
        name = f"{part}_2d"
        folder.save(name, [folder.rows[name], folder.poses[name]])
        name = f"{part}_3d"
        folder.save(name, [folder.rows[name], mask, folder.poses[name]])
    stat_2d = {
        "mean": folder.mean[2],
        "std": folder.std[2],
        "in_dim": 2,
        "targets_2d": np.array(columns(2)),
        "roots": [np.int64(root) for root in ROOTS],
        "target_sets": SETS,
        "offset": folder.offset[2],
    }
    stat_3d = {
        "mean": folder.mean[3],
        "std": folder.std[3],
        "targets_3d": np.array(columns(out_dim)),
        "offset": folder.offset[3],
        "LR_train": folder.rows["train_keypts"],
        "LR_test": folder.rows["test_keypts"],
        "out_dim": out_dim,
        "input_size": len(columns(2)),
        "output_size": len(columns(out_dim)),
    }
    folder.save("stat_2d", stat_2d)
    folder.save("stat_3d", stat_3d)
    (path / "opt.json").write_text('{"linear_size": 1024, "num_stage": 7}')
    folder.network("best", epoch=4)
    folder.network("last", epoch=6)
    return folder


def save_results(folder: Folder) -> tuple[Any, Any, Any]:
    """Write the file of 0.22's test; return truth, prediction and mask as they should be read."""
    truths, predictions, masks = [], [], []
    stored: dict[str, list[Array]] = {key: [] for key in ("input", "output", "target", "mask")}
    for name, points in folder.poses["test_2d"].items():
        given = folder.rows["test_3d"][name].astype(np.float32)
        mask = folder.rows["test_keypts"][name]
        inputs = folder.inputs(points).astype(np.float32)
        with torch.no_grad():
            outputs = folder.networks["best"](torch.from_numpy(inputs)).numpy()
        stored["input"].append(inputs)
        stored["output"].append(np.where(mask, outputs, 0))
        stored["target"].append(np.where(mask, given, 0))
        stored["mask"].append(mask)
        truths.append(slow_placed(folder, stored["target"][-1], 3, name))
        predictions.append(slow_placed(folder, stored["output"][-1], 3, name))
        full = np.zeros((len(mask), JOINTS * folder.out_dim), dtype=bool)
        full[:, columns(folder.out_dim)] = mask
        masks.append(full.reshape(-1, JOINTS, folder.out_dim))
        if folder.out_dim == 1:
            beside = slow_placed(folder, inputs, 2, name)
            truths[-1] = np.concatenate([beside, truths[-1]], axis=2)
            predictions[-1] = np.concatenate([beside, predictions[-1]], axis=2)
            masks[-1] = np.concatenate([masks[-1]] * 3, axis=2)
    results = {key: np.vstack(arrays) for key, arrays in stored.items()}
    results["good_keypts"] = results.pop("mask")
    folder.save("test_results", {"loss": 0.5, **results})
    return np.concatenate(truths), np.concatenate(predictions), np.concatenate(masks)


def slow_placed(folder: Folder, rows: Array, dim: int, name: str) -> Array:
    width = 2 if dim == 2 else folder.out_dim
    poses = np.full((len(rows), JOINTS * width), np.nan)
    for joint in IN_SETS:
        poses[:, width * joint : width * (joint + 1)] = 0
    for frame, row in enumerate(rows):
        for column, value in zip(columns(width), row, strict=True):
            poses[frame, column] = value
        poses[frame] = poses[frame] * folder.std[dim] + folder.mean[dim]
        poses[frame] += folder.offset[dim][name][frame]
    return poses.reshape(-1, JOINTS, width)


def stacked(experiments: Experiments) -> Array:
    return np.concatenate(list(experiments.values()))


def respell(path: Path, spelling: str) -> None:
    """Let a file name numpy's modules as another version of numpy does."""
    other = "_core" if spelling == "core" else "core"
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            if name.endswith("data.pkl"):
                content = content.replace(
                    f"cnumpy.{other}.multiarray\n".encode(),
                    f"cnumpy.{spelling}.multiarray\n".encode(),
                )
            archive.writestr(name, content)
    if path.name.startswith("stat"):
        assert f"cnumpy.{spelling}.multiarray\n".encode() in path.read_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return make_folder(tmp_path / "run")


@pytest.mark.parametrize("out_dim", [1, 3])
@pytest.mark.parametrize("norm_2d", [False, True])
def test_predictions_are_those_of_the_slow_twin(
    tmp_path: Path, out_dim: int, norm_2d: bool
) -> None:
    folder = make_folder(tmp_path / "run", out_dim, norm_2d)
    model = read_published(folder.path)
    points = stacked(folder.poses["test_2d"])
    points[3] = np.nan
    lifted = model.predict(points)
    assert lifted.dtype == np.float64
    np.testing.assert_allclose(lifted, folder.lifted(points), rtol=1e-5, atol=1e-5)
    assert np.isfinite(lifted[:, TARGETS]).all()
    assert np.isnan(np.delete(lifted, TARGETS, axis=1)).all()


def test_fields_say_what_the_files_hold(folder: Folder) -> None:
    model = read_published(folder.path)
    assert (model.roots, model.target_sets) == ((0, 4), ((1, 2, 4), (6, 5)))
    assert (model.joint_count, model.out_dim, model.norm_2d) == (JOINTS, 3, False)
    np.testing.assert_array_equal(model.mean_2d, folder.mean[2])
    np.testing.assert_array_equal(model.std_2d, folder.std[2])
    np.testing.assert_array_equal(model.mean_3d, folder.mean[3])
    np.testing.assert_array_equal(model.std_3d, folder.std[3])
    np.testing.assert_array_equal(model.targets_2d, columns(2))
    np.testing.assert_array_equal(model.targets_3d, columns(3))
    # Sizes are those of the tensors, whatever opt.json says.
    assert (model.network.linear_size, model.network.num_stage) == (16, 2)
    first = slow_offset(folder.poses["test_3d"]["b"][0])
    np.testing.assert_array_equal(model.root_offset, first)


def test_more_frames_than_a_batch_and_none_at_all(folder: Folder) -> None:
    model = read_published(folder.path)
    few = stacked(folder.poses["test_2d"])
    many = np.tile(few, (300, 1, 1))
    expected = np.tile(folder.lifted(few), (300, 1, 1))
    np.testing.assert_allclose(model.predict(many), expected, rtol=1e-5, atol=1e-5)
    assert model.predict(few[:0]).shape == (0, JOINTS, 3)


def test_callers_poses_are_left_alone(folder: Folder) -> None:
    points = stacked(folder.poses["test_2d"]).astype(np.float32)
    before = points.copy()
    read_published(folder.path).predict(points)
    np.testing.assert_array_equal(points, before)


def test_a_coordinate_without_spread_enters_as_in_0_22(tmp_path: Path) -> None:
    """At the constant 0 / 0 becomes 0; anywhere else the input, and the output, is infinite."""
    folder = make_folder(tmp_path / "run", missing=0, constant=True)
    column = columns(2).index(2)
    folder.std[2][2], folder.mean[2][2] = 0, 8
    stat = folder.load("stat_2d")
    stat["std"], stat["mean"] = folder.std[2], folder.mean[2]
    folder.save("stat_2d", stat)
    model = read_published(folder.path, norm_2d=False)
    points = np.round(stacked(folder.poses["test_2d"]))
    points[:, 1] = points[:, 0] + [8, 3]
    assert (folder.inputs(points)[:, column] == 0).all()
    np.testing.assert_allclose(model.predict(points), folder.lifted(points), rtol=1e-5, atol=1e-5)
    points[5, 1, 0] += 1
    finite = np.isfinite(model.predict(points)[:, TARGETS]).all(axis=(1, 2))
    np.testing.assert_array_equal(np.flatnonzero(~finite), [5])


def test_wrong_shape_of_poses_is_named(folder: Folder) -> None:
    with pytest.raises(ValueError, match=r"\(N, 8, 2\).*\(5, 7, 2\)"):
        read_published(folder.path).predict(np.zeros((5, 7, 2)))


@pytest.mark.parametrize(
    ("best", "last", "wanted", "expected"),
    [(4, 6, "best", 4), (4, 6, "last", 6), (7, 6, "last", 7), (7, None, "last", 7)],
)
def test_epoch_is_chosen_by_number(
    folder: Folder, best: int, last: int | None, wanted: Any, expected: int
) -> None:
    folder.network("best", best)
    (folder.path / "ckpt_last.pth.tar").unlink()
    if last is not None:
        folder.network("last", last)
    model = read_published(folder.path, epoch=wanted)
    assert model.epoch == expected
    points = stacked(folder.poses["test_2d"])
    which = "best" if expected == best else "last"
    np.testing.assert_allclose(
        model.predict(points), folder.lifted(points, which), rtol=1e-5, atol=1e-5
    )


def test_unknown_epoch_is_refused(folder: Folder) -> None:
    with pytest.raises(ValueError, match="'first'"):
        read_published(folder.path, epoch="first")  # type: ignore[arg-type]


@pytest.mark.parametrize("spelling", ["core", "_core"])
def test_both_spellings_of_numpy_are_read(folder: Folder, spelling: str) -> None:
    for path in folder.path.glob("*.tar"):
        respell(path, spelling)
    points = stacked(folder.poses["test_2d"])
    np.testing.assert_allclose(
        read_published(folder.path).predict(points), folder.lifted(points), rtol=1e-5, atol=1e-5
    )


def test_files_of_old_torch_are_read(folder: Folder) -> None:
    for path in folder.path.glob("*.tar"):
        name = path.name.removesuffix(".pth.tar")
        folder.save(name, folder.load(name), _use_new_zipfile_serialization=False)
    points = stacked(folder.poses["test_2d"])
    np.testing.assert_allclose(
        read_published(folder.path).predict(points), folder.lifted(points), rtol=1e-5, atol=1e-5
    )


def without_raw(folder: Folder, part: str) -> None:
    folder.save(f"{part}_2d", [folder.rows[f"{part}_2d"], None])


@pytest.mark.parametrize("norm_2d", [False, True])
def test_norm_2d_is_seen_in_stored_poses(tmp_path: Path, norm_2d: bool) -> None:
    # A scale at which the statistics alone would not tell.
    folder = make_folder(tmp_path / "run", norm_2d=norm_2d, scale=0.2)
    (folder.path / "train_2d.pth.tar").unlink()
    assert read_published(folder.path).norm_2d is norm_2d
    folder.save("train_2d", [folder.rows["train_2d"], folder.poses["train_2d"]])
    without_raw(folder, "test")
    assert read_published(folder.path).norm_2d is norm_2d


def test_an_argument_overrules_what_is_seen(folder: Folder) -> None:
    assert read_published(folder.path, norm_2d=True).norm_2d is True


@pytest.mark.parametrize(
    ("norm_2d", "missing", "scale"),
    [(False, 0.1, 100), (False, 0, 0.01), (True, 0, 100)],
    ids=["pixels", "tiny unit", "unit norm"],
)
def test_norm_2d_is_seen_in_statistics(
    tmp_path: Path, norm_2d: bool, missing: float, scale: float
) -> None:
    folder = make_folder(tmp_path / "run", norm_2d=norm_2d, missing=missing, scale=scale)
    without_raw(folder, "test")
    (folder.path / "train_2d.pth.tar").unlink()
    assert read_published(folder.path).norm_2d is norm_2d


@pytest.mark.parametrize("norm_2d", [False, True])
@pytest.mark.parametrize("raw", ["of other data", "missing throughout"])
def test_poses_that_fit_neither_way_or_both_leave_it_to_the_statistics(
    tmp_path: Path, norm_2d: bool, raw: str
) -> None:
    folder = make_folder(tmp_path / "run", norm_2d=norm_2d, missing=0)
    for part in ("train_2d", "test_2d"):
        rows, poses = folder.rows[part], folder.poses[part]
        if raw == "of other data":
            poses = {name: array[::-1] for name, array in poses.items()}
        else:
            poses = {name: np.full_like(array, np.nan) for name, array in poses.items()}
            rows = {name: np.zeros_like(array) for name, array in rows.items()}
        folder.save(part, [rows, poses])
    assert read_published(folder.path).norm_2d is norm_2d


def test_statistics_of_nan_are_read_as_0_22_reads_them(folder: Folder) -> None:
    stat = folder.load("stat_3d")
    stat["mean"][3], stat["std"][4] = np.nan, np.nan
    folder.save("stat_3d", stat)
    folder.mean[3][3], folder.std[3][4] = 0, 1
    points = stacked(folder.poses["test_2d"])
    np.testing.assert_allclose(
        read_published(folder.path).predict(points), folder.lifted(points), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize(("norm_2d", "missing", "scale"), [(True, 0.2, 100), (False, 0.2, 0.15)])
def test_doubt_about_norm_2d_is_an_error(
    tmp_path: Path, norm_2d: bool, missing: float, scale: float
) -> None:
    folder = make_folder(tmp_path / "run", norm_2d=norm_2d, missing=missing, scale=scale)
    without_raw(folder, "test")
    without_raw(folder, "train")
    with pytest.raises(ValueError, match="Pass norm_2d=True or norm_2d=False"):
        read_published(folder.path)
    points = stacked(folder.poses["test_2d"])
    np.testing.assert_allclose(
        read_published(folder.path, norm_2d=norm_2d).predict(points),
        folder.lifted(points),
        rtol=1e-5,
        atol=1e-5,
    )


def test_folders_of_0_22_are_told_from_others(folder: Folder, tmp_path: Path) -> None:
    assert is_published(folder.path)
    assert is_published(str(folder.path))
    assert not is_published(tmp_path)
    stat = folder.load("stat_2d")
    folder.save("stat_2d", {"format": 1, "mean": torch.zeros(3)})
    assert not is_published(folder.path)
    folder.save("stat_2d", {**stat, "format": 1})
    assert not is_published(folder.path)
    folder.save("stat_2d", [1, 2])
    assert not is_published(folder.path)


def test_raw_test_data_come_back(folder: Folder) -> None:
    test_2d, test_3d, test_keypts = read_published_test_data(folder.path)
    for read, put in ((test_2d, "test_2d"), (test_3d, "test_3d")):
        assert list(read) == ["b", "a"]
        for name, poses in folder.poses[put].items():
            np.testing.assert_array_equal(read[name], poses)
    for name, mask in folder.rows["test_keypts"].items():
        read_mask = test_keypts[name]
        np.testing.assert_array_equal(read_mask[:, TARGETS].reshape(len(mask), -1), mask)
        assert np.delete(read_mask, TARGETS, axis=1).all()


@pytest.mark.parametrize("out_dim", [1, 3])
def test_test_data_without_raw_are_restored(tmp_path: Path, out_dim: int) -> None:
    folder = make_folder(tmp_path / "run", out_dim)
    without_raw(folder, "test")
    folder.save("test_3d", [folder.rows["test_3d"], folder.rows["test_keypts"], None])
    test_2d, test_3d, _ = read_published_test_data(folder.path)
    for read, put in ((test_2d, "test_2d"), (test_3d, "test_3d")):
        for name, poses in folder.poses[put].items():
            lost = np.isnan(np.stack([slow_offset(pose) for pose in poses]))
            expected = np.where(lost, np.nan, poses)
            expected[:, [0]] = poses[:, [0]]
            expected[:, [3, 7]] = np.nan
            np.testing.assert_allclose(read[name], expected, rtol=1e-9)


def test_3d_that_was_never_given_is_nan(folder: Folder) -> None:
    """0.22 stores zeros where it lifts without 3D."""
    mean, std = folder.mean[3][columns(3)], folder.std[3][columns(3)]
    rows = {
        name: np.zeros_like(array) - mean / std for name, array in folder.rows["test_3d"].items()
    }
    folder.save("test_3d", [rows, folder.rows["test_keypts"], None])
    _, test_3d, _ = read_published_test_data(folder.path)
    assert np.isnan(test_3d["b"][:, TARGETS]).all()


def test_roots_of_other_data_are_refused_and_can_be_given(folder: Folder) -> None:
    stat_2d = folder.load("stat_2d")
    new = {name: poses[:5] for name, poses in folder.poses["test_2d"].items()}
    folder.save("test_2d", [{name: folder.inputs(poses) for name, poses in new.items()}, None])
    with pytest.raises(ValueError, match=r"'b'.*set_test_data"):
        read_published_test_data(folder.path)
    stat_2d["offset"] = {name: rows[:5] for name, rows in folder.offset[2].items()}
    test_2d, _, _ = read_published_test_data(folder.path, stat_2d=stat_2d)
    np.testing.assert_allclose(test_2d["a"][:, 0], new["a"][:, 0])


def test_a_lost_scale_is_an_error(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "run", norm_2d=True)
    without_raw(folder, "test")
    with pytest.raises(ValueError, match="unit norm"):
        read_published_test_data(folder.path)


@pytest.mark.parametrize("out_dim", [1, 3])
def test_results_are_those_of_the_slow_twin(tmp_path: Path, out_dim: int) -> None:
    folder = make_folder(tmp_path / "run", out_dim)
    expected = save_results(folder)
    results = read_published_results(folder.path)
    for ours, theirs in zip(results, expected, strict=True):
        assert ours.shape == (19, JOINTS, 3)
        np.testing.assert_allclose(ours.astype(float), theirs, rtol=1e-6, atol=1e-6)
    gt, pred, good = results
    # Where truth was given and counts, the truth read is the truth given.
    given = stacked(folder.poses["test_3d"])
    counts = good[..., -out_dim:] & np.isfinite(given)
    known = counts & np.isfinite(gt[..., -out_dim:])
    assert known.sum() > 0.5 * counts.sum()
    np.testing.assert_allclose(gt[..., -out_dim:][known], given[known], rtol=1e-5, atol=1e-5)
    assert not np.allclose(gt[..., -out_dim:][known], pred[..., -out_dim:][known])
    assert np.isnan(pred[:, [3, 7]]).all()
    assert good.dtype == bool
    assert not good[:, [0, 3, 7]].any()


def test_roots_are_matched_by_name(folder: Folder) -> None:
    expected = save_results(folder)
    stat = folder.load("stat_3d")
    stat["offset"] = dict(reversed(stat["offset"].items()))
    folder.save("stat_3d", stat)
    for ours, theirs in zip(read_published_results(folder.path), expected, strict=True):
        np.testing.assert_allclose(ours.astype(float), theirs, rtol=1e-6, atol=1e-6)


def test_results_take_statistics_of_the_caller(folder: Folder) -> None:
    gt, pred, _ = save_results(folder)
    stat_2d, stat_3d = folder.load("stat_2d"), folder.load("stat_3d")
    stat_3d["offset"] = {name: rows + 1 for name, rows in stat_3d["offset"].items()}
    for name in ("stat_2d", "stat_3d"):
        (folder.path / f"{name}.pth.tar").unlink()
    moved_gt, moved_pred, _ = read_published_results(folder.path, stat_2d, stat_3d)
    np.testing.assert_allclose(moved_gt, gt + 1, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(moved_pred, pred + 1, rtol=1e-6, atol=1e-6)


def test_results_of_other_data_are_refused(folder: Folder) -> None:
    save_results(folder)
    stat = folder.load("stat_2d")
    stat["offset"] = {"b": stat["offset"]["b"]}
    with pytest.raises(ValueError, match=r"test_results\.pth\.tar.*19.*12 frames.*set_test_data"):
        read_published_results(folder.path, stat_2d=stat)
    stat["offset"] = {"stranger": stacked(folder.offset[2])}
    with pytest.raises(ValueError, match="'stranger'"):
        read_published_results(folder.path, stat_2d=stat)


class Hostile:
    """Runs a command when it is unpickled."""

    def __init__(self, function: Callable[..., Any], command: str) -> None:
        self.call = function, (command,)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return self.call


@pytest.mark.parametrize("kind", ["zip", "legacy", "bare pickle"])
@pytest.mark.parametrize("function", [os.system, eval, exec, pickle.loads])
def test_a_hostile_pickle_is_refused_and_nothing_runs(
    folder: Folder, tmp_path: Path, kind: str, function: Callable[..., Any]
) -> None:
    trace = tmp_path / "trace"
    command = f"touch {trace}" if function is os.system else f"open({str(trace)!r}, 'w').close()"
    hostile = {"mean": Hostile(function, command)}
    path = folder.path / "stat_2d.pth.tar"
    if kind == "bare pickle":
        path.write_bytes(pickle.dumps(hostile, protocol=2))
    else:
        folder.save("stat_2d", hostile, _use_new_zipfile_serialization=kind == "zip")
    for read in (is_published, read_published, read_published_test_data):
        with pytest.raises(
            ValueError, match=rf"stat_2d\.pth\.tar.*asks for .*{function.__name__},"
        ):
            read(folder.path)
    assert not trace.exists()
    if kind == "zip" and function is not pickle.loads:
        folder.load("stat_2d")
        assert trace.exists(), "the file was never dangerous"


def test_a_foreign_class_is_named(folder: Folder) -> None:
    folder.save("ckpt_best", {"epoch": 1, "state_dict": zipfile.ZipInfo("x")})
    with pytest.raises(ValueError, match=r"ckpt_best\.pth\.tar.*zipfile\.ZipInfo"):
        read_published(folder.path)


@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.99])
@pytest.mark.parametrize("name", ["stat_2d", "stat_3d", "ckpt_best"])
def test_a_truncated_file_is_named(folder: Folder, name: str, kept: float) -> None:
    path = folder.path / f"{name}.pth.tar"
    content = path.read_bytes()
    path.write_bytes(content[: int(kept if kept > 1 else kept * len(content))])
    with pytest.raises(ValueError, match=rf"{name}\.pth\.tar: damaged"):
        read_published(folder.path)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("stat_2d", read_published),
        ("stat_3d", read_published),
        ("ckpt_best", read_published),
        ("test_2d", read_published_test_data),
        ("test_3d", read_published_test_data),
        ("test_results", read_published_results),
    ],
)
def test_a_missing_file_is_named(folder: Folder, name: str, read: Callable[[Path], Any]) -> None:
    save_results(folder)
    (folder.path / f"{name}.pth.tar").unlink()
    with pytest.raises(FileNotFoundError, match=rf"{name}\.pth\.tar"):
        read(folder.path)


def test_no_checkpoint_at_all_is_named(folder: Folder) -> None:
    for path in folder.path.glob("ckpt_*"):
        path.unlink()
    with pytest.raises(FileNotFoundError, match=r"ckpt_best\.pth\.tar"):
        read_published(folder.path, epoch="last")


def test_checkpoint_of_another_training_is_named(folder: Folder) -> None:
    network = Martinez(12, 15, linear_size=16)
    folder.save("ckpt_best", {"epoch": 1, "state_dict": network.state_dict()})
    with pytest.raises(
        ValueError, match=r"ckpt_best\.pth\.tar.*12 inputs and 15 outputs.*10 and 15"
    ):
        read_published(folder.path)
    folder.save("ckpt_best", {"epoch": 1, "state_dict": {"w1.weight": torch.zeros(3, 3)}})
    with pytest.raises(ValueError, match=r"ckpt_best\.pth\.tar.*w2\.weight"):
        read_published(folder.path)


@pytest.mark.parametrize(
    ("name", "key", "value", "match"),
    [
        ("stat_2d", "mean", np.zeros(14), r"14 and 16"),
        ("stat_3d", "std", np.zeros(9), r"24 and 9"),
        ("stat_2d", "in_dim", 3, "2 coordinates per joint"),
        ("stat_3d", "out_dim", 2, "1 or 3"),
        ("stat_2d", "roots", [0], "one root per target set"),
        ("stat_2d", "target_sets", [[1, 2, 4], [5, 11]], "among the joints 0 to 7"),
        ("stat_3d", "targets_3d", np.array([30]), "beyond the 24"),
        ("stat_2d", "offset", {"b": np.zeros((3, 4))}, r"experiment 'b'.*\(3, 4\)"),
        ("stat_3d", "offset", {}, "no offsets"),
    ],
)
def test_statistics_that_contradict_each_other_are_named(
    folder: Folder, name: str, key: str, value: Any, match: str
) -> None:
    folder.save(name, {**folder.load(name), key: value})
    with pytest.raises(ValueError, match=match):
        read_published(folder.path)


def test_a_missing_entry_is_named(folder: Folder) -> None:
    stat = folder.load("stat_3d")
    del stat["targets_3d"]
    folder.save("stat_3d", stat)
    with pytest.raises(ValueError, match=r"stat_3d\.pth\.tar.*'targets_3d'"):
        read_published(folder.path)
    folder.save("stat_3d", [1, 2])
    with pytest.raises(ValueError, match=r"stat_3d\.pth\.tar.*list"):
        read_published(folder.path)
    folder.save("test_2d", {"b": np.zeros((1, 2))})
    with pytest.raises(ValueError, match=r"test_2d\.pth\.tar.*list of 2 dicts"):
        read_published(make_other_stat(folder))


def make_other_stat(folder: Folder) -> Path:
    """Write back the 3D statistics of the folder, so that only its test data are wrong."""
    fresh = make_folder(folder.path.parent / "fresh")
    folder.save("stat_3d", fresh.load("stat_3d"))
    return folder.path


def test_names_that_the_user_allows_stay_allowed(folder: Folder) -> None:
    mine: list[Any] = [np.ndarray, (np.dtype, "numpy.dtype")]
    with torch.serialization.safe_globals(mine):
        read_published(folder.path)
        assert set(mine) <= set(torch.serialization.get_safe_globals())


def test_nothing_stays_allowed(folder: Folder) -> None:
    read_published(folder.path)
    assert np.ndarray not in torch.serialization.get_safe_globals()
    with pytest.raises(pickle.UnpicklingError):
        torch.load(folder.path / "stat_2d.pth.tar", weights_only=True)
