"""What is wrong with a calibration is said with file and camera, whatever the command."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from typer.testing import CliRunner

from liftpose import Lifter, Poses, write_poses
from liftpose.cli import app
from liftpose.datasets import hexapod
from liftpose.io import write_calibration

TURNED = {
    "name": '"top"',
    "size": "[1280, 1024]",
    "matrix": "[[900, 0, 640], [0, 900, 512], [0, 0, 1]]",
    "distortions": "[0, 0, 0, 0, 0]",
    "rotation": "[0.1, 0.2, 0.3]",
    "translation": "[1, 2, 300]",
}
GOOD = {**TURNED, "name": '"left"'}


def toml(**changes: str | None) -> bytes:
    """A good camera, and one with changes; None leaves a field out."""
    lines = []
    for number, fields in enumerate((GOOD, {**TURNED, **changes})):
        lines += [f"[cam_{number}]"]
        lines += [f"{key} = {value}" for key, value in fields.items() if value is not None]
    return "\n".join(lines).encode()


def struct(**changes: object) -> dict:
    fields = {
        "K": [[900.0, 0, 0], [0, 900, 0], [640, 512, 1]],
        "r": np.eye(3),
        "t": [[1.0, 2, 300]],
        "RDistort": [[0.0, 0.0]],
        "TDistort": [[0.0, 0.0]],
    } | changes
    return {key: value for key, value in fields.items() if value is not None}


def mat(path: Path, **changes: object) -> bytes:
    cells = np.empty((2, 1), dtype=object)
    cells[:, 0] = [struct(), struct(**changes)]
    savemat(path, {"params": cells})
    return path.read_bytes()


def opencv(R: str = "[0.1, 0.2, 0.3]", T: str | None = "[1, 2, 3]") -> bytes:
    place = f"R: {R}\n" + (f"T: {T}\n" if T else "")
    return f"%YAML:1.0\n---\nK: [[900, 0, 640], [0, 900, 512], [0, 0, 1]]\n{place}".encode()


def deepfly3d(**changes: object) -> bytes:
    fields = {
        "R": np.eye(3),
        "tvec": np.asarray([0.0, 0, 300]),
        "intr": np.asarray([[900.0, 0, 640], [0, 900, 512], [0, 0, 1]]),
        "distort": np.zeros(5),
    }
    wrong = {key: value for key, value in (fields | changes).items() if value is not None}
    return pickle.dumps({0: fields, 1: wrong})


class Harm:
    """What a pickle may do when it is run."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


