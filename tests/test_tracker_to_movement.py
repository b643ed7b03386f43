"""The way of a stranger: a real DeepLabCut file goes in, and `movement` opens what comes out."""

from pathlib import Path

import numpy as np
import pytest

import liftpose
from benchmarks import recordings

FOLDER = recordings.data_folder() / "raw" / "deeplabcut"
pytestmark = pytest.mark.skipif(
    not (FOLDER / "reachingDEMO_3D.h5").is_file(),
    reason="the reaching mouse is not here (LIFTPOSE_DATA names the folder)",
)


@pytest.fixture
def lifted_file(tmp_path) -> Path:
    flat, deep = (liftpose.read_poses(FOLDER / f"reachingDEMO_{d}D.h5") for d in (2, 3))
    names = ["R_shoulder", "Right_elbow", "Right_wrist", "Right_backofhand", "R_Finger1"]
    skeleton = liftpose.Skeleton(names, roots=["R_shoulder"], unit="mm")
    lifter = liftpose.Lifter(skeleton, network="ridge").fit(flat, deep)
    lifted = lifter.lift(flat)
    assert lifted.joints == tuple(names)
    assert lifted.frames == flat.frames
    return liftpose.write_poses(lifted, tmp_path / "lifted.nc")


def test_movement_opens_and_works_with_it(lifted_file):
    pytest.importorskip("movement", reason="movement is not installed")
    from movement.kinematics import compute_velocity
    from movement.validators.datasets import ValidPosesInputs
    from xarray import open_dataset

    with open_dataset(lifted_file, engine="h5netcdf") as dataset:
        ValidPosesInputs.validate(dataset)
        velocity = compute_velocity(dataset.position)
        assert velocity.sizes == dataset.position.sizes
        assert dataset.attrs["unit"] == "mm"
        assert dataset.attrs["source_software"] == "DeepLabCut"
        assert list(dataset.keypoints.values[:2]) == ["R_shoulder", "Right_elbow"]
        again = liftpose.read_poses(lifted_file)
        np.testing.assert_array_equal(
            again.points, np.moveaxis(dataset.position.values[..., 0], 1, 2)
        )
