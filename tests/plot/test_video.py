import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread
from mpl_toolkits.mplot3d import proj3d

from liftpose.plot import plot_pose_3d, plot_video_3d, video
from liftpose.skeleton import Skeleton

BONES = [[0, 1], [1, 2], [3, 4]]
RED, BLUE = [230, 0, 0], [0, 0, 230]
PAR = {
    "data": {"roots": [0], "target_sets": [[1, 2, 3, 4]]},
    "vis": {"bones": BONES, "limb_id": [0, 0, 0, 1, 1], "colors": [RED, BLUE]},
}


@pytest.fixture
def poses():
    """Five joints that wander over twelve frames."""
    rng = np.random.default_rng(3)
    start = rng.uniform(0, 4, size=(1, 5, 3))
    return start + np.cumsum(rng.normal(scale=0.3, size=(12, 5, 3)), axis=0)


@pytest.fixture
def scene():
    fig = Figure(figsize=(2, 2), dpi=100)
    return fig, fig.add_subplot(projection="3d")


def decode(film):
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        facts = (stream.codec_context.name, stream.codec_context.pix_fmt, stream.average_rate)
        pictures = [
            frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)
        ]
    return facts, np.array(pictures)


def share_of(picture, color):
    """Share of the pixels that are close to a colour."""
    return (np.abs(picture - color).max(axis=-1) < 60).mean()


def test_film_has_the_frames_rate_size_and_codec_asked_for(scene, poses, tmp_path):
    film = plot_video_3d(*scene, n=10, par=PAR, pred=poses, fps=20, name=tmp_path / "walk.mp4")
    assert film == tmp_path / "walk.mp4"
    facts, pictures = decode(film)
    assert facts == ("h264", "yuv420p", 20)
    assert pictures.shape == (10, 200, 200, 3)
    assert os.listdir(tmp_path) == ["walk.mp4"]
    changes = np.abs(np.diff(pictures, axis=0)).max(axis=(1, 2, 3))
    assert (changes > 100).all()


def test_colours_survive(scene, poses, tmp_path):
    film = plot_video_3d(*scene, n=1, par=PAR, pred=poses, name=tmp_path / "a.mp4", dpi=200)
    picture = decode(film)[1][0]
    assert share_of(picture, RED) > 0.001
    assert share_of(picture, BLUE) > 0.0005
    assert share_of(picture, [0, 230, 0]) == 0
    assert np.median(picture) > 250  # the paper is white


def test_colours_are_coded_as_the_film_says(scene, poses, tmp_path):
    """ITU-R BT.709, section 3: luma and colour differences in 8 bits."""
    fig, ax = scene
    rgb = np.array([200, 40, 90]) / 255
    fig.set_facecolor(rgb)
    film = plot_video_3d(fig, ax, 1, PAR, poses, name=tmp_path / "a.mp4")
    with av.open(str(film)) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
        assert context.color_range == 1
        planes = next(container.decode(video=0)).to_ndarray(format="yuv420p")
    luma = rgb @ [0.2126, 0.7152, 0.0722]
    expected = [
        16 + 219 * luma,
        128 + 224 * (rgb[2] - luma) / 1.8556,
        128 + 224 * (rgb[0] - luma) / 1.5748,
    ]
    # In the corner of the picture there is nothing but the paper.
    corner = [planes[0, 0], planes[200, 0], planes[250, 0]]
    np.testing.assert_allclose(corner, expected, atol=2)


def test_picture_is_that_of_the_still(scene, poses, tmp_path):
    """The film draws what stands still once only; a frame must look as if drawn whole."""
    fig, ax = scene
    for set_limits in (ax.set_xlim, ax.set_ylim, ax.set_zlim):
        set_limits(-1, 5)
    film = plot_video_3d(fig, ax, 12, PAR, poses, poses + 0.5, name=tmp_path / "a.mp4")
    plot_pose_3d(ax, BONES, poses[7], poses[7] + 0.5, **LIMBS, legend=True)
    ax.computed_zorder = False
    fig.savefig(tmp_path / "still.png")
    still = imread(tmp_path / "still.png")[..., :3] * 255
    difference = np.abs(decode(film)[1][7] - still)
    assert difference.mean() < 1.5
    # A neighbouring frame is another picture.
    assert np.abs(decode(film)[1][6] - still).mean() > 1.5 * difference.mean()


