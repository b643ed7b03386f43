import subprocess
import sys

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from liftpose import Skeleton
from liftpose.plot import OKABE_ITO, plot_pose_2d, plot_pose_3d

BONES = [[0, 1], [1, 2], [3, 4]]
LIMB_ID = [0, 0, 0, 1, 1]
COLORS = [[186, 30, 49], [0, 128, 255]]
POSE = np.array(
    [[0.0, 0.0, 0.0], [1.0, 0.0, 0.5], [2.0, 0.5, 0.0], [0.0, 2.0, 0.0], [1.0, 3.0, 1.0]]
)


@pytest.fixture
def ax():
    return Figure(figsize=(4, 4)).add_subplot(projection="3d")


@pytest.fixture
def flat():
    return Figure().add_subplot()


def pieces(line):
    """The runs of points that a line connects."""
    get = getattr(line, "get_data_3d", line.get_data)
    points = np.array(get(), dtype=float).T
    runs, run = [], []
    for point in points:
        if np.isnan(point).any():
            runs, run = [*runs, run] if run else runs, []
        else:
            run.append(tuple(point.tolist()))
    return [*runs, run] if run else runs


def as_bones(pose, bones):
    return [[tuple(pose[a].tolist()), tuple(pose[b].tolist())] for a, b in bones]


def drawn_bones(drawn):
    return [piece for line in drawn.lines for piece in pieces(line) if len(piece) == 2]


def lone_joints(drawn):
    return [piece[0] for line in drawn.lines for piece in pieces(line) if len(piece) == 1]


def aspect_error(ax):
    """Ratio of the longest to the shortest unit on the three axes, less 1."""
    spans = np.ptp([ax.get_xlim(), ax.get_ylim(), ax.get_zlim()], axis=1)
    units = np.asarray(ax._box_aspect) / spans
    return units.max() / units.min() - 1


