"""The command line: what it prints, where, and with which exit status."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

import liftpose
from liftpose import Lifter
from liftpose.cli import app, completion
from liftpose.datasets import ANIMALS, hexapod, quadruped
from liftpose.datasets.anatomical import SPECIES
from liftpose.io import read_lifted, read_poses, write_poses
from liftpose.io.calibration import write_calibration
from liftpose.lifter.effort import EFFORTS
from liftpose.poses import Poses
from liftpose.postprocess import find_floor, place
from liftpose.terminal import STATUS_MEANINGS, Status

VERBS = (
    "demo",
    "info",
    "convert",
    "convert-calibration",
    "triangulate",
    "train",
    "lift",
    "place",
    "evaluate",
    "recalibrate",
    "smooth",
    "fit-bones",
    "angles",
    "plot",
    "video",
    "report",
    "view",
    "test",
)
"""In the order in which they are needed; `test` is 0.22's word for evaluate."""


def run(*words, **settings):
    """The command in this process; stdout and stderr apart."""
    return CliRunner().invoke(app, [str(word) for word in words], **settings)


def process(*words, **settings):
    """The command in a process of its own."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "80"}
    return subprocess.run(
        [sys.executable, "-m", "liftpose", *map(str, words)],
        capture_output=True,
        text=True,
        env=environment | settings.pop("env", {}),
        check=False,
        **settings,
    )


def failed(result, status, *words):
    """One line on stderr that begins with error: and holds the words; nothing on stdout."""
    assert result.exit_code == status, result.output
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("error: ")
    for word in words:
        assert word in lines[0], lines[0]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A fly's poses, a params file, the folder of a run, and a lifter."""
    folder = tmp_path_factory.mktemp("fly")
    fly = hexapod(frames=300, seed=1)
    flat = Poses.from_experiments(fly.pose_2d, joints=fly.joints, fps=fly.fps, unit="px")
    deep = Poses.from_experiments(fly.pose_3d, joints=fly.joints, unit="mm", frame="camera")
    write_poses(flat, folder / "walk_2d.nc")
    write_poses(deep, folder / "walk_3d.nc")
    fly.skeleton.write(folder / "fly.toml")
    (folder / "params.toml").write_text(
        'skeleton = "fly.toml"\n[data]\ntrain_2d = "walk_2d.nc"\ntrain_3d = "walk_3d.nc"\n'
        'test_2d = "walk_2d.nc"\ntest_3d = "walk_3d.nc"\n[training]\nepochs = 2\n'
    )
    assert run("train", folder / "params.toml", "-o", folder / "run", "-q").exit_code == 0
    lifter = Lifter(fly.skeleton, network="ridge").fit(flat, deep)
    lifter.save(folder / "fly.lifter")
    return folder