LIMBS = {key: PAR["vis"][key] for key in ("limb_id", "colors")}


@pytest.mark.parametrize(("inches", "size"), [((2.01, 1.53), (200, 152)), ((1, 1.2), (100, 120))])
def test_size_is_even(poses, tmp_path, inches, size):
    fig = Figure(figsize=inches, dpi=100)
    ax = fig.add_subplot(projection="3d")
    film = plot_video_3d(fig, ax, 2, PAR, poses, name=tmp_path / "odd.mp4")
    assert decode(film)[1].shape == (2, size[1], size[0], 3)


def test_dpi_is_that_of_the_film_only(scene, poses, tmp_path):
    fig, ax = scene
    canvas = fig.canvas
    film = plot_video_3d(fig, ax, 1, PAR, poses, name=tmp_path / "a.mp4", dpi=150)
    assert decode(film)[1].shape[1:3] == (300, 300)
    assert fig.dpi == 100
    assert fig.canvas is canvas


@pytest.mark.parametrize(("fps", "rate"), [(29.97, Fraction(2997, 100)), (0.5, Fraction(1, 2))])
def test_rate_need_not_be_whole(scene, poses, tmp_path, fps, rate):
    film = plot_video_3d(*scene, 4, PAR, poses, fps=fps, name=tmp_path / "a.mp4")
    facts, pictures = decode(film)
    assert facts[2] == rate
    assert len(pictures) == 4
    with av.open(str(film)) as container:
        times = [frame.pts * frame.time_base for frame in container.decode(video=0)]
    np.testing.assert_allclose(np.array(times, float), np.arange(4) / float(rate), rtol=1e-6)


def test_limits_of_the_caller_stay(scene, poses, tmp_path):
    fig, ax = scene
    ax.set_xlim([-4, 2])
    ax.set_ylim([-3, 2])
    ax.set_zlim([0, 2])
    plot_video_3d(fig, ax, 2, PAR, poses * 10, name=tmp_path / "a.mp4")
    assert (ax.get_xlim(), ax.get_ylim(), ax.get_zlim()) == ((-4, 2), (-3, 2), (0, 2))
    np.testing.assert_allclose(ax._box_aspect / ax._box_aspect[2], [3, 2.5, 1])


def test_limits_left_open_hold_every_frame(scene, poses, tmp_path, monkeypatch):
    monkeypatch.setattr(video, "_BLOCK", 5)
    fig, ax = scene
    poses[3, 2] = np.nan
    ax.set_zlim(-7, 9)
    plot_video_3d(fig, ax, 11, PAR, poses, poses - 1, name=tmp_path / "a.mp4")
    everything = np.concatenate([poses[:11], poses[:11] - 1]).reshape(-1, 3)
    low, high = np.nanmin(everything, axis=0), np.nanmax(everything, axis=0)
    for axis, limits in enumerate((ax.get_xlim(), ax.get_ylim())):
        span = high[axis] - low[axis]
        assert low[axis] - 0.2 * span <= limits[0] <= low[axis]
        assert high[axis] <= limits[1] <= high[axis] + 0.2 * span
    assert ax.get_zlim() == (-7, 9)
    # Another film in the same axes finds its own limits.
    plot_video_3d(fig, ax, 2, PAR, poses * 0.01, name=tmp_path / "b.mp4")
    assert ax.get_xlim()[1] < 0.1


def test_axes_are_left_without_the_poses(scene, poses, tmp_path):
    fig, ax = scene
    ax.plot([0, 1], [0, 1], [0, 1], label="ground")
    legend = ax.legend()
    plot_video_3d(fig, ax, 2, PAR, poses, poses, trailing=2, name=tmp_path / "a.mp4")
    assert len(ax.lines) == 1
    assert len(ax.collections) == 0
    assert ax.get_legend() is legend


