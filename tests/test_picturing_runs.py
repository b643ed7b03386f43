"""Figures of runs and of angles: what is on them, and what is refused."""

import shutil
import warnings

import numpy as np
import pytest

from liftpose import Skeleton
from liftpose.datasets import hexapod
from liftpose.io import read_lifted, write_poses
from liftpose.lifter.checkpoint import load
from liftpose.main import test as score
from liftpose.main import train
from liftpose.picturing import plot_file
from liftpose.poses import Lifted, Poses
from liftpose.postprocess.angles import JointAngles, joint_angles
from liftpose.postprocess.evaluation import read_evaluation


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that was tested, the poses of its test, and what was lifted of them."""
    folder = tmp_path_factory.mktemp("runs")
    animals = {number: hexapod(frames=150, seed=number, animal=number) for number in range(1, 6)}
    known = {f"walk {number}": animals[number] for number in (1, 2, 3)}
    new = {f"walk {number}": animals[number] for number in (4, 5)}
    # So few frames are no norm by which others could be judged.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return trained(folder, animals, known, new)


def trained(folder, animals, known, new):
    """A folder with a run and a file of lifted poses."""
    train(
        {key: one.pose_2d for key, one in known.items()},
        {key: one.pose_2d for key, one in new.items()},
        {key: one.pose_3d for key, one in known.items()},
        {key: one.pose_3d for key, one in new.items()},
        out_dir=folder / "run",
        skeleton=animals[1].skeleton,
        training_kwargs={"network": "ridge"},
    )
    score(folder / "run")
    lifted = load(folder / "run").lift(animals[4].pose_2d)
    write_poses(lifted, folder / "lifted.nc")
    return folder


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Draw, and give the figure instead of a file."""
    kept = []
    monkeypatch.setattr(
        "matplotlib.figure.Figure.savefig", lambda figure, *a, **k: kept.append(figure)
    )

    def draw(source, **more):
        done = plot_file(source, tmp_path / f"{len(kept)}.png", overwrite=True, **more)
        return kept[-1], done.text

    return draw


def labels(figure):
    return [ax.get_ylabel() for ax in figure.axes]


def words(figure):
    keys = [ax.get_legend() for ax in figure.axes]
    return [text.get_text() for key in keys if key for text in key.get_texts()]


def test_a_run_shows_its_errors_joint_by_joint_and_over_time(run, drawn):
    figure, text = drawn(run / "run")
    assert text == "errors of every joint and errors over time"
    assert labels(figure) == ["Error (mm)", "Error (mm)"]
    mean = read_evaluation(run / "run").mpjpe["liftpose"]
    assert f"mean {mean:#.3g} mm" in words(figure)
    # 150 frames of each recording, named above.
    names = [text.get_text() for text in figure.axes[1].texts]
    assert {"walk 4", "walk 5"} <= set(names)


def test_the_trust_in_a_run_is_that_of_its_evaluation(run, drawn):
    figure, text = drawn(run / "run", kinds=["calibration", "occlusion", "risk"])
    assert text == (
        "how often error bars hold, errors against hidden joints and errors of the surest"
    )
    held, against, risk = figure.axes
    said = read_evaluation(run / "run").measures.trust
    for level, bars in said.bars.items():
        for line, share in zip(
            held.lines[1:3], (bars.ball.share, bars.interval.share), strict=True
        ):
            x, y = line.get_data()
            assert y[np.argmin(np.abs(x - level))] == pytest.approx(share, abs=1e-6)
    kept = [text for text in words(figure) if text.startswith("by spread")]
    assert kept == [f"by spread: {100 * said.joints.oracle_share:.0f} % of what is to be gained"]
    counts = [text.get_text() for text in against.texts]
    total = sum(int(count.removeprefix("n = ").replace(",", "")) for count in counts)
    assert total == said.joints.known
    assert risk.get_xlabel() == "Share of joints kept, the surest first"


def test_what_was_expected_stands_beside_errors_over_time_where_it_is_known(run, drawn):
    figure, _ = drawn(run / "run", kinds=["time", "risk"])
    assert "expected" in words(figure)
    assert "expected" not in words(drawn(run / "run", kinds=["time"])[0])