@pytest.fixture
def fly(made, tmp_path, monkeypatch):
    """The same, in an empty folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    return made


def test_help_names_every_verb_and_every_exit_status():
    result = run("--help")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    listed = [words[0] for words in lines if words and words[0] in VERBS]
    assert listed == [*VERBS]
    for status, meaning in STATUS_MEANINGS.items():
        assert f"{int(status):>5}  {meaning}" in result.stdout
    assert {status.value for status in STATUS_MEANINGS} == {0, 1, 2, 3, 4, 5, 130, 141}


def test_the_documents_say_the_same_of_every_exit_status():
    page = (Path(__file__).parents[1] / "docs" / "command-line.md").read_text(encoding="utf-8")
    for status, meaning in STATUS_MEANINGS.items():
        escaped = meaning.replace("|", "\\|")
        assert f"| {int(status)} | {escaped} |" in page


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_an_example_and_the_common_options(verb):
    result = run(verb, "--help")
    assert result.exit_code == 0
    assert f"  liftpose {verb} " in result.stdout.split("Example")[1]
    for option in ("--json", "--quiet", "--debug", "--help"):
        assert option in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_error_bars_are_measured_anew(fly):
    pair = fly / "walk_2d.nc", fly / "walk_3d.nc"
    result = run("recalibrate", fly / "fly.lifter", *pair, "-o", "mine.lifter", "--block", "25")
    assert result.exit_code == 0, result.output
    assert "mine.lifter: bars measured on 12 blocks, up to level 0.9;" in result.stdout
    one, other = liftpose.load(fly / "fly.lifter"), liftpose.load("mine.lifter")
    assert one.uncertainty.bars != other.uncertainty.bars
    # It learned from these frames: its own bars are of frames that it did not.
    assert other.uncertainty.bars.of_ball(0.5) < one.uncertainty.bars.of_ball(0.5)
    words = "recalibrate", fly / "fly.lifter", *pair, "-o", "other.lifter"
    failed(run(*words, "--block", "100"), Status.BAD_INPUT, "9 blocks of 100", "there are 3")
    assert not Path("other.lifter").exists()
    found = json.loads(run(*words, "--json").stdout)
    assert found["highest_level"] == 0.99
    assert found["blocks"] > 250


def test_lifted_files_keep_their_error_bars(fly):
    assert run("lift", fly / "fly.lifter", fly / "walk_2d.nc", "-o", "walk.nc").exit_code == 0
    flat = read_poses(fly / "walk_2d.nc")
    lifted, again = liftpose.load(fly / "fly.lifter").lift(flat), read_lifted("walk.nc")
    assert again.bars == lifted.bars is not None
    np.testing.assert_array_equal(again.radius(0.8), lifted.radius(0.8))


def test_the_version_is_that_of_the_package():
    assert run("--version").stdout == f"liftpose {liftpose.__version__}\n"


def test_help_loads_nothing_that_computes():
    code = (
        "import sys; from typer.testing import CliRunner; from liftpose.cli import app; "
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0; "
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"numpy", "torch", "rich", "xarray", "yaml", "matplotlib"} & set(loaded)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_there(shell):
    environment = {"_LIFTPOSE_COMPLETE": f"complete_{shell}", "COMP_WORDS": "liftpose li"}
    environment |= {"COMP_CWORD": "1", "_TYPER_COMPLETE_ARGS": "liftpose li"}
    environment |= {"_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    assert "lift" in process(env=environment).stdout


def test_what_is_offered_is_what_there_is():
    assert set(completion.ANIMALS) == set(ANIMALS)
    assert set(completion.EFFORTS) == set(EFFORTS)
    assert set(completion.LIBRARIES) == set(SPECIES)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("convert a b --to mov", "movement"),
        ("info a --from deepl", "deeplabcut"),
        ("train a --effort be", "best"),
    ],
)
def test_words_are_completed(typed, offered):
    command = f"liftpose {typed}"
    environment = {"_LIFTPOSE_COMPLETE": "complete_bash", "COMP_WORDS": command}
    done = process(env=environment | {"COMP_CWORD": str(len(command.split()) - 1)})
    assert done.stdout.split() == [offered]


def test_a_params_file_is_begun_and_trained_and_its_lifter_used(fly):
    begun = run(
        *("train", "--init", fly / "walk_2d.nc", fly / "walk_3d.nc"),
        *("--skeleton", fly / "fly.toml"),
    )
    assert begun.exit_code == 0
    assert "liftpose train params.toml" in begun.stdout
    text = Path("params.toml").read_text().replace("epochs = 30", "epochs = 1")
    Path("params.toml").write_text(text)
    trained = run("train", "params.toml", "-o", "run")
    assert trained.exit_code == 0, trained.stderr
    assert "epoch 1 of 1" in trained.stderr
    assert "liftpose lift run POSES_2D" in trained.stderr
    assert trained.stdout == ""
    lifted = run("lift", "run", fly / "walk_2d.nc", "-o", "out.nc")
    assert lifted.exit_code == 0, lifted.stderr
    assert lifted.stdout.startswith("out.nc: 300 frames")
    assert read_poses("out.nc").dims == 3


def test_physical_augmentation_is_chosen_by_a_params_file_as_it_was_begun(fly):
    files = (fly / "walk_2d.nc", fly / "walk_3d.nc", "--skeleton", fly / "fly.toml")
    assert run("train", "--init", *files).exit_code == 0
    text = Path("params.toml").read_text().replace("epochs = 30", "epochs = 1")
    begin = text.rindex("#[[augmentation]]", 0, text.index('#name = "physical"'))
    end = text.index("\n\n", begin)
    table = text[begin:end].removeprefix("#").replace("\n#", "\n")
    Path("params.toml").write_text(text[:begin] + table + text[end:])
    trained = run("train", "params.toml", "-o", "run")
    assert trained.exit_code == 0, trained.stderr
    assert "physical augmentation: strength" in trained.stderr
    assert set(liftpose.load("run").choice["physical_errors"]) == {"0", "0.5", "1"}


def test_train_as_json_prints_the_run(fly):
    result = run("train", fly / "params.toml", "-o", "run", "--json")
    assert result.stderr == ""
    found = json.loads(result.stdout)
    assert found["options"]["options"]["epochs"] == 2
    assert found["unit"] == "mm"
    assert found["digest"] == liftpose.load("run").digest


def test_a_run_keeps_the_params_file_that_it_was_trained_with(fly):
    text = (fly / "params.toml").read_text()
    assert (fly / "run" / "params_used.toml").read_text() == text
    for name in ("run", "run/model.lifter"):
        assert liftpose.load(fly / name).choice["params"] == text
    assert "params" in json.loads(run("info", fly / "run", "--json").stdout)["choice"]


def test_effort_on_the_command_line_goes_before_the_file(fly):
    params = (fly / "params.toml").read_text()
    assert "effort" not in params.replace("# effort", "")
    result = run("train", fly / "params.toml", "-o", "run", "--effort", "fast", "--json")
    assert json.loads(result.stdout)["options"]["options"]["effort"] == "fast"
    refused = run("train", fly / "params.toml", "-o", "other", "--effort", "quick")
    failed(refused, Status.BAD_INPUT, "effort is 'quick'", "'fast'", "'default'", "'best'")
    assert not Path("other").exists()


@pytest.mark.parametrize("model", ["run", "fly.lifter"])
def test_lift_takes_a_run_or_a_lifter(fly, model):
    result = run("lift", fly / model, fly / "walk_2d.nc", "-o", "out.nc", "--json")
    assert result.exit_code == 0, result.stderr
    (found,) = json.loads(result.stdout)
    assert (found["frames"], found["path"]) == (300, "out.nc")
    expected = liftpose.load(fly / model).lift(read_poses(fly / "walk_2d.nc")).position
    np.testing.assert_array_equal(read_poses("out.nc").points, expected)


def test_lift_warns_of_a_mistake_by_name_also_when_quiet(fly):
    flat = read_poses(fly / "walk_2d.nc")
    write_poses(Poses.from_experiments(flat.points[:, ::-1], joints=flat.joints), "backwards.nc")
    result = run("lift", fly / "fly.lifter", "backwards.nc", "-o", "out.nc", "--quiet")
    assert result.exit_code == 0, result.stderr
    assert "warning: backwards.nc: joints in another order" in result.stderr
    assert read_lifted("out.nc").verdict().name == "joints in another order"
    result = run("lift", fly / "fly.lifter", fly / "walk_2d.nc", "-o", "fine.nc")
    assert "warning" not in result.stderr


def test_lift_renames_by_option_and_by_table(fly):
    flat = read_poses(fly / "walk_2d.nc")
    names = ("paw", "snout", *flat.joints[2:])
    write_poses(Poses.from_experiments(flat.points, joints=names), "other.nc")
    words = ("lift", fly / "fly.lifter", "other.nc", "-o", "out.nc")
    failed(run(*words), Status.BAD_INPUT, flat.joints[0], flat.joints[1], "paw", "snout")
    Path("names.toml").write_text(f'snout = "{flat.joints[1]}"\n')
    given = ("--rename", f"paw={flat.joints[0]}", "--rename-table", "names.toml")
    result = run(*words, *given)
    assert result.exit_code == 0, result.stderr
    result = run(*words, "--by-order", "--overwrite")
    assert result.exit_code == 0, result.stderr


@pytest.fixture(scope="module")
def rat(tmp_path_factory):
    """A rat that was filmed on its floor, the 3D it was learned from, and a lifter."""
    folder, animal = tmp_path_factory.mktemp("rat"), quadruped(frames=300, seed=1)
    camera = animal.cameras[0]
    flat = Poses.from_experiments(camera.project(animal.poses_3d), joints=animal.joints)
    deep = Poses.from_experiments(animal.poses_3d, joints=animal.joints, unit="mm", frame="world")
    write_poses(flat, folder / "walk_2d.nc")
    write_poses(deep, folder / "walk_3d.nc")
    lifter = Lifter(animal.skeleton, network="ridge").fit(flat, deep, camera=camera)
    lifter.save(folder / "rat.lifter")
    return folder


PAWS = ("left_front_paw", "right_front_paw", "left_hind_paw", "right_hind_paw")


def test_lift_places_on_a_floor(rat, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ("lift", rat / "rat.lifter", rat / "walk_2d.nc", "--place", "--feet", ",".join(PAWS))
    lifter, flat = liftpose.load(rat / "rat.lifter"), read_poses(rat / "walk_2d.nc")
    floor = find_floor(read_poses(rat / "walk_3d.nc"), PAWS)
    on_it, over_it = (
        place(lifter.lift(flat), flat, lifter.camera, floor=one).position
        for one in (floor, find_floor(read_poses(rat / "walk_3d.nc"), PAWS, "-z"))
    )
    assert np.nanmax(np.abs(on_it - over_it)) > 1
    for name, more, expected in (
        ("of_poses.nc", ("--floor", rat / "walk_3d.nc"), on_it),
        ("plane.nc", ("--floor", "z=0"), on_it),
        ("down.nc", ("--floor", rat / "walk_3d.nc", "--up", "-z"), over_it),
    ):
        done = run(*words, *more, "-o", name)
        assert done.exit_code == 0, done.stderr
        assert ("floor: z=0" if name == "plane.nc" else "floor: <Floor: normal") in done.stderr
        found = read_poses(name).points
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=0.1)
    told = json.loads(run(*words, "--floor", "z=0", "-o", "told.nc", "--json").stdout)
    assert told[0]["off_floor_frames"] == 0


def test_a_floor_that_makes_no_sense_is_one_line(rat, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    start = ("lift", rat / "rat.lifter", rat / "walk_2d.nc", "-o", "out.nc")
    deep, feet, bad = rat / "walk_3d.nc", ("--feet", PAWS[0]), Status.BAD_INPUT
    for more, words in (
        (("--place", "--floor", deep), ("--feet left_paw,right_paw",)),
        (("--place", *feet), ("--floor with a file of 3D poses",)),
        (("--floor", deep, *feet), ("--place",)),
        (("--place", "--floor", deep, "--feet", "front_paw"), ("'front_paw'", "'left_front_paw'")),
        (("--place", "--floor", rat / "walk_2d.nc", *feet), ("walk_2d.nc holds 2D poses",)),
        (("--place", "--floor", "missing.nc", *feet), ("missing.nc",)),
        (("--place", "--floor", "z=low", *feet), ("z=low", "such as z=0")),
        (("--place", "--floor", "z=0", *feet, "--up", "y"), ("z or -z",)),
    ):
        failed(run(*start, *more, "-q"), bad, *words)
    assert not list(tmp_path.iterdir())


def test_a_batch_goes_on_past_what_fails_and_skips_what_was_done(fly):
    Path("in").mkdir()
    write_poses(read_poses(fly / "walk_2d.nc").part(0, 50), "in/a.nc")
    write_poses(read_poses(fly / "walk_3d.nc").part(0, 50), "in/b.nc")
    Path("in/notes.txt").write_text("nothing of note\n")
    words = ("lift", fly / "fly.lifter", "in", "-o", "out", "--to", "npz")
    result = run(*words)
    assert result.exit_code == Status.SOME_FAILED
    assert result.stdout.startswith("out/a.npz: 50 frames")
    said = result.stderr.splitlines()
    assert "left out, as no pose files: notes.txt" in said
    assert "2 files: 1 done, 1 failed" in said
    assert said[-1] == "error: in/b.nc holds 3D poses; expected 2D ones."
    assert [path.name for path in Path("out").glob("*.n*")] == ["a.npz"]
    found = json.loads(run(*words, "--json").stdout)
    assert [entry["status"] for entry in found] == ["skipped", "failed"]
    assert "3D poses" in found[1]["error"]
    Path("in/b.nc").unlink()
    again = run("lift", fly / "fly.lifter", "in/*.nc", "-o", "out", "--to", "npz")
    assert (again.exit_code, again.stdout) == (0, "out/a.npz: done before\n")
    other = run(*words, "--by-order")
    failed(other, Status.BAD_INPUT, "out/a.npz is there already", "other options", "--overwrite")


def test_convert_says_what_is_lost_and_takes_hints(fly):
    result = run("convert", fly / "walk_2d.nc", "walk.npy")
    assert result.exit_code == 0, result.stderr
    assert "walk.npy: 300 frames, movement -> npy; it does not keep the names" in result.stdout
    joints = ",".join(read_poses(fly / "walk_2d.nc").joints)
    back = run("convert", "walk.npy", "walk.nc", "--joints", joints, "--fps", "100", "--json")
    (found,) = json.loads(back.stdout)
    assert (found["lost"], found["from"], found["to"]) == ([], "npy", "movement")
    again, first = read_poses("walk.nc"), read_poses(fly / "walk_2d.nc")
    np.testing.assert_array_equal(again.points, first.points)
    assert (again.joints, again.fps) == (first.joints, 100)
    several = run("convert", "walk.n*", "all", "--to", "npz")
    failed(several, Status.BAD_INPUT, "two of the pose files", "walk.npz")
    assert run("convert", "walk.nc", fly / "walk_3d.nc", "all", "--to", "npz").exit_code == 0
    assert sorted(path.name for path in Path("all").iterdir()) == ["walk.npz", "walk_3d.npz"]
    failed(run("convert", "walk.nc", "b.nc", "--camera", "left"), Status.BAD_INPUT, "of no use")
    assert run("convert", "walk.nc", "b.nc", "--size", "640").exit_code == Status.USAGE
    assert not Path("b.nc").exists()


def test_place_gives_what_lift_place_gives(rat, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seen, lifter = rat / "walk_2d.nc", rat / "rat.lifter"
    for more in ((), ("--floor", "z=0", "--feet", ",".join(PAWS))):
        lifted = run("lift", lifter, seen, "-o", "a.nc", "--place", *more, "--overwrite")
        assert lifted.exit_code == 0, lifted.stderr
        assert run("lift", lifter, seen, "-o", "b.nc", "--overwrite").exit_code == 0
        words = ("place", "b.nc", "-o", "c.nc", "--poses-2d", seen, *more, "--overwrite")
        assert run(*words, "--lifter", lifter).exit_code == 0
        np.testing.assert_allclose(
            read_poses("c.nc").points, read_poses("a.nc").points, rtol=1e-4, atol=0.1
        )
    failed(run(*words), Status.BAD_INPUT, "--calibration")
    write_calibration({"one": liftpose.load(lifter).camera}, "calib.toml")
    assert run(*words, "--calibration", "calib.toml").exit_code == 0


def test_formats_are_listed_without_a_file(fly):
    result = run("info", "--formats")
    assert "movement" in result.stdout
    assert {entry["name"] for entry in json.loads(run("info", "--formats", "--json").stdout)} >= {
        "movement",
        "npy",
    }
    for words in ((), (fly / "walk_2d.nc", "--formats")):
        assert run("info", *words).exit_code == Status.USAGE


def test_plot_and_video_make_files(fly):
    words = ("plot", fly / "walk_2d.nc", "-o", "a.png", "--skeleton", fly / "fly.toml")
    assert "frames 0, 7" in run(*words, "--frames", "0,7").stdout
    assert Path("a.png").is_file()
    film = ("video", fly / "walk_3d.nc", "-o", "a.mp4", "--skeleton", fly / "fly.toml")
    made = json.loads(run(*film, "--frames", "0..3", "--fps", "25", "--json").stdout)
    assert made["frames"] == [0, 3]
    assert Path("a.mp4").is_file()
    for option, wrong in (("--size", "9"), ("--view", "a,b"), ("--crop", "1,2,3")):
        refused = run(*film, "--overwrite", option, wrong)
        assert refused.exit_code == Status.USAGE
        assert f"{option} {wrong}: expected" in refused.stderr
    for wrong in ((*words, "--frames", "a"), (*film, "--frames", "1..b")):
        assert run(*wrong).exit_code == Status.USAGE


def test_several_files_are_lifted_to_a_folder(fly):
    write_poses(read_poses(fly / "walk_2d.nc").part(0, 50), "b.nc")
    result = run("lift", fly / "fly.lifter", fly / "walk_2d.nc", "b.nc", "-o", "out")
    assert result.exit_code == 0, result.stderr
    assert [read_poses(f"out/{name}.nc").frames for name in ("walk_2d", "b")] == [300, 50]


def test_test_scores_what_a_run_was_given_and_what_it_is_given_now(fly):
    stored = run("test", fly / "run", "--json")
    given = run("test", fly / "run", fly / "walk_2d.nc", fly / "walk_3d.nc", "--json")
    stored, given = json.loads(stored.stdout), json.loads(given.stdout)
    assert stored["mpjpe"] == pytest.approx(given["mpjpe"])
    assert set(given["mpjpe"]) == {"liftpose", "ridge", "mean_pose"}
    assert given["unit"] == "mm"
    table = run("test", fly / "fly.lifter", fly / "walk_2d.nc", fly / "walk_3d.nc")
    lines = table.stdout.splitlines()
    head = ["joint", "liftpose (mm)", "ridge (mm)", "mean pose (mm)", "% of body"]
    assert lines[0].split() == " ".join(head).split()
    assert len({len(line) for line in lines[: lines.index("") - 1]}) == 1
    assert "left_front_claw" in table.stdout
    assert "velocity error (mm/frame)" in table.stdout
    assert "acceleration error (mm/frame²)" in table.stdout


def test_test_writes_what_it_prints_as_json(fly):
    words = ("test", fly / "fly.lifter", fly / "walk_2d.nc", fly / "walk_3d.nc")
    printed = run(*words, "--json", "-o", "errors.json")
    assert json.loads(Path("errors.json").read_text()) == json.loads(printed.stdout)
    failed(run(*words, "-o", "errors.json"), Status.BAD_INPUT, "errors.json")
    assert run(*words, "-o", "errors.json", "--overwrite").exit_code == 0
    refused = run("test", fly / "run", "--camera", "left")
    assert refused.exit_code == Status.USAGE
    assert "name files" in refused.stderr


def test_test_takes_another_camera(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    animal = hexapod(frames=300, seed=1)
    near, far = animal.cameras[:2]
    deep = Poses.from_experiments(animal.poses_3d, joints=animal.joints, unit="mm", frame="world")
    seen = [Poses.from_experiments(flat, joints=animal.joints) for flat in animal.points_2d[:2]]
    Lifter(animal.skeleton, network="ridge").fit(seen[0], deep, near).save("fly.lifter")
    write_poses(deep, "deep.nc")
    write_poses(seen[1], "far.nc")
    write_calibration({"far": far}, "far.toml")
    words = ("test", "fly.lifter", "far.nc", "deep.nc", "--json")
    told, blind = (
        json.loads(run(*words, *more).stdout)["reprojection_error"]
        for more in (("--calibration", "far.toml"), ())
    )
    assert told["truth"] < told["liftpose"] < told["mean_pose"]
    assert told["truth"] < 5 < 50 < blind["truth"]


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("walk_2d.nc", "poses", ["2D", "frames      ", "300 (3.0 s)", "left_front_claw", "px"]),
        ("walk_3d.nc", "poses", ["3D", "mm", "camera"]),
        ("run", "run", ["residual", "epochs = 2", "torch", "30 joints"]),
        ("fly.lifter", "lifter", ["ridge", "mm", "30 joints"]),
        ("fly.toml", "skeleton", ["30 joints", "left_front_claw"]),
        ("params.toml", "params", ["train_2d", "walk_2d.nc", "epochs = 2", "30 joints"]),
    ],
)
def test_info_says_what_is_in_a_file(fly, name, kind, words):
    result = run("info", fly / name)
    assert result.exit_code == 0, result.stderr
    for word in words:
        assert word.strip() in result.stdout
    found = json.loads(run("info", fly / name, "--json").stdout)
    assert found["kind"] == kind


def test_info_counts_what_is_missing_of_each_joint(fly):
    found = json.loads(run("info", fly / "walk_2d.nc", "--json").stdout)
    points = read_poses(fly / "walk_2d.nc").points
    gaps = np.isnan(points).any(axis=2).mean(axis=0)
    np.testing.assert_allclose(list(found["missing"].values()), gaps)


def test_bad_input_is_one_line(fly, tmp_path):
    flat, deep, lifter = fly / "walk_2d.nc", fly / "walk_3d.nc", fly / "fly.lifter"
    Path("folder").mkdir()
    Path("notes.txt").write_text("nothing of note\n")
    Path("there.nc").write_text("mine")
    Path("cut.lifter").write_bytes(lifter.read_bytes()[:1000])
    bad = Status.BAD_INPUT
    failed(run("lift", lifter, "missing.nc", "-o", "out.nc"), bad, "missing.nc")
    failed(run("lift", lifter, "folder", "-o", "out.nc"), bad, "folder")
    failed(run("lift", lifter, "notes.txt", "-o", "out.nc"), bad, "notes.txt")
    failed(run("lift", lifter, deep, "-o", "out.nc"), bad, "3D poses; expected 2D")
    failed(run("lift", lifter, flat, "-o", "there.nc"), bad, "there.nc", "--overwrite")
    failed(run("lift", lifter, flat, "-o", "nowhere/out.nc"), bad, "no folder")
    failed(run("lift", lifter, flat, "-o", "out.nc", "--hypotheses", "-1"), bad, "-1")
    failed(run("lift", lifter, flat, "-o", "out.docx"), bad, ".docx")
    failed(run("lift", lifter, flat, "-o", "out.nc", "--rename", "a"), bad, "old=new")
    failed(run("lift", lifter, flat, "-o", "out.nc", "--rename", "a=b"), bad, "'a'")
    failed(run("lift", "folder", flat, "-o", "out.nc"), bad, "ckpt_best")
    failed(run("lift", "missing", flat, "-o", "out.nc"), bad, "missing")
    failed(run("lift", "cut.lifter", flat, "-o", "out.nc"), bad, "cut.lifter")
    failed(run("test", lifter), bad, "fly.lifter", "true 3D poses too")
    failed(run("test", "missing"), bad, "missing")
    failed(run("test", lifter, deep, flat), bad, "truth has 2 coordinates")
    failed(run("train", "missing.toml"), bad, "missing.toml", "--init")
    failed(run("train", "folder"), bad, "folder")
    failed(run("info", "missing"), bad, "missing")
    failed(run("info", "folder"), bad, "folder")
    failed(run("info", "notes.txt"), bad, "notes.txt")
    Path("bad.toml").write_text("[data]\n[training]\nepoch = 3\n")
    failed(run("train", "bad.toml"), bad, "bad.toml, line 3: unknown key 'epoch'", "'epochs'")
    failed(run("train", "bad.toml", "--json"), bad, "bad.toml, line 3")
    assert Path("there.nc").read_text() == "mine"
    left = {"folder", "notes.txt", "there.nc", "cut.lifter", "bad.toml"}
    assert {path.name for path in tmp_path.iterdir()} == left


OF_POSES = {
    "info": "info BAD",
    "convert": "convert BAD out.npz",
    "triangulate": "triangulate calib.toml left.nc BAD -o out.nc --camera-names left,top",
    "train --init": "train --init left.nc BAD -o out.toml",
    "lift": "lift fly.lifter BAD -o out.nc",
    "place": "place lifted.nc -o out.nc --poses-2d BAD --calibration calib.toml --camera left",
    "place lifted": "place BAD -o out.nc --poses-2d left.nc --calibration calib.toml --camera left",
    "evaluate": "evaluate fly.lifter left.nc BAD -o out.json",
    "recalibrate": "recalibrate fly.lifter BAD lifted.nc -o out.lifter",
    "smooth": "smooth BAD -o out.nc",
    "fit-bones": "fit-bones BAD -o out.nc --skeleton fly.toml",
    "angles": "angles BAD -o out.csv --skeleton fly.toml",
    "plot": "plot BAD -o out.png --skeleton fly.toml",
    "video": "video BAD -o out.mp4 --skeleton fly.toml",
}


@pytest.fixture(scope="module")
def bad_files(made, tmp_path_factory):
    """What every verb needs, and files that are none of poses."""
    folder = tmp_path_factory.mktemp("bad")
    flat = read_poses(made / "walk_2d.nc")
    write_poses(flat, folder / "left.nc")
    write_poses(liftpose.load(made / "fly.lifter").lift(flat), folder / "lifted.nc")
    for name in ("fly.lifter", "fly.toml"):
        (folder / name).write_bytes((made / name).read_bytes())
    cameras = hexapod(frames=2, seed=1).cameras
    write_calibration({"left": cameras[0], "top": cameras[1]}, folder / "calib.toml")
    (folder / "empty.nc").touch()
    (folder / "cut.nc").write_bytes((made / "walk_2d.nc").read_bytes()[:3000])
    (folder / "text.h5").write_text("nothing of note\n")
    (folder / "table.csv").write_text("frame,speed\n0,1.5\n")
    np.save(folder / "flat.npy", np.zeros((5, 3)))
    return folder


@pytest.mark.parametrize("verb", OF_POSES)
def test_no_verb_takes_what_is_no_pose_file_or_leaves_anything(bad_files, monkeypatch, verb):
    monkeypatch.chdir(bad_files)
    before = sorted(bad_files.iterdir())
    for name in ("missing.nc", "empty.nc", "cut.nc", "text.h5", "table.csv", "flat.npy"):
        failed(run(*OF_POSES[verb].replace("BAD", name).split(), "-q"), Status.BAD_INPUT, name)
    assert sorted(bad_files.iterdir()) == before


@pytest.mark.parametrize("verb", [verb for verb in OF_POSES if verb[:2] != "tr"])
def test_every_verb_shows_how_far_it_is(bad_files, monkeypatch, tmp_path, verb):
    told = []

    @contextmanager
    def progress(self, what, unit=""):
        yield lambda done, whole, note="": told.append(done / whole)

    monkeypatch.setattr("liftpose.terminal.Session.progress", progress)
    monkeypatch.chdir(tmp_path)
    for path in bad_files.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    flat = verb in ("info", "convert", "lift", "place", "recalibrate")
    words = OF_POSES[verb].replace("BAD", "left.nc" if flat else "lifted.nc").split()
    words += ["--frames", "0..3", "--fps", "25"] if verb == "video" else []
    result = run(*words)
    assert result.exit_code == 0, result.stderr
    assert told == sorted(told)
    assert told[-1] == 1


@pytest.mark.filterwarnings("always::UserWarning")
def test_a_recording_that_cannot_be_lifted_is_said_once_with_its_file_and_the_cause(fly):
    poses = read_poses(fly / "walk_2d.nc")
    shape = poses.points.shape
    sure = np.full(shape[:2], 0.04)
    unseen = np.full(shape, np.nan)
    write_poses(Poses.from_experiments(poses.points, joints=poses.joints, confidence=sure), "a.nc")
    write_poses(Poses.from_experiments(unseen, joints=poses.joints), "b.nc")
    for file, words in (("a.nc", "below min_confidence, 0.1 (at most 0.04)"), ("b.nc", "is NaN")):
        result = run("lift", fly / "fly.lifter", file, "-o", f"out_{file}", "--fps", "100")
        assert result.exit_code == 0, result.output
        said = [line for line in result.stderr.splitlines() if line.startswith("warning: ")]
        assert len(said) == 1, result.stderr
        assert f"{file}: none of 300 frames could be lifted" in said[0]
        assert words in said[0]
        assert "300 of them blind" in result.output
        assert np.isnan(read_poses(f"out_{file}").points).all()


def test_confidence_that_makes_no_sense_is_one_line_with_the_file(fly):
    poses = read_poses(fly / "walk_2d.nc")
    rows = np.concatenate(
        [poses.points, np.full((*poses.points.shape[:2], 1), 97.0)], axis=2
    ).reshape(poses.frames, -1)
    heads = [
        ["scorer", *["net"] * rows.shape[1]],
        ["bodyparts", *np.repeat(poses.joints, 3)],
        ["coords", *["x", "y", "likelihood"] * poses.joint_count],
    ]
    lines = [*heads, *([str(i), *map(str, row)] for i, row in enumerate(rows))]
    Path("walk.csv").write_text("\n".join(",".join(line) for line in lines))
    words = ("walk.csv", "is 97", "expected 0 to 1", "Divide percentages by 100")
    failed(run("lift", fly / "fly.lifter", "walk.csv", "-o", "out.nc"), Status.BAD_INPUT, *words)
    Path("params.toml").write_text(
        f'skeleton = "{fly / "fly.toml"}"\n[data]\ntrain_2d = "walk.csv"\n'
        f'train_3d = "{fly / "walk_3d.nc"}"\n'
    )
    failed(run("train", "params.toml", "-o", "run", "-q"), Status.BAD_INPUT, *words)


@pytest.mark.parametrize(
    "words",
    [
        ("lift",),
        ("fly",),
        ("train", "a.toml", "b.toml"),
        ("test", "run", "only_2d.nc"),
        ("lift", "run", "a.nc", "-o", "b.nc", "--fps", "fast"),
    ],
)
def test_a_command_line_that_makes_no_sense_has_its_own_status(words):
    result = run(*words)
    assert result.exit_code == Status.USAGE
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_a_traceback_is_shown_on_request(fly):
    result = run("info", "missing", "--debug")
    assert result.exit_code == Status.BAD_INPUT
    assert "Traceback" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("error: ")


def test_an_error_of_our_own_is_not_hidden(fly, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("liftpose.about.about", broken)
    result = run("info", "anything")
    assert result.exit_code == Status.UNEXPECTED
    assert isinstance(result.exception, ZeroDivisionError)


def test_a_missing_package_has_its_own_status(fly, monkeypatch):
    def broken(*_):
        raise ImportError('this needs movement: pip install "liftpose[io]"')

    monkeypatch.setattr("liftpose.about.about", broken)
    failed(run("info", "anything"), Status.MISSING_PACKAGE, "liftpose[io]")


def test_quiet_leaves_the_result_only(fly):
    result = run("lift", fly / "fly.lifter", fly / "walk_2d.nc", "-o", "out.nc", "--quiet")
    assert result.stderr == ""
    assert result.stdout.startswith("out.nc: ")


def test_warnings_are_one_line(fly):
    text = (fly / "params.toml").read_text().replace("walk_", f"{fly}/walk_")
    text = text.replace("fly.toml", f"{fly}/fly.toml")
    Path("params.toml").write_text(text)
    assert run("train", "params.toml", "-o", "run", "-q").exit_code == 0
    Path("params.toml").write_text(text + "resume = true\n")
    result = process("train", "params.toml", "-o", "run", "-q")
    assert result.returncode == 0
    (line,) = result.stderr.splitlines()
    assert line.startswith("warning: nothing is left to train")


def test_the_log_is_set_up_only_while_a_command_runs(fly):
    import logging

    log = logging.getLogger("liftpose")
    before = log.level, list(log.handlers)
    run("train", fly / "params.toml", "-o", "run")
    assert (log.level, list(log.handlers)) == before


def test_a_closed_pipe_ends_it_silently(fly):
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(
        [sys.executable, "-m", "liftpose", "info", fly / "walk_2d.nc"],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert result.stderr == b""
    assert result.returncode == Status.CLOSED_PIPE


def test_output_into_a_pipe_is_plain_text(fly):
    result = process("lift", fly / "run", fly / "walk_2d.nc", "-o", "out.nc")
    assert result.returncode == 0
    assert "\x1b" not in result.stdout + result.stderr
    assert result.stdout.count("\n") == 1


def test_python_m_liftpose_is_the_same_command():
    result = process("--version")
    assert (result.returncode, result.stdout) == (0, f"liftpose {liftpose.__version__}\n")


def interrupted(words, until):
    """Start the command, send Ctrl-C as soon as something is there, and wait for its end."""
    started = subprocess.Popen(
        [sys.executable, "-m", "liftpose", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    while not until() and started.poll() is None:
        time.sleep(0.01)
    started.send_signal(signal.SIGINT)
    return started, *started.communicate()


@pytest.mark.skipif(os.name == "nt", reason="signals are sent as POSIX has them")
def test_ctrl_c_while_lifting_leaves_nothing_half_written(fly, tmp_path):
    piece = read_poses(fly / "walk_2d.nc")
    from liftpose.io import writing

    with writing("long.nc") as file:
        for _ in range(1000):
            file.append(piece)
    words = ("lift", fly / "run", "long.nc", "-o", "out.nc")

    def begun():
        return any(path.name.startswith(".out.nc") for path in tmp_path.iterdir())

    ended, out, err = interrupted(words, begun)
    assert ended.returncode == Status.INTERRUPTED, err
    assert out == ""
    assert err.splitlines() == ["stopped; every file that is there is whole."]
    assert [path.name for path in tmp_path.iterdir()] == ["long.nc"]


@pytest.mark.skipif(os.name == "nt", reason="signals are sent as POSIX has them")
def test_ctrl_c_while_training_leaves_whole_files_to_resume_from(fly, tmp_path):
    text = (fly / "params.toml").read_text().replace("walk_", f"{fly}/walk_")
    text = text.replace("fly.toml", f"{fly}/fly.toml").replace("epochs = 2", "epochs = 100000")
    Path("params.toml").write_text(text)
    ended, _, err = interrupted(
        ("train", "params.toml", "-o", "run"), (tmp_path / "run" / "ckpt_last.pth.tar").exists
    )
    assert ended.returncode == Status.INTERRUPTED, err
    assert err.splitlines()[-1] == "stopped; every file that is there is whole."
    assert not [path for path in (tmp_path / "run").iterdir() if path.name.startswith(".ckpt")]
    done = len((tmp_path / "run" / "train_log.txt").read_text().splitlines()) - 1
    Path("params.toml").write_text(
        text.replace("epochs = 100000", f"epochs = {done + 1}\nresume = true")
    )
    result = run("train", "params.toml", "-o", "run")
    assert result.exit_code == 0, result.stderr
    assert f"epoch {done + 1} of {done + 1}" in result.stderr


def test_demo_says_what_it_found(fly, monkeypatch):
    class Found:
        def as_dict(self):
            return {"files": {"film.mp4": "the film"}}

        def __str__(self):
            return "film.mp4  the film"

    asked = []

    def simulate(animal, folder, on_progress):
        asked.append((animal, folder))
        on_progress("training", 0.5)
        return Found()

    monkeypatch.setitem(sys.modules, "liftpose.demo", SimpleNamespace(run=simulate))
    result = run("demo", "--animal", "mouse", "-o", "here")
    assert result.stdout == "film.mp4  the film\n"
    assert json.loads(run("demo", "--json").stdout) == {"files": {"film.mp4": "the film"}}
    assert asked == [("mouse", Path("here")), ("hexapod", Path("demo"))]