def test_importing_the_room_is_light():
    code = (
        "import sys, liftpose.plot as p; "
        "assert all(hasattr(p, n) for n in p.__all__); "
        "heavy = ('torch', 'av', 'matplotlib.pyplot', 'scipy', 'xarray'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_bone_is_drawn_in_the_colour_of_its_limb(ax):
    drawn = plot_pose_3d(ax=ax, bones=BONES, pred=POSE, limb_id=LIMB_ID, colors=COLORS)
    first, second = drawn.prediction.lines
    assert pieces(first) == as_bones(POSE, BONES[:2])
    assert pieces(second) == as_bones(POSE, BONES[2:])
    np.testing.assert_allclose(to_rgb(first.get_color()), np.array(COLORS[0]) / 255)
    np.testing.assert_allclose(to_rgb(second.get_color()), np.array(COLORS[1]) / 255)
    assert list(ax.lines) == drawn.prediction.lines
    assert drawn.target is None
    assert drawn.legend is None


def test_bone_between_limbs_belongs_to_its_first_joint(ax):
    drawn = plot_pose_3d(ax, [[3, 2], [0, 4]], POSE, limb_id=LIMB_ID, colors=COLORS)
    first, second = drawn.prediction.lines
    assert as_bones(POSE, [[0, 4]])[0] in pieces(first)
    assert as_bones(POSE, [[3, 2]])[0] in pieces(second)


def test_prediction_is_dashed_over_a_solid_target(ax):
    target = POSE + 0.25
    drawn = plot_pose_3d(ax, BONES, POSE, target, LIMB_ID, COLORS)
    assert {line.get_linestyle() for line in drawn.prediction.lines} == {"--"}
    assert {line.get_linestyle() for line in drawn.target.lines} == {"-"}
    assert drawn_bones(drawn.target) == as_bones(target, BONES)
    assert drawn_bones(drawn.prediction) == as_bones(POSE, BONES)
    # The prediction lies on top.
    assert list(ax.lines) == [*drawn.target.lines, *drawn.prediction.lines]
    for pose in (drawn.target, drawn.prediction):
        assert [to_rgb(line.get_color()) for line in pose.lines] == [
            tuple(np.array(color) / 255) for color in COLORS
        ]


@pytest.mark.parametrize("name", ["pred", "tar"])
def test_one_pose_alone_is_solid(ax, name):
    drawn = plot_pose_3d(ax, BONES, **{name: POSE})
    (line,) = (drawn.prediction or drawn.target).lines
    assert line.get_linestyle() == "-"
    np.testing.assert_allclose(to_rgb(line.get_color()), np.array(OKABE_ITO[0]) / 255)


def test_limbs_without_colours_take_the_palette_in_turn(ax):
    pose = np.arange(60.0).reshape(20, 3)
    bones = np.arange(20).reshape(10, 2)
    drawn = plot_pose_3d(ax, bones, pose, limb_id=np.repeat(np.arange(10), 2))
    colors = [to_rgb(line.get_color()) for line in drawn.prediction.lines]
    np.testing.assert_allclose(colors[:8], np.array(OKABE_ITO) / 255)
    assert colors[8:] == colors[:2]


def test_palette_is_that_of_okabe_and_ito():
    published = {
        *[(0, 0, 0), (230, 159, 0), (86, 180, 233), (0, 158, 115)],
        *[(240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167)],
    }
    assert set(OKABE_ITO) == published


def test_bones_to_joints_not_seen_are_left_out(ax):
    pose = POSE.copy()
    pose[1, 2] = np.nan
    pose[4, 0] = np.inf
    drawn = plot_pose_3d(ax, [*BONES, [0, 3]], pose)
    assert drawn_bones(drawn.prediction) == as_bones(POSE, [[0, 3]])
    assert lone_joints(drawn.prediction) == [tuple(POSE[2])]


@pytest.mark.parametrize("per_coordinate", [True, False])
def test_good_keypts_rule_out_joints(ax, per_coordinate):
    good = np.array([1, 1, 1, np.nan, 1])
    if per_coordinate:
        good = np.repeat(good[:, None], 3, axis=1)
        good[3, :2] = 1
    drawn = plot_pose_3d(ax, BONES, POSE, POSE + 1, good_keypts=good)
    assert drawn_bones(drawn.prediction) == as_bones(POSE, BONES[:2])
    assert drawn_bones(drawn.target) == as_bones(POSE + 1, BONES[:2])


@pytest.mark.parametrize(("pred_always", "gt_always"), [(True, False), (False, True)])
def test_either_pose_can_be_shown_whatever_good_keypts_says(ax, pred_always, gt_always):
    good = np.array([True, True, True, False, True])
    drawn = plot_pose_3d(
        ax,
        BONES,
        POSE,
        POSE,
        good_keypts=good,
        show_pred_always=pred_always,
        show_gt_always=gt_always,
    )
    assert len(drawn_bones(drawn.prediction)) == (3 if pred_always else 2)
    assert len(drawn_bones(drawn.target)) == (3 if gt_always else 2)


def test_nothing_seen_draws_nothing(ax):
    drawn = plot_pose_3d(ax, BONES, np.full((5, 3), np.nan), normalize=True, legend=True)
    assert drawn_bones(drawn.prediction) == lone_joints(drawn.prediction) == []
    ax.figure.draw_without_rendering()


def test_normalize_centres_both_by_the_median_of_the_prediction(ax):
    target = POSE + np.array([0.5, 0.25, 0])
    center = np.median(POSE, axis=0)
    drawn = plot_pose_3d(ax, BONES, POSE, target, normalize=True)
    assert drawn_bones(drawn.prediction) == as_bones(POSE - center, BONES)
    assert drawn_bones(drawn.target) == as_bones(target - center, BONES)


def test_units_are_equally_long(ax):
    plot_pose_3d(ax, BONES, POSE * [1, 5, 0.3])
    assert aspect_error(ax) < 1e-9
    plot_pose_3d(ax, BONES, POSE * 20)
    assert aspect_error(ax) < 1e-9
    # What was drawn before stays in view.
    assert ax.get_xlim()[0] <= 0
    assert ax.get_xlim()[1] >= 40


def test_limits_that_were_set_stay(ax):
    ax.set_xlim(-4, 2)
    plot_pose_3d(ax, BONES, POSE)
    assert ax.get_xlim() == (-4, 2)
    assert ax.get_ylim()[1] >= 3
    assert aspect_error(ax) < 1e-9


def test_limits_do_not_hold_hidden_joints(ax):
    pose = POSE.copy()
    pose[4] = 1000
    plot_pose_3d(ax, BONES, pose, good_keypts=[True] * 4 + [False])
    assert ax.get_xlim()[1] < 3


@pytest.mark.parametrize(
    ("poses", "names"),
    [
        ({"pred": POSE, "tar": POSE}, ["LiftPose prediction", "Ground truth"]),
        ({"pred": POSE}, ["LiftPose prediction"]),
        ({"tar": POSE}, ["Ground truth"]),
    ],
)
def test_legend_names_what_is_drawn(ax, poses, names):
    drawn = plot_pose_3d(ax=ax, bones=BONES, legend=True, **poses)
    assert ax.get_legend() is drawn.legend
    assert [text.get_text() for text in drawn.legend.get_texts()] == names
    styles = [line.get_linestyle() for line in drawn.legend.get_lines()]
    assert styles == ["--", "-"][-len(names) :]


@pytest.mark.parametrize("axes", [True, False])
def test_numbers_on_the_axes(ax, axes):
    plot_pose_3d(ax, BONES, POSE, axes=axes)
    ax.figure.draw_without_rendering()
    labels = [
        label.get_text()
        for axis in (ax.xaxis, ax.yaxis, ax.zaxis)
        for label in axis.get_ticklabels()
    ]
    assert any(labels) == axes


def test_short_axis_has_fewer_numbers(ax):
    plot_pose_3d(ax, BONES, POSE * [10, 10, 1], axes=True)
    ax.figure.draw_without_rendering()
    assert len(ax.get_zticks()) < len(ax.get_yticks())


def test_inputs_are_not_changed(ax, flat):
    pose, target = POSE.copy(), POSE + 1
    good, bones, limbs, colors = np.ones((5, 3)), np.array(BONES), np.array(LIMB_ID), [*COLORS]
    given = [pose, target, good, bones, limbs]
    before = [array.copy() for array in given]
    plot_pose_3d(ax, bones, pose, target, limbs, colors, good, normalize=True)
    plot_pose_2d(flat, pose[:, :2], bones, limb_id=limbs, colors=colors, good_keypts=good[:, 0])
    for array, copy in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert colors == COLORS


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"pred": None}, ValueError, "pred, tar or both"),
        ({"pred": POSE[None]}, ValueError, r"pred needs shape \(J, 3\), got \(1, 5, 3\)"),
        ({"tar": POSE[:4]}, ValueError, "pred has 5 joints and tar has 4"),
        ({"bones": [[0, 5]]}, ValueError, "bones names joint 5.*5 joints, 0 to 4"),
        ({"bones": [[-1, 0]]}, ValueError, "bones names joint -1"),
        ({"bones": [[0, 1, 2]]}, ValueError, r"shape \(B, 2\), got shape \(1, 3\)"),
        ({"bones": [[0, 1], [2]]}, ValueError, "bones is ragged"),
        ({"bones": [[0.5, 1]]}, TypeError, "bones needs integers"),
        ({"limb_id": [0, 0]}, ValueError, r"5 joints, limb_id has shape \(2,\)"),
        ({"limb_id": [0, 0, -1, 0, 0]}, ValueError, "limb_id of joint 2 is -1"),
        ({"limb_id": LIMB_ID, "colors": COLORS[:1]}, ValueError, "names limb 1, but colors has 1"),
        ({"limb_id": LIMB_ID, "colors": [[0, 0, 300]] * 2}, ValueError, "0 to 255"),
        ({"limb_id": LIMB_ID, "colors": [[0, 0]] * 2}, ValueError, "one triple"),
        ({"colors": COLORS}, ValueError, "limb_id, the limb of each joint, is missing"),
        ({"good_keypts": np.ones((5, 2))}, ValueError, r"\(5, 3\) or \(5,\), got \(5, 2\)"),
    ],
)
def test_what_does_not_fit_is_named(ax, change, error, message):
    with pytest.raises(error, match=message):
        plot_pose_3d(**{"ax": ax, "bones": BONES, "pred": POSE, **change})
    assert len(ax.lines) == 0