def shown_at(ax, points, height):
    """Pixels (..., 2) at which Matplotlib shows points, `y` down from the middle of the first."""
    x, y, _ = proj3d.proj_transform(*np.reshape(points, (-1, 3)).T, ax.get_proj())
    placed = ax.transData.transform(np.column_stack([x, y]))
    placed = np.column_stack([placed[:, 0] - 0.5, height - 0.5 - placed[:, 1]])
    return placed.reshape(*np.shape(points)[:-1], 2)


def around(picture, place, reach=1):
    """Mean colour of the pixels around a place."""
    x, y = np.round(place).astype(int)
    return picture[y - reach : y + reach + 1, x - reach : x + reach + 1].mean(axis=(0, 1))


@pytest.mark.parametrize("turn", [(30, -60), (80, 10)])
def test_joints_and_bones_are_where_perspective_says(poses, tmp_path, turn):
    fig = Figure(figsize=(4, 3), dpi=100)
    ax = fig.add_subplot(projection="3d")
    ax.view_init(*turn)
    film = plot_video_3d(fig, ax, 12, PAR, poses, name=tmp_path / "a.mp4")
    pictures = decode(film)[1]
    FigureCanvasAgg(fig).draw()
    places = shown_at(ax, poses, 300)
    for frame in (0, 5, 11):
        for joint, color in enumerate([RED] * 3 + [BLUE] * 2):
            assert np.abs(around(pictures[frame], places[frame, joint]) - color).max() < 70
        for first, second in BONES:
            middle = places[frame, [first, second]].mean(axis=0)
            assert np.ptp(around(pictures[frame], middle, 0)) > 60
        # And nowhere else.
        ends = places[frame][np.array(BONES)]
        along = np.linspace(0, 1, 60)[:, None, None]
        ink = (ends[:, 0] * (1 - along) + ends[:, 1] * along).reshape(-1, 2)
        y, x = np.nonzero(np.ptp(pictures[frame], axis=-1) > 60)
        far = np.hypot(x - ink[:, :1], y - ink[:, 1:]).min(axis=0)
        assert len(far) > 100
        assert far.max() < 6


def test_joints_of_the_left_side_are_hollow_where_the_skeleton_is_known(tmp_path):
    fig = Figure(figsize=(3, 3), dpi=200)
    ax = fig.add_subplot(projection="3d")
    ax.set_axis_off()
    skeleton = Skeleton(["paw_l", "paw_r"], bones=[(0, 1)], limbs=[0, 1], colors=[RED, BLUE])
    poses = np.array([[[0.0, 0, 0], [1, 1, 1]]])
    pictures = [
        decode(plot_video_3d(fig, ax, 1, par, poses, name=tmp_path / "a.mp4", skeleton=known))[1][0]
        for par, known in ((None, skeleton), ({"vis": {"bones": [[0, 1]]}}, None))
    ]
    FigureCanvasAgg(fig).draw()
    left, right = shown_at(ax, poses[0], 600)
    assert around(pictures[0], left, 0).min() > 200
    assert np.abs(around(pictures[0], right, 0) - BLUE).max() < 60
    assert around(pictures[1], left, 0).min() < 100
    with pytest.raises(TypeError, match="par came beside a skeleton"):
        plot_video_3d(fig, ax, 1, PAR, poses, skeleton=skeleton, name=tmp_path / "a.mp4")
    with pytest.raises(ValueError, match="skeleton has 2 joints, but the pose has 5"):
        plot_video_3d(fig, ax, 1, None, POSES, skeleton=skeleton, name=tmp_path / "a.mp4")


