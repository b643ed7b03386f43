from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from liftpose.plot import OKABE_ITO, violin_plot

NAMES = ["coxa", "femur", "tibia", "claw"]


@pytest.fixture
def ax():
    return Figure().add_subplot()


@pytest.fixture
def poses():
    """Truth and prediction of 400 frames; joint 0 is the root."""
    rng = np.random.default_rng(7)
    truth = rng.normal(size=(400, 4, 3))
    prediction = truth + rng.normal(size=truth.shape) * np.array([0, 0.1, 0.2, 0.4])[:, None]
    return truth, prediction


def distances(truth, prediction):
    return np.sqrt(((truth - prediction) ** 2).sum(axis=-1))


def ticks(ax):
    return [label.get_text() for label in ax.get_xticklabels()]


def heights(body):
    return body.get_paths()[0].vertices[:, 1]


def test_medians_and_quartiles_are_those_of_the_distances(ax, poses):
    truth, prediction = poses
    drawn = violin_plot(ax, test_3d_gt=truth, test_3d_pred=prediction, joints_name=NAMES)
    errors = distances(truth, prediction)[:, 1:]
    pools = [*errors.T, errors.ravel()]
    np.testing.assert_allclose(drawn.medians[0].get_ydata(), [np.median(pool) for pool in pools])
    ends = np.array([segment[:, 1] for segment in drawn.quartiles[0].get_segments()])
    np.testing.assert_allclose(ends, [np.quantile(pool, [0.25, 0.75]) for pool in pools])
    assert drawn.names == ticks(ax) == ["femur", "tibia", "claw", "overall"]


def test_violins_reach_from_the_smallest_error_to_the_95_percent_quantile(ax, poses):
    truth, prediction = poses
    prediction[::50, 3] += 1000
    drawn = violin_plot(ax, truth, prediction, None, NAMES)
    errors = distances(truth, prediction)
    for joint, body in zip((1, 2, 3), drawn.bodies[0], strict=False):
        pool = errors[:, joint]
        assert heights(body).min() == pytest.approx(pool.min())
        assert heights(body).max() == pytest.approx(np.quantile(pool, 0.95))
    assert ax.get_ylim()[0] == 0
    assert ax.get_ylim()[1] < 5


def test_violin_is_widest_where_errors_are_most_frequent(ax):
    truth = np.zeros((2000, 1, 3))
    prediction = truth.copy()
    prediction[:, 0, 0] = np.random.default_rng(0).normal(10, 1, 2000)
    (body,) = violin_plot(ax, truth, prediction, None, ["claw"], overall=False).bodies[0]
    x, y = body.get_paths()[0].vertices.T
    assert y[np.argmax(x)] == pytest.approx(10, abs=0.4)
    # A normal density one σ from its peak, seen through Silverman's kernel.
    right = x > 0
    half_width = np.interp(9, *sorted_pair(y[right], x[right])) / x.max()
    assert half_width == pytest.approx(np.exp(-0.5), abs=0.08)
    assert x.min() == pytest.approx(-x.max())


def sorted_pair(keys, values):
    order = np.argsort(keys)
    return keys[order], values[order]


@pytest.mark.parametrize("per_coordinate", [True, False])
def test_masked_and_missing_frames_are_left_out(ax, poses, per_coordinate):
    truth, prediction = poses
    truth[5, 1, 2] = np.nan
    prediction[6, 1] = np.nan
    prediction[9, 1] = truth[9, 1] = np.inf
    good = np.ones((400, 4))
    good[7, 1], good[8, 1] = 0, np.nan
    if per_coordinate:
        good = np.repeat(good[..., None], 3, axis=2)
        good[7, 1, :2] = 1
    prediction[5:9, 1] += 100
    drawn = violin_plot(ax, truth, prediction, good, NAMES, overall=False)
    kept = distances(np.delete(truth, range(5, 10), 0), np.delete(prediction, range(5, 10), 0))[
        :, 1
    ]
    assert drawn.medians[0].get_ydata()[0] == pytest.approx(np.median(kept), rel=1e-12)


def test_root_and_joint_without_errors_are_left_out_with_their_names(ax, poses):
    truth, prediction = poses
    truth[:, 2] = np.nan
    drawn = violin_plot(ax, truth, prediction, None, NAMES)
    assert ticks(ax) == drawn.names == ["femur", "claw", "overall"]
    pool = distances(truth, prediction)[:, [1, 3]]
    assert drawn.medians[0].get_ydata()[2] == pytest.approx(np.median(pool))