def test_flat_axes_are_refused(flat):
    with pytest.raises(TypeError, match="projection='3d'"):
        plot_pose_3d(flat, BONES, POSE)


def test_2d_pose_looks_as_in_the_image(flat):
    pose = np.array([[100.0, 20.0], [150.0, 80.0], [120.0, 200.0]])
    drawn = plot_pose_2d(
        flat, pose, [[0, 1], [1, 2]], normalize=False, limb_id=[0, 1, 1], colors=COLORS
    )
    assert drawn_bones(drawn) == as_bones(pose, [[0, 1], [1, 2]])
    assert [to_rgb(line.get_color()) for line in drawn.lines] == [
        tuple(np.array(color) / 255) for color in COLORS
    ]
    flat.figure.draw_without_rendering()
    on_screen = flat.transData.transform(pose)
    assert on_screen[0, 1] > on_screen[1, 1] > on_screen[2, 1]  # y grows downwards
    steps_on_screen = np.abs(np.diff(on_screen, axis=0)) / np.abs(np.diff(pose, axis=0))
    np.testing.assert_allclose(steps_on_screen, steps_on_screen[0, 0])
    assert flat.bbox.containsx(on_screen[1, 0])


def test_2d_pose_is_centred_and_stays_upright_when_drawn_twice(flat):
    pose = POSE[:, :2] * 100
    for _ in range(2):
        drawn = plot_pose_2d(flat, pose, BONES, good_keypts=np.array([True, True, True, False, 1]))
    assert drawn_bones(drawn) == as_bones(pose - np.median(pose, axis=0), BONES[:2])
    assert flat.yaxis_inverted()