def test_tails_follow_the_chosen_joint_and_fade(tmp_path):
    """One joint moves along a line; the tail is strongest behind it, and ends where it ends."""
    fig = Figure(figsize=(4, 4), dpi=100)
    ax = fig.add_subplot(projection="3d")
    ax.view_init(90, -90)
    ax.set_axis_off()
    poses = np.zeros((12, 3, 3))
    poses[:, 0] = [0, -2, 0]
    poses[:, 1, 0] = np.arange(12)
    poses[:, 2] = np.arange(12)[:, None] * [1, 0, 0] + [0, 3, 0]
    par = {"vis": {"bones": [], "limb_id": [0, 0, 1], "colors": [RED, BLUE]}}
    film = plot_video_3d(
        fig, ax, 12, par, poses, trailing=4, trailing_keypts=[1], name=tmp_path / "a.mp4"
    )
    pictures = decode(film)[1]
    FigureCanvasAgg(fig).draw()
    steps = shown_at(ax, (poses[:-1, 1] + poses[1:, 1]) / 2, 400)
    ink = np.array(
        [[255 - around(picture, step, 0)[1:].mean() for step in steps] for picture in pictures]
    )
    for frame in range(1, 12):
        first = max(0, frame - 4)
        fades = ink[frame, first:frame]
        assert (np.diff(fades) > 10).all()
        assert (ink[frame, :first] < 12).all()
        assert (ink[frame, frame:] < 12).all()
        # The newest piece is as strong while the tail is still growing.
        assert abs(fades[-1] - 0.6 * 255) < 20
    others = shown_at(ax, (poses[:-1, 2] + poses[1:, 2]) / 2, 400)
    assert min(around(pictures[11], place, 0).min() for place in others) > 240


def test_tails_end_where_the_joint_was_not_seen(tmp_path):
    fig = Figure(figsize=(4, 4), dpi=100)
    ax = fig.add_subplot(projection="3d")
    ax.view_init(90, -90)
    ax.set_axis_off()
    poses = np.zeros((12, 1, 3))
    poses[:, 0, 0] = np.arange(12)
    poses[8] = np.nan
    par = {"vis": {"bones": [], "limb_id": [0], "colors": [RED]}}
    film = plot_video_3d(fig, ax, 12, par, poses, trailing=9, name=tmp_path / "a.mp4")
    pictures = decode(film)[1]
    FigureCanvasAgg(fig).draw()
    middles = np.column_stack([np.arange(11) + 0.5, np.zeros((11, 2))])
    ink = [255 - around(pictures[11], place, 0)[1:].mean() for place in shown_at(ax, middles, 400)]
    assert max(ink[7:9]) < 12  # before and after frame 8
    assert min(ink[5:7]) > 40
    assert min(ink[9:]) > 100
    joint = shown_at(ax, [[8.0, 0, 0]], 400)[0]
    assert around(pictures[8], joint, 2).min() > 200


def test_tails_go_on_over_blocks_of_frames(scene, poses, tmp_path, monkeypatch):
    whole = plot_video_3d(*scene, 12, PAR, poses, poses, trailing=3, name=tmp_path / "a.mp4")
    monkeypatch.setattr(video, "_AT_ONCE", 2)
    parts = plot_video_3d(*scene, 12, PAR, poses, poses, trailing=3, name=tmp_path / "b.mp4")
    np.testing.assert_array_equal(decode(whole)[1], decode(parts)[1])


def test_poses_with_nothing_seen_and_one_frame(scene, poses, tmp_path):
    poses[0] = np.nan
    pictures = decode(plot_video_3d(*scene, 3, PAR, poses, trailing=2, name=tmp_path / "a.mp4"))[1]
    assert share_of(pictures[0], RED) == share_of(pictures[0], BLUE) == 0
    assert share_of(pictures[1], RED) > 0
    single = decode(plot_video_3d(*scene, 1, PAR, poses[1:], trailing=2, name=tmp_path / "b.mp4"))
    assert len(single[1]) == 1
    # The rest of an animal of which a joint is not known is there, without that joint's bones.
    poses[2, 3] = np.nan
    one = decode(plot_video_3d(*scene, 1, PAR, poses[2:], name=tmp_path / "c.mp4", dpi=200))[1][0]
    assert 0 < share_of(one, BLUE) < 0.002
    assert share_of(one, RED) > 0.001


def test_thousand_joints(tmp_path):
    fig = Figure(figsize=(3, 3), dpi=100)
    ax = fig.add_subplot(projection="3d")
    rng = np.random.default_rng(0)
    poses = rng.normal(size=(4, 1000, 3))
    bones = np.column_stack([np.arange(999), np.arange(1, 1000)])
    limbs = np.arange(1000) // 10
    par = {"vis": {"bones": bones, "limb_id": limbs}}
    pictures = decode(plot_video_3d(fig, ax, 4, par, poses, trailing=2, name=tmp_path / "a.mp4"))[1]
    assert pictures.shape == (4, 300, 300, 3)
    assert (np.ptp(pictures[3], axis=-1) > 60).mean() > 0.05