SKEWED = "[[1, 0.1, 0], [0, 1, 0], [0, 0, 1]]"
BAD = {
    "anipose rotation.toml": (lambda _: toml(rotation=SKEWED), "camera 'top': R must be a rot"),
    "anipose mirror.toml": (
        lambda _: toml(rotation="[[1, 0, 0], [0, 1, 0], [0, 0, -1]]"), "camera 'top': R must be",
    ),
    "anipose focal.toml": (
        lambda _: toml(matrix="[[900, 0, 640], [0, 0, 512], [0, 0, 1]]"),
        "camera 'top': the focal length K[1, 1] is 0",
    ),
    "anipose field.toml": (lambda _: toml(translation=None), "'top' has no 'translation'"),
    "anipose lens.toml": (lambda _: toml(distortions="[0, 1]"), "camera 'top': dist must be"),
    "anipose no camera.toml": (lambda _: b"[metadata]\nmatrix = 1\n", "TOML without a camera"),
    "dannce rotation.mat": (
        lambda p: mat(p, r=np.diag([1.0, 2, 1])), "camera 'Camera2': R must be a rotation",
    ),
    "dannce focal.mat": (
        lambda p: mat(p, K=np.diag([0.0, 9, 1])), "camera 'Camera2': the focal length",
    ),
    "dannce field.mat": (lambda p: mat(p, RDistort=None), "camera 'Camera2' has no 'RDistort'"),
    "opencv rotation.yaml": (
        lambda _: opencv(R=SKEWED), "camera 'opencv rotation': R must be a rotation",
    ),
    "opencv field.yaml": (lambda _: opencv(T=None), "camera 'opencv field': it has R but no T"),
    "deepfly rotation.pkl": (
        lambda _: deepfly3d(R=1.1 * np.eye(3)), "camera '1': R must be a rotation",
    ),
    "deepfly focal.pkl": (
        lambda _: deepfly3d(intr=np.diag([0.0, 1, 1])), "camera '1': the focal length",
    ),
    "deepfly field.pkl": (lambda _: deepfly3d(tvec=None), "camera '1' has no 'tvec'"),
    "deepfly harm.pkl": (lambda p: pickle.dumps(Harm(p.with_name("harm"))), "it is not opened"),
}  # fmt: skip


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A lifter, and 2D of two cameras and 3D in files."""
    folder = tmp_path_factory.mktemp("there")
    fly = hexapod(frames=300, seed=3)
    deep = Poses.from_experiments(fly.poses_3d, joints=fly.joints, unit="mm", frame="world")
    lifter = Lifter(fly.skeleton, network="ridge").fit(fly.pose_2d, deep, camera=fly.cameras[0])
    lifter.save(folder / "fly.lifter")
    fly.skeleton.write(folder / "fly.toml")
    write_poses(deep, folder / "deep.nc")
    for name, camera in zip(("left", "top"), fly.cameras, strict=False):
        flat = Poses.from_experiments(camera.project(fly.poses_3d), joints=fly.joints)
        write_poses(flat, folder / f"{name}.nc")
    return folder


VERBS = ("triangulate", "convert-calibration", "info", "lift", "train")


def words(verb: str, calibration: Path, there: Path, out: Path, camera: str = "top") -> list[str]:
    flat = [there / "left.nc", there / "top.nc"]
    told = {
        "triangulate": [calibration, *flat, "-o", out / "deep.nc"],
        "convert-calibration": [calibration, "-o", out / "other.toml"],
        "info": [calibration],
        "lift": [
            *(there / "fly.lifter", flat[0], "-o", out / "lifted.nc"),
            *("--calibration", calibration, "--camera", camera),
        ],
        "train": [
            *("--library", there / "deep.nc", "--skeleton", there / "fly.toml"),
            *("--calibration", calibration, "--camera", camera, "-o", out / "own.lifter", flat[0]),
        ],
    }
    return [verb, *map(str, told[verb])]


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("verb", VERBS)
def test_every_command_names_file_and_camera_and_leaves_all_as_it_was(
    verb: str, name: str, there: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    path = tmp_path / name
    made, said = BAD[name]
    content = made(path)
    path.write_bytes(content)
    result = CliRunner().invoke(app, words(verb, path, there, tmp_path / "out"))
    assert result.exit_code == 3, result.output
    assert result.stderr.startswith(f"error: {path}: ")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
    assert path.read_bytes() == content
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted([name, "out"])
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("verb", ["lift", "train"])
def test_a_camera_that_the_calibration_lacks_is_named_with_those_it_has(
    verb: str, there: Path, tmp_path: Path
) -> None:
    fly = hexapod(frames=1)
    path = write_calibration(
        dict(zip(("left", "top"), fly.cameras, strict=False)), tmp_path / "calib.toml"
    )
    before = path.read_bytes()
    result = CliRunner().invoke(app, words(verb, path, there, tmp_path, "tpo"))
    assert result.exit_code == 3
    assert f"{path} has no camera 'tpo'. Did you mean 'top'?" in result.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["calib.toml"]
    assert path.read_bytes() == before


@pytest.mark.filterwarnings("always::UserWarning")
def test_the_commands_work_where_nothing_is_wrong(there: Path, tmp_path: Path) -> None:
    """So that it is the calibration that the errors above are of."""
    fly = hexapod(frames=1)
    path = write_calibration(
        dict(zip(("left", "top"), fly.cameras, strict=False)), tmp_path / "calib.toml"
    )
    for verb in ("convert-calibration", "info", "lift", "triangulate"):
        result = CliRunner().invoke(app, words(verb, path, there, tmp_path, "left"))
        assert result.exit_code == 0, result.output