def test_trust_is_refused_where_the_test_was_of_other_data(run, drawn, tmp_path):
    shutil.copytree(run / "run", tmp_path / "run")
    other = hexapod(frames=150, seed=9, animal=9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        score(tmp_path / "run", other.pose_2d, other.pose_3d)
    assert drawn(tmp_path / "run")[1] == "errors of every joint and errors over time"
    with pytest.raises(ValueError, match="of other data than the folder holds"):
        drawn(tmp_path / "run", kinds=["calibration"])


def test_lifted_poses_bring_their_bones(run, drawn):
    _, text = drawn(run / "lifted.nc", frames=[3])
    assert text == "frames 3"


def test_poses_are_laid_out_and_seen_from_several_sides(run, drawn):
    figure, _ = drawn(run / "lifted.nc", frames=[3, 80])
    # The layout fails with a warning where it takes anything for larger than the figure.
    figure.draw_without_rendering()
    widths = [ax.get_position().width for ax in figure.axes]
    assert min(widths) > 0.3
    figure, text = drawn(run / "lifted.nc", kinds=["views"], frames=[3, 80])
    assert text == "frames 3, 80"
    for ax, row in zip(figure.axes, (3, 80), strict=True):
        assert {"top", "side", "front"} <= {text.get_text() for text in ax.texts}
        assert ax.get_title(loc="left") == f"frame {row}"
    write_poses(Poses.from_experiments(np.ones((4, 3, 2)), joints=["a", "b", "c"]), run / "flat.nc")
    with pytest.raises(ValueError, match="2D poses; only 3D ones"):
        drawn(run / "flat.nc", kinds=["views"])


def test_angles_of_lifted_poses_and_of_a_table_of_them_are_the_same(run, drawn, tmp_path):
    lifted = read_lifted(run / "lifted.nc")
    whole = joint_angles(lifted, lifted.skeleton)
    figure, text = drawn(run / "lifted.nc", kinds=["angles"])
    assert text == f"{len(whole.names)} angles over 150 frames"
    panels = figure.axes[0].child_axes
    for panel, column in zip(panels, whole.values.T, strict=True):
        np.testing.assert_allclose(panel.lines[0].get_ydata(), column)
    table = whole.to_csv(tmp_path / "angles.csv")
    name = whole.names[2]
    only, text = drawn(table, at=[name.replace("-", ",")])
    assert text == "1 angles over 150 frames"
    np.testing.assert_allclose(
        only.axes[0].child_axes[0].lines[0].get_ydata(), whole.values[:, 2], atol=1e-4
    )


def test_a_figure_that_a_source_does_not_give_is_refused(run, drawn, tmp_path):
    bare = np.zeros((5, 3, 3)) + np.arange(3)[:, None]
    write_poses(Lifted(bare, bare, ("",), (5,), ("a", "b", "c")), tmp_path / "bare.nc")
    leg = Skeleton(["a", "b", "c"], bones=[(0, 1), (1, 2)])
    straight = joint_angles(Lifted(bare, bare, ("",), (5,), leg.joints), leg)
    table = straight.to_csv(tmp_path / "a.csv")
    for source, more, expected in (
        (run / "run", {"kinds": ["poses"]}, "'poses' is a figure of poses"),
        (run / "run", {"kinds": ["calibratoin"]}, "Did you mean 'calibration'"),
        (run / "run", {"kinds": ["training"]}, "nothing to draw of 'training'"),
        (run / "lifted.nc", {"kinds": ["errors"]}, "'errors' is a figure of a run"),
        (run / "lifted.nc", {"kinds": ["poses", "angles"]}, "ask for one"),
        (tmp_path / "bare.nc", {"kinds": ["angles"]}, "does not say which joints are joined"),
        (table, {"kinds": ["poses"]}, "table of angles, and holds no poses"),
        (table, {"at": ["a,b,d"]}, "has no angle 'a-b-d'. Did you mean 'a-b-c'"),
    ):
        with pytest.raises(ValueError, match=expected):
            drawn(source, **more)


def test_more_angles_than_fit_are_to_be_chosen_from(drawn, tmp_path):
    names = tuple(f"a-b-{number}" for number in range(61))
    many = JointAngles(names, np.full((4, 61), 90.0), None, ("",), (4,))
    with pytest.raises(ValueError, match="61 angles, of which 60 fit into a figure; .*--at"):
        drawn(many.to_csv(tmp_path / "many.csv"))


def test_a_folder_of_0_22_shows_its_errors(drawn, tmp_path):
    from tests.lifter.test_published import make_folder, save_results

    save_results(make_folder(tmp_path / "old"))
    figure, text = drawn(tmp_path / "old")
    assert text == "errors of every joint and errors over time"
    assert labels(figure) == ["Error (unitless)", "Error"]
    with pytest.raises(ValueError, match="0.22, whose lifters have no error bars"):
        drawn(tmp_path / "old", kinds=["risk"])


def test_the_command_takes_kinds_and_triples(run, tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from liftpose.cli import app

    monkeypatch.chdir(tmp_path)
    words = ["plot", str(run / "run"), "-o", "a.svg", "--kind", "time, errors"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0
    assert "errors over time and errors of every joint" in done.stdout
    assert "worst: " in (tmp_path / "a.svg").read_text()
    triple = "left_front_coxa_femur,left_front_femur_tibia,left_front_tibia_tarsus"
    words = ["plot", str(run / "lifted.nc"), "-o", "b.png", "--kind", "angles", "--at", triple]
    done = CliRunner().invoke(app, words)
    assert "1 angles over 150 frames" in done.stdout
    refused = CliRunner().invoke(app, [*words[:5], "risk", "--overwrite"])
    assert refused.exit_code != 0
    assert "'risk' is a figure of a run" in refused.output