def test_poses_stay_within_their_axes(poses, tmp_path):
    """Limits that the caller set cut off what lies far outside, as in the still."""
    fig = Figure(figsize=(4, 2), dpi=100)
    ax = fig.add_subplot(1, 2, 1, projection="3d")
    ax.set(xlim=(1.5, 2.5), ylim=(1.5, 2.5), zlim=(1.5, 2.5))
    pictures = decode(plot_video_3d(fig, ax, 3, PAR, poses, trailing=2, name=tmp_path / "a.mp4"))[1]
    right = int(np.ceil(ax.bbox.x1))
    inked = np.ptp(pictures, axis=-1) > 60
    assert inked[..., :right].any()
    assert not inked[..., right + 1 :].any()


def test_tails_are_in_the_picture(scene, poses, tmp_path):
    poses[:] = poses[0]
    poses[:, 4, 2] += np.linspace(0, 3, 12)
    plain = plot_video_3d(*scene, 12, PAR, poses, name=tmp_path / "a.mp4")
    tailed = plot_video_3d(
        *scene, 12, PAR, poses, trailing=8, trailing_keypts=[4], name=tmp_path / "b.mp4"
    )
    change = np.abs(decode(plain)[1] - decode(tailed)[1]).max(axis=(1, 2, 3))
    assert change[0] < 40
    assert change[-1] > 60


def test_good_keypts_hide_targets_and_never_predictions(scene, poses, tmp_path):
    good = np.ones((12, 5), dtype=bool)
    good[1:, 3:] = False  # all of the blue limb
    names = [tmp_path / f"{name}.mp4" for name in ("target", "both")]
    target = plot_video_3d(*scene, 2, PAR, None, poses, good, name=names[0], dpi=200)
    both = plot_video_3d(*scene, 2, PAR, poses, poses, good, name=names[1], dpi=200)
    first, second = decode(target)[1]
    assert share_of(first, BLUE) > 0.0005
    assert share_of(second, BLUE) == 0
    assert share_of(second, RED) > 0.001
    assert share_of(decode(both)[1][1], BLUE) > 0.0001


def test_colours_and_limbs_may_be_left_out(scene, poses, tmp_path):
    par = {"vis": {"bones": BONES, "limb_id": [0, 0, 0, 1, 1]}}
    assert plot_video_3d(*scene, 1, par, poses, name=tmp_path / "a.mp4").exists()
    assert plot_video_3d(
        *scene, 1, {"vis": {"bones": BONES}}, poses, name=str(tmp_path / "b.mp4")
    ).exists()