def test_2d_pose_keeps_an_image_beneath_upright(flat):
    flat.imshow(np.zeros((48, 64)))
    plot_pose_2d(flat, [[10, 10], [20, 30]], [[0, 1]], normalize=False)
    assert flat.get_ylim() == (47.5, -0.5)
    assert flat.get_xlim() == (-0.5, 63.5)


def test_2d_pose_of_another_dimension(flat):
    with pytest.raises(ValueError, match=r"tar needs shape \(J, 2\), got \(5, 3\)"):
        plot_pose_2d(flat, POSE, BONES)


BODY = Skeleton(
    ["left_hip", "left_knee", "left_foot", "right_hip", "right_foot"],
    bones=BONES,
    limbs=LIMB_ID,
    colors=COLORS,
)


def points_of(line):
    return [tuple(point) for point in np.array(getattr(line, "get_data_3d", line.get_data)()).T]


@pytest.mark.parametrize("deep", [True, False])
def test_left_joints_are_hollow_where_a_skeleton_says_which_they_are(ax, flat, deep):
    pose = POSE.copy()
    pose[1] = np.nan
    if deep:
        drawn = plot_pose_3d(ax, pred=pose, skeleton=BODY).prediction
    else:
        pose = pose[:, :2]
        drawn = plot_pose_2d(flat, pose, normalize=False, skeleton=BODY)
    # Pairs are found by name: hips and feet; the knee has no twin.
    (ring,) = drawn.rings
    assert points_of(ring) == [tuple(pose[0]), tuple(pose[2])]
    assert to_rgb(ring.get_markerfacecolor()) == (1, 1, 1)
    np.testing.assert_allclose(to_rgb(ring.get_markeredgecolor()), np.array(COLORS[0]) / 255)
    assert ring.get_linestyle() == "None"
    assert ring.get_zorder() > max(line.get_zorder() for line in drawn.lines)
    assert drawn_bones(drawn) == as_bones(pose, BONES[2:])
    drawn.remove()
    assert not (ax if deep else flat).lines


def test_hollow_joints_are_of_the_colour_beneath(flat):
    flat.set_facecolor("#14171a")
    (ring,) = plot_pose_2d(flat, POSE[:, :2], skeleton=BODY).rings
    assert to_rgb(ring.get_markerfacecolor()) == to_rgb("#14171a")
    flat.set_facecolor("none")
    flat.figure.set_facecolor("#f5f6f7")
    (ring,) = plot_pose_2d(flat, POSE[:, :2], skeleton=BODY).rings
    assert to_rgb(ring.get_markerfacecolor()) == to_rgb("#f5f6f7")


def test_a_prediction_over_its_target_is_filled_on_the_right(ax):
    drawn = plot_pose_3d(ax, pred=POSE, tar=POSE, skeleton=BODY)
    for line in drawn.prediction.lines:
        assert to_rgb(line.get_markerfacecolor()) == to_rgb(line.get_color())
    assert len(drawn.prediction.rings) == len(drawn.target.rings) == 1


def test_the_arguments_of_0_22_know_no_sides(ax):
    drawn = plot_pose_3d(ax, BONES, POSE, POSE, LIMB_ID, COLORS)
    assert drawn.prediction.rings == drawn.target.rings == []


def test_a_skeleton_or_its_parts_but_not_both(ax, flat):
    with pytest.raises(TypeError, match="bones, colors came beside a skeleton"):
        plot_pose_3d(ax, BONES, POSE, colors=COLORS, skeleton=BODY)
    with pytest.raises(TypeError, match="limb_id came beside a skeleton"):
        plot_pose_2d(flat, POSE[:, :2], limb_id=LIMB_ID, skeleton=BODY)
    with pytest.raises(ValueError, match="skeleton has 5 joints, but the pose has 4"):
        plot_pose_3d(ax, pred=POSE[:4], skeleton=BODY)


def test_without_bones_joints_are_drawn_alone(ax, flat):
    assert len(lone_joints(plot_pose_3d(ax, pred=POSE).prediction)) == 5
    assert len(lone_joints(plot_pose_2d(flat, POSE[:, :2]))) == 5


def test_walls_are_taken_away_unless_somebody_has_coloured_them(ax):
    ax.yaxis.set_pane_color((1, 0, 0, 1))
    plot_pose_3d(ax, BONES, POSE)
    walls = [axis.pane.get_facecolor()[3] for axis in (ax.xaxis, ax.yaxis, ax.zaxis)]
    assert walls == [0, 1, 0]