def test_joint_that_is_exact_in_some_frames_only_keeps_them(ax):
    truth = np.zeros((10, 1, 3))
    prediction = truth.copy()
    prediction[:3] = 1
    drawn = violin_plot(ax, truth, prediction, None, ["claw"], overall=False)
    assert drawn.medians[0].get_ydata().tolist() == [0.0]


def test_order_picks_and_sorts(ax, poses):
    drawn = violin_plot(ax, *poses, None, NAMES, order=["claw", "femur"], overall=False)
    assert ticks(ax) == ["claw", "femur"]
    errors = distances(*poses)
    np.testing.assert_allclose(
        drawn.medians[0].get_ydata(), np.median(errors[:, [3, 1]], axis=0), rtol=1e-12
    )


def test_order_may_place_the_overall_and_name_a_root(ax, poses):
    violin_plot(ax, *poses, None, NAMES, order=["overall", "coxa", "tibia"])
    assert ticks(ax) == ["overall", "tibia"]


def test_overall_holds_joints_that_order_does_not_name(ax, poses):
    drawn = violin_plot(ax, *poses, None, NAMES, order=["femur"])
    assert drawn.names == ["femur", "overall"]
    assert drawn.medians[0].get_ydata()[1] == pytest.approx(np.median(distances(*poses)[:, 1:]))


def test_several_predictions_stand_side_by_side(ax, poses):
    truth, prediction = poses
    twice = truth + 2 * (prediction - truth)
    drawn = violin_plot(
        ax, test_3d_gt=truth, pred=[prediction, twice], name=NAMES, hue_names=["net", "ridge"]
    )
    first, second = drawn.medians
    np.testing.assert_allclose(second.get_ydata(), 2 * first.get_ydata())
    assert (first.get_xdata() < second.get_xdata()).all()
    assert (second.get_xdata()[:-1] < first.get_xdata()[1:]).all()
    assert [text.get_text() for text in drawn.legend.get_texts()] == ["net", "ridge"]
    patches = drawn.legend.get_patches()
    for number, bodies in enumerate(drawn.bodies):
        expected = np.array(OKABE_ITO[number]) / 255
        np.testing.assert_allclose(to_rgb(patches[number].get_facecolor()), expected)
        for body in bodies:
            np.testing.assert_allclose(body.get_facecolor()[0, :3], expected)
    pairs = zip(*drawn.bodies, strict=True)
    x = [body.get_paths()[0].vertices[:, 0] for pair in pairs for body in pair]
    assert all(left.max() < right.min() for left, right in pairwise(x))


def test_prediction_without_a_joint_leaves_its_place_empty(ax, poses):
    truth, prediction = poses
    other = prediction.copy()
    other[:, 2] = np.nan
    drawn = violin_plot(ax, truth, [prediction, other], None, NAMES, overall=False)
    assert drawn.names == ["femur", "tibia", "claw"]
    assert [len(bodies) for bodies in drawn.bodies] == [3, 2]
    np.testing.assert_allclose(drawn.medians[0].get_ydata()[[0, 2]], drawn.medians[1].get_ydata())


def test_one_prediction_has_no_legend(ax, poses):
    assert violin_plot(ax, *poses, None, NAMES).legend is None


@pytest.mark.parametrize(("units", "label"), [(None, "Error (unitless)"), ("mm", "Error (mm)")])
def test_unit_in_the_label(ax, poses, units, label):
    violin_plot(ax, *poses, None, NAMES, units=units)
    assert ax.get_ylabel() == label


def test_right_axis_in_percent_of_body_length(ax, poses):
    drawn = violin_plot(ax, *poses, None, NAMES, body_length=2.5, ylim=[0, 5])
    ax.figure.draw_without_rendering()
    assert ax.get_ylim() == (0, 5)
    assert drawn.percent_axis.get_ylim() == pytest.approx((0, 200))
    assert "% of body length" in drawn.percent_axis.get_ylabel()
    to_length = drawn.percent_axis.yaxis.get_transform()
    np.testing.assert_allclose(to_length.transform(np.array([0.0, 100.0])), [0, 2.5])
    np.testing.assert_allclose(to_length.inverted().transform(np.array([0.0, 2.5])), [0, 100])
    at_percent = drawn.percent_axis.transData.transform((0, 100))[1]
    assert at_percent == pytest.approx(ax.transData.transform((0, 2.5))[1])