@pytest.mark.parametrize("given", [{}, {"name": None}])
def test_default_name(scene, poses, tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    film = plot_video_3d(*scene, 1, PAR, poses, **given)
    assert film == Path("LP3D_prediction.mp4")
    assert os.listdir(tmp_path) == ["LP3D_prediction.mp4"]


def test_film_of_that_name_is_replaced(scene, poses, tmp_path):
    film = tmp_path / "a.mp4"
    film.write_bytes(b"old")
    plot_video_3d(*scene, 3, PAR, poses, name=film)
    assert len(decode(film)[1]) == 3


def test_failure_leaves_the_old_film_the_folder_and_the_axes(scene, poses, tmp_path, monkeypatch):
    fig, ax = scene
    film = tmp_path / "a.mp4"
    film.write_bytes(b"old")
    original = video._Scene.picture

    def picture(self, frame):
        if frame == 5:
            raise RuntimeError("the lights went out")
        return original(self, frame)

    monkeypatch.setattr(video._Scene, "picture", picture)
    with pytest.raises(RuntimeError, match="lights"):
        plot_video_3d(fig, ax, 12, PAR, poses, name=film, dpi=150)
    assert film.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.mp4"]
    assert len(ax.lines) == len(ax.collections) == 0
    assert fig.dpi == 100


def test_inputs_are_not_changed(scene, poses, tmp_path):
    target, good = poses + 1, np.ones((12, 5, 3))
    before = [poses.copy(), target.copy(), good.copy()]
    joints = np.array([1, 2])
    plot_video_3d(*scene, 3, PAR, poses, target, good, 2, joints, name=tmp_path / "a.mp4")
    for array, copy in zip((poses, target, good), before, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert joints.tolist() == [1, 2]
    assert PAR["vis"]["colors"] == [RED, BLUE]


POSES = np.zeros((12, 5, 3))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"n": 13}, ValueError, "n is 13, but pred has 12 frames"),
        ({"n": 0}, ValueError, "n is 0"),
        ({"n": 2.5}, TypeError, "integer"),
        ({"pred": None}, ValueError, "pred, tar or both"),
        ({"pred": POSES[0]}, ValueError, r"pred needs shape \(N, J, 3\), .*got \(5, 3\)"),
        ({"pred": POSES[:, :0]}, ValueError, r"a joint or more, got \(12, 0, 3\)"),
        ({"tar": POSES[:3]}, ValueError, "n is 4, but tar has 3 frames"),
        ({"tar": POSES[:, :4]}, ValueError, "pred has 5 joints and tar has 4"),
        ({"good_keypts": np.ones((3, 5))}, ValueError, r"N of 4 or more, got \(3, 5\)"),
        ({"good_keypts": np.ones((12, 4))}, ValueError, r"\(N, 5\).* got \(12, 4\)"),
        ({"trailing_keypts": [5], "trailing": 2}, ValueError, "trailing_keypts names joint 5"),
        ({"trailing_keypts": [-1], "trailing": 2}, ValueError, "trailing_keypts names joint -1"),
        ({"trailing_keypts": ["claw"], "trailing": 2}, TypeError, "joint indices"),
        ({"trailing": -1}, ValueError, "trailing needs a number of frames"),
        ({"fps": 0}, ValueError, "fps needs a number above 0"),
        ({"fps": np.nan}, ValueError, "fps needs a number above 0"),
        ({"par": None}, ValueError, r"par\['vis'\]\['bones'\]"),
        ({"par": {"vis": {}}}, ValueError, r"par\['vis'\]\['bones'\]"),
        ({"par": {"vis": {"bones": [[0, 9]]}}}, ValueError, "bones names joint 9"),
        ({"name": "film.avi"}, ValueError, r"end in \.mp4"),
        ({"name": "nowhere/film.mp4"}, FileNotFoundError, "cannot write film.mp4 here.*nowhere"),
    ],
)
def test_what_does_not_fit_is_named(scene, tmp_path, monkeypatch, change, error, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        plot_video_3d(*scene, **{"n": 4, "par": PAR, "pred": POSES, **change})
    assert os.listdir(tmp_path) == []
    assert len(scene[1].lines) == 0


def test_folder_is_no_film(scene, tmp_path):
    (tmp_path / "a.mp4").mkdir()
    with pytest.raises(IsADirectoryError, match="is a folder"):
        plot_video_3d(*scene, 4, PAR, POSES, name=tmp_path / "a.mp4")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere"
)
def test_folder_that_cannot_be_written_to(scene, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match="cannot write .*"):
        plot_video_3d(*scene, 4, PAR, POSES, name=tmp_path / "a.mp4")


def test_axes_of_another_figure(scene, tmp_path):
    with pytest.raises(ValueError, match="one of the axes of fig"):
        plot_video_3d(Figure(), scene[1], 4, PAR, POSES, name=tmp_path / "a.mp4")


def test_axes_in_a_subfigure(poses, tmp_path):
    fig = Figure(figsize=(3, 2), dpi=100)
    ax = fig.subfigures(1, 2)[1].add_subplot(projection="3d")
    film = plot_video_3d(fig, ax, 3, PAR, poses, name=tmp_path / "a.mp4")
    pictures = decode(film)[1]
    assert share_of(pictures[0][:, 150:], RED) > 0
    assert share_of(pictures[0][:, :150], RED) == 0
