"""Files of Rerun hold the numbers of the poses, read back with Rerun's own reader."""

import subprocess
import sys

import numpy as np
import pytest

from liftpose.io import write_poses
from liftpose.poses import Lifted, Poses
from liftpose.skeleton import Skeleton
from liftpose.view import Asked, open_shown, shown, write_rerun

FRAMES = 50
BODY = Skeleton(["head", "hip", "left_paw"], bones=[(0, 1), (1, 2)], unit="mm")


@pytest.fixture
def files(tmp_path):
    draw = np.random.default_rng(0)
    position = draw.normal(size=(FRAMES, 3, 3)).astype(np.float32)
    position[7, 2] = np.nan
    position[9] = np.nan
    lifted = Lifted(
        position,
        position,
        ("walk",),
        (FRAMES,),
        joints=BODY.joints,
        fps=20.0,
        unit="mm",
        frame="world",
        spread=draw.random(position.shape).astype(np.float32),
        novelty=draw.random(FRAMES).astype(np.float32),
        provenance={"skeleton": BODY.as_json},
    )
    truth = Poses.from_experiments(position + 1, joints=BODY.joints)
    flat = Poses.from_experiments(position[..., :2] * 100, joints=BODY.joints)
    paths = {
        "lifted": write_poses(lifted, tmp_path / "lifted.nc"),
        "truth": write_poses(truth, tmp_path / "truth.nc"),
        "flat": write_poses(flat, tmp_path / "flat.nc"),
    }
    return lifted, paths


def columns(path):
    """Values of every entity of a file, by entity and component, frame by frame."""
    from rerun.chunk import RrdReader

    found = {}
    for chunk in RrdReader(path).stream():
        batch = chunk.to_record_batch()
        times = batch.column("frame").to_pylist() if "frame" in batch.schema.names else [None]
        for name in batch.schema.names:
            kept = found.setdefault((chunk.entity_path, name), {})
            kept.update(zip(times, batch.column(name).to_pylist(), strict=True))
    return found


def test_the_numbers_are_those_of_the_file(files, tmp_path, monkeypatch):
    pytest.importorskip("rerun", reason="needs rerun-sdk")
    monkeypatch.setattr(shown, "CHUNK", 16)
    lifted, paths = files
    steps = []
    with open_shown(paths["lifted"], Asked(paths["truth"], paths["flat"])) as found:
        out = write_rerun(found, tmp_path / "a.rrd", on_progress=lambda *now: steps.append(now))
        error = found.values(0, FRAMES)["error"]
    assert steps[-1][:2] == (FRAMES, FRAMES)
    read = columns(out)
    seen = np.isfinite(lifted.position).all(axis=2)
    for frame in range(FRAMES):
        whole = lifted.position[frame][seen[frame]]
        for entity, expected in (
            ("/world/pose", whole),
            ("/world/truth", whole + 1),
        ):
            points = read[f"{entity}/joints", "Points3D:positions"][frame]
            np.testing.assert_allclose(np.reshape(points, (-1, 3)), expected, rtol=1e-6)
        ids = read["/world/pose/joints", "Points3D:keypoint_ids"][frame]
        assert ids == np.flatnonzero(seen[frame]).tolist()
        flat = np.reshape(read["/image/seen/joints", "Points2D:positions"][frame], (-1, 2))
        np.testing.assert_allclose(flat, whole[:, :2] * 100, rtol=1e-5)
        half = np.reshape(read["/world/spread", "Ellipsoids3D:half_sizes"][frame], (-1, 3))
        np.testing.assert_allclose(half, lifted.spread[frame][seen[frame]])
        bones = [b for b in BODY.bones if seen[frame][list(b)].all()]
        strips = read["/world/pose/bones", "LineStrips3D:strips"][frame]
        ends = [lifted.position[frame][list(bone)] for bone in bones]
        np.testing.assert_allclose(np.reshape(strips, (-1, 2, 3)), np.reshape(ends, (-1, 2, 3)))
    novelty = read["/lines/novelty", "Scalars:scalars"]
    np.testing.assert_allclose([novelty[i][0] for i in range(FRAMES)], lifted.novelty, rtol=1e-6)
    known = read["/lines/error", "Scalars:scalars"]
    assert sorted(known) == np.flatnonzero(np.isfinite(error)).tolist()
    times = read["/world/pose/joints", "time"]
    assert times[10].total_seconds() == 0.5


def test_names_and_colours_are_told_once(files, tmp_path):
    pytest.importorskip("rerun", reason="needs rerun-sdk")
    _, paths = files
    with open_shown(paths["lifted"]) as found:
        read = columns(write_rerun(found, tmp_path / "a.rrd"))
    said = read["/", "AnnotationContext:context"][None][0][0]["class_description"]
    names = [entry["keypoint"]["label"] for entry in _values(said["keypoint_annotations"])]
    assert names == list(BODY.joints)
    assert not any(entity.startswith(("/image", "/world/truth")) for entity, _ in read)


def _values(entries):
    """Entries with the key that newer versions leave out."""
    return [entry if "keypoint" in entry else {"keypoint": entry} for entry in entries]


def test_a_file_that_is_there_stays_and_nothing_half_written_is_left(files, tmp_path, monkeypatch):
    pytest.importorskip("rerun", reason="needs rerun-sdk")
    _, paths = files
    out = tmp_path / "a.rrd"
    out.write_text("mine")
    with open_shown(paths["lifted"]) as found:
        with pytest.raises(FileExistsError):
            write_rerun(found, out)

        def broken(start, stop):
            raise OSError("the disk is gone")

        monkeypatch.setattr(found, "layers", broken)
        with pytest.raises(OSError, match="disk is gone"):
            write_rerun(found, out, overwrite=True)
    assert out.read_text() == "mine"
    assert not list(tmp_path.glob(".a.rrd*"))


def test_a_file_of_rerun_ends_in_rrd(files, tmp_path):
    _, paths = files
    with open_shown(paths["lifted"]) as found, pytest.raises(ValueError, match=r"\.rrd"):
        write_rerun(found, tmp_path / "a.mp4")


def test_without_rerun_it_is_said_how_to_install_it(files, tmp_path):
    _, paths = files
    code = (
        "import sys; sys.modules['rerun'] = None; sys.argv = ['liftpose', 'view', "
        f"{str(paths['lifted'])!r}, '--rerun', {str(tmp_path / 'a.rrd')!r}]; "
        "from liftpose.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert 'pip install "liftpose[rerun]"' in done.stderr
    assert not (tmp_path / "a.rrd").exists()
