"""One file that keeps: what is written is read again, and nothing else is."""

import json
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import liftpose
from liftpose import Camera, Lifter, Skeleton
from liftpose.lifter import lifter_file

KEPT = Path(__file__).parent / "data"

LEG = Skeleton(
    joints=["hip", "knee", "ankle"], roots=["hip"], target_sets=[["knee", "ankle"]], unit="mm"
)
CAMERA = Camera(K=[[900, 0, 320], [0, 900, 240], [0, 0, 1]], dist=[-0.1, 0, 0, 0, 0], name="left")


def poses(frames=240):
    rng = np.random.default_rng(0)
    hidden = np.sin(np.linspace(0, 30, frames)[:, None] * rng.uniform(0.5, 1.5, 4))
    pose_3d = (hidden @ rng.normal(size=(4, 9))).reshape(frames, 3, 3)
    return pose_3d[..., :2] * 50 + 300, pose_3d


def fitted(network="residual", **keywords):
    return Lifter(LEG, network=network, epochs=2).fit(*poses(), **keywords)


@pytest.mark.parametrize("network", ["residual", "kernel", "ridge", "martinez"])
def test_what_is_saved_lifts_the_same(tmp_path, network):
    lifter = fitted(network, camera=CAMERA)
    again = liftpose.load(lifter.save(tmp_path / "leg.lifter"))
    pose_2d, _ = poses()
    np.testing.assert_array_equal(again.lift(pose_2d).position, lifter.lift(pose_2d).position)
    assert (again.skeleton, again.unit, again.frame) == (LEG, "mm", "world")
    assert again.camera == CAMERA
    assert again.digest == lifter.digest
    assert str(again) == str(lifter)
    assert "residual" not in str(again) or network == "residual"


def test_the_folder_of_a_run_is_loaded_too(tmp_path):
    pose_2d, pose_3d = poses()
    liftpose.train(
        pose_2d, None, pose_3d, None, skeleton=LEG, out_dir=tmp_path, training_kwargs={"epochs": 2}
    )
    lifted = liftpose.load(tmp_path).lift(pose_2d)
    np.testing.assert_array_equal(
        lifted.position, liftpose.load(tmp_path / "model.lifter").lift(pose_2d).position
    )
    assert lifted.joints == LEG.joints
    assert lifted.unit == "mm"


def test_digests_tell_lifters_apart(tmp_path):
    first = fitted("ridge")
    assert first.digest == fitted("ridge").digest
    assert first.digest != fitted("ridge", camera=CAMERA).digest
    assert first.digest != Lifter(LEG, network="ridge", seed=1).fit(*poses()).digest


def test_results_say_what_lifted_them():
    lifter = fitted("ridge")
    provenance = lifter.lift(poses()[0]).provenance
    assert provenance["lifter"] == lifter.digest
    assert provenance["liftpose_version"] == liftpose.__version__
    assert json.loads(provenance["lifter_options"])["network"] == "ridge"


def test_several_threads_may_lift_at_once():
    lifter = Lifter(LEG, epochs=2, job=1).fit(*poses())
    pose_2d, _ = poses(5000)
    expected = lifter.lift(pose_2d).position
    before = torch.get_num_threads()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: lifter.lift(pose_2d).position, range(16)))
    assert all(np.array_equal(expected, one) for one in found)
    assert torch.get_num_threads() == before


def rewritten(path, **header):
    """The same file with other texts in its header."""
    arrays = load_file(path)
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        texts = json.loads(file.read(size))["__metadata__"]
    save_file(arrays, path, metadata={**texts, **header})


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), "cut short"),
        (lambda path: path.write_bytes(path.read_bytes()[:5]), "cut short"),
        (lambda path: path.write_bytes(b""), "cut short"),
        (lambda path: path.write_text("roots: [0]\n"), "is no lifter"),
        (lambda path: torch.save({"a": 1}, path), "is no lifter"),
        (lambda path: save_file({"a": torch.zeros(2)}, path), "but no lifter"),
        (lambda path: rewritten(path, version="4", liftpose="9.0"), "written by liftpose 9.0"),
        (lambda path: rewritten(path, version="new"), "expected a number"),
        (lambda path: rewritten(path, state="{}"), "changed or damaged"),
    ],
)
def test_what_is_no_lifter_of_ours_is_refused(tmp_path, spoil, words):
    path = fitted("ridge").save(tmp_path / "leg.lifter")
    spoil(path)
    with pytest.raises(ValueError, match=words):
        liftpose.load(path)


def test_a_changed_number_is_found(tmp_path):
    path = fitted("ridge").save(tmp_path / "leg.lifter")
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="changed or damaged"):
        liftpose.load(path)


def test_nothing_is_replaced_unasked(tmp_path):
    lifter = fitted("ridge")
    path = lifter.save(tmp_path / "leg.lifter")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        lifter.save(path)
    lifter.save(path, overwrite=True)
    with pytest.raises(IsADirectoryError, match="name a file"):
        lifter.save(tmp_path)
    with pytest.raises(FileNotFoundError, match="no folder"):
        lifter.save(tmp_path / "none" / "leg.lifter")
    with pytest.raises(ValueError, match="was not fitted"):
        Lifter(LEG).save(tmp_path / "other.lifter")
    with pytest.raises(FileNotFoundError, match="no lifter"):
        liftpose.load(tmp_path / "none.lifter")
    assert [path.name for path in tmp_path.iterdir()] == ["leg.lifter"]


@pytest.mark.parametrize("path", sorted(KEPT.glob("*.lifter")), ids=lambda path: path.name)
def test_lifters_of_earlier_versions_still_lift(path):
    lifter = liftpose.load(path)
    kept = np.load(path.with_suffix(".npz"))
    np.testing.assert_allclose(
        lifter.lift(kept["pose_2d"]).position, kept["position"], rtol=1e-4, atol=1e-4
    )


def test_lifters_are_kept():
    kept = {path.name for path in KEPT.iterdir()}
    assert {"v1-ridge.lifter", "v1-residual.lifter", "v2-residual.lifter"} <= kept
    assert "v3-bones.lifter" in kept
    assert lifter_file.VERSION == 3, "keep a file of the new version, too"