def test_positional_call_of_the_original(ax, poses):
    truth, prediction = poses
    good = np.ones_like(truth)
    violin_plot(ax, truth, [prediction], good, NAMES, 2.0, "mm", [0, 9], ["claw"], ["net"], False)
    assert ax.get_ylim() == (0, 9)
    assert ax.get_ylabel() == "Error (mm)"
    assert ticks(ax) == ["claw"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["net"]
    assert len(ax.child_axes) == 1


def test_both_spellings_draw_the_same(ax, poses):
    good = np.random.default_rng(1).random((400, 4)) > 0.2
    other = Figure().add_subplot()
    old = violin_plot(ax, gt=poses[0], pred=poses[1], good_keypts=good, name=NAMES)
    new = violin_plot(
        other, test_3d_gt=poses[0], test_3d_pred=poses[1], test_keypoints=good, joints_name=NAMES
    )
    np.testing.assert_array_equal(old.medians[0].get_xydata(), new.medians[0].get_xydata())


@pytest.mark.parametrize(
    "twins",
    [
        ("gt", "test_3d_gt"),
        ("pred", "test_3d_pred"),
        ("good_keypts", "test_keypoints"),
        ("name", "joints_name"),
    ],
)
def test_one_argument_under_two_names(ax, poses, twins):
    given = {
        "gt": poses[0],
        "pred": poses[1],
        "good_keypts": np.ones((400, 4)),
        "name": NAMES,
    }
    given[twins[1]] = given[twins[0]]
    with pytest.raises(TypeError, match=f"{twins[0]} and {twins[1]}"):
        violin_plot(ax, **given)
    del given[twins[1]], given[twins[0]]
    if "good" not in twins[0]:
        with pytest.raises(TypeError, match=f"needs {twins[1]}"):
            violin_plot(ax, **given)


def test_constant_error_is_a_flat_line(ax):
    truth = np.zeros((20, 2, 3))
    prediction = truth + np.array([0.0, 3.0, 4.0])
    drawn = violin_plot(ax, truth, prediction, None, ["a", "b"])
    assert drawn.medians[0].get_ydata() == pytest.approx([5, 5, 5])
    assert all(np.isfinite(body.get_paths()[0].vertices).all() for body in drawn.bodies[0])


def test_inputs_are_not_changed(ax, poses):
    good = np.ones((400, 4, 3), dtype=bool)
    good[3, 2] = False
    names, order = [*NAMES], ["claw"]
    before = [array.copy() for array in (*poses, good)]
    violin_plot(ax, *poses, good, names, order=order)
    for array, copy in zip((*poses, good), before, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert names == NAMES
    assert order == ["claw"]


@pytest.mark.parametrize("joint_count", [8, 26])
def test_slanted_labels_stay_in_the_figure_and_apart(joint_count):
    ax = Figure(figsize=(6.4, 4.8)).add_subplot()
    names = [f"RightFore{number:02d}" for number in range(joint_count)]
    truth = np.zeros((20, joint_count, 3))
    violin_plot(ax, truth, truth + np.arange(20)[:, None, None], None, names)
    ax.figure.draw_without_rendering()
    labels = ax.get_xticklabels()
    boxes = [label.get_window_extent() for label in labels]
    assert min(box.y0 for box in boxes) >= 0
    assert min(box.x0 for box in boxes) >= 0
    places = [label.get_transform().transform(label.get_position())[0] for label in labels]
    apart = np.diff(places).min() / np.sqrt(2) * 72 / ax.figure.dpi
    assert apart >= labels[0].get_fontsize()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"name": NAMES[:3]}, ValueError, "joints_name has 3 names, but the poses have 4 joints"),
        ({"name": "claw"}, TypeError, "joints_name needs a list"),
        ({"name": ["a", "a", "b", "c"]}, ValueError, r"twice: \['a'\]"),
        ({"order": ["wing"]}, ValueError, r"order names \['wing'\]"),
        ({"order": ["coxa"], "overall": False}, ValueError, "no error to draw"),
        ({"gt": np.zeros((4, 3))}, ValueError, r"\(N, J, 3\), got \(4, 3\)"),
        ({"pred": np.zeros((399, 4, 3))}, ValueError, r"prediction 1 has shape \(399, 4, 3\)"),
        ({"pred": []}, ValueError, "empty list"),
        ({"good_keypts": np.ones((400, 3))}, ValueError, r"got \(400, 3\)"),
        ({"hue_names": ["a", "b"]}, ValueError, "2 names for 1 predictions"),
        ({"body_length": 0}, ValueError, "body_length needs a length above 0"),
    ],
)
def test_what_does_not_fit_is_named(ax, poses, change, error, message):
    with pytest.raises(error, match=message):
        violin_plot(ax, **{"gt": poses[0], "pred": poses[1], "name": NAMES, **change})


def test_perfect_prediction_has_no_error_to_draw(ax, poses):
    with pytest.raises(ValueError, match="no error to draw"):
        violin_plot(ax, poses[0], poses[0], None, NAMES)
