"""`liftpose library`: what it prints, what it writes, and with which exit status."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from liftpose import Poses, load, write_poses
from liftpose.cli import app
from liftpose.datasets import mouse
from liftpose.io import read_poses, write_calibration
from liftpose.io.filmed import read_library

NAMES = ("front", "right", "top")


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    """A folder with a calibration, 2D of three cameras, and a library of them."""
    folder = tmp_path_factory.mktemp("filmed")
    animal = mouse(frames=120, seed=1)
    cameras = {camera.name: camera for camera in animal.cameras if camera.name in NAMES}
    write_calibration(cameras, folder / "calib.toml")
    animal.skeleton.write(folder / "mouse.toml")
    for place, name in ((0, "front"), (1, "right"), (3, "top")):
        poses = Poses.from_experiments(
            animal.points_2d[place],
            confidence=animal.confidence[place],
            joints=animal.joints,
            fps=animal.fps,
        )
        write_poses(poses, folder / f"walk_{name}.nc")
    result = build(folder, "mouse.library", "--unit", "mm", "--skeleton", folder / "mouse.toml")
    assert result.exit_code == 0, result.output
    return folder, result


def build(folder, out, *words, files=None):
    files = files or [folder / f"walk_{name}.nc" for name in NAMES]
    return run(
        *("library", "build", "--poses", *files, "--calibration", folder / "calib.toml"),
        *("-o", folder / out, "--compare", "ridge", "--max-offset", "1", *words),
    )


def test_a_library_is_built_as_the_issue_types_it(filmed):
    folder, result = filmed
    assert "120 frames of 18 joints in mm" in result.stdout
    assert "camera to keep: " in result.stdout
    assert (folder / "mouse.library.png").read_bytes().startswith(b"\x89PNG")
    assert read_poses(folder / "mouse.library").unit == "mm"
    assert read_library(folder / "mouse.library").names == NAMES


def test_it_is_shown_and_info_knows_it(filmed):
    folder, _ = filmed
    library = folder / "mouse.library"
    shown = run("library", "show", library)
    assert shown.exit_code == 0, shown.output
    for words in ("120 frames", "front", "best: "):
        assert words in shown.stdout
    told = json.loads(run("library", "show", library, "--json").stdout)
    assert told["cameras"] == list(NAMES)
    assert set(told["single_camera_error"]) == set(NAMES)
    found = json.loads(run("info", library, "--json").stdout)
    assert found["kind"] == "library"
    assert found["frames"] == 120
    wrong = run("library", "show", folder / "walk_top.nc")
    assert wrong.exit_code == 3
    assert "walk_top.nc is no library" in wrong.stderr


def test_a_lifter_is_trained_from_it_alone(filmed, tmp_path):
    folder, _ = filmed
    out = tmp_path / "top.lifter"
    words = ("train", "--library", folder / "mouse.library", "-o", out, "--effort", "fast")
    result = run(*words, "--camera", "top")
    assert result.exit_code == 0, result.output
    assert "camera 'top'" in result.stderr
    assert load(out).camera.name == "top"
    wrong = run(*words, "--camera", "tpo", "--overwrite")
    assert wrong.exit_code == 3
    assert "no camera 'tpo'. Did you mean 'top'?" in wrong.stderr
    wrong = run(*words, "--length", "nose-neck=20mm", "--overwrite")
    assert wrong.exit_code == 3
    assert "liftpose library build" in wrong.stderr
    wrong = run(*words, "--scale", "0.5", "--overwrite")
    assert wrong.exit_code == 3


def test_libraries_are_merged(filmed, tmp_path):
    folder, _ = filmed
    half = tmp_path / "half"
    half.mkdir()
    for name in NAMES:
        poses = read_poses(folder / f"walk_{name}.nc")
        write_poses(poses.part(60, 120), half / f"walk_{name}.nc")
    files = [half / f"walk_{name}.nc" for name in NAMES]
    made = build(
        folder, "half.library", "--unit", "cm", "--no-figure", "--compare", "none", files=files
    )
    assert made.exit_code == 0, made.output
    assert not (folder / "half.library.png").exists()
    words = ("library", "merge", folder / "mouse.library", folder / "half.library")
    result = run(*words, "-o", tmp_path / "all.library", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["recordings"] == {"mouse": 120, "half": 60}
    # In centimetres, it was said, so that it is ten times as large in millimetres.
    merged = read_library(tmp_path / "all.library").poses
    ratio = merged.only("half").points / merged.only("mouse").points[60:]
    assert np.nanmedian(ratio) == pytest.approx(10, rel=1e-3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--offset", "top"), "--offset is 'top'"),
        (("--offset", "side:3"), "an offset is given for 'side'"),
        (("--max-error", "big"), "--max-error is 'big'"),
        (("--drops", "mnd"), "drops is 'mnd'"),
        (("--compare", "best"), "lift_with is 'best'"),
        (("--up", "w"), "up is 'w'"),
        (("--origin", "nose"), "need three"),
        (("--camera-names", "front,right,side"), "no camera 'side'"),
        (("--figure", "report.pdf"), "must end in .png"),
    ],
)
def test_bad_words_are_one_line_and_leave_no_file(filmed, words, said):
    folder, _ = filmed
    before = sorted(folder.iterdir())
    result = build(folder, "new.library", *words)
    assert result.exit_code == 3
    assert result.stderr.startswith("error: ")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert sorted(folder.iterdir()) == before


def test_what_is_there_is_not_replaced_unasked(filmed):
    folder, _ = filmed
    content = (folder / "mouse.library").read_bytes()
    result = build(folder, "mouse.library")
    assert result.exit_code == 3
    assert "mouse.library exists" in result.stderr
    assert (folder / "mouse.library").read_bytes() == content


def test_largest_errors_are_in_noise_or_in_pixels(filmed):
    folder, _ = filmed
    counts = []
    for words in (("--max-error", "0.5px"), ("--max-error", "1"), ("--max-error", "4")):
        result = build(
            folder, "x.library", *words, "--no-figure", "--overwrite", "--json",
            "--compare", "none",
        )  # fmt: skip
        assert result.exit_code == 0, result.output
        counts.append(json.loads(result.stdout)["lost"]["reprojection"])
    assert counts[0] > counts[1] > counts[2]
    (folder / "x.library").unlink()
