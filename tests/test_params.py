"""Params files: what they hold reaches `train`, and what is wrong is named with its line."""

import inspect
import re
import tomllib
from dataclasses import fields

import numpy as np
import pytest
import torch

import liftpose
from liftpose import Lifter, Options
from liftpose.datasets import hexapod, quadruped
from liftpose.geometry.camera import Camera
from liftpose.io import read_poses, registry, write_calibration, write_poses
from liftpose.io.hints import Hints
from liftpose.lifter.augmentation import elsewhere, physical
from liftpose.main import train
from liftpose.params import option_meanings, read_params, write_params
from liftpose.params.keys import DATA
from liftpose.params.source import Source
from liftpose.poses import Poses
from liftpose.postprocess import find_floor
from liftpose.skeleton import Skeleton

JOINTS = ("hip", "knee", "ankle", "toe")


def walk(frames=40, seed=0, joints=JOINTS, **about):
    """A 2D and a 3D table of the same frames."""
    deep = np.random.default_rng(seed).normal(size=(frames, len(joints), 3))
    flat = Poses.from_experiments(deep[..., :2] * 10, joints=joints, unit="px")
    return flat, Poses.from_experiments(deep, joints=joints, **about)


@pytest.fixture
def folder(tmp_path):
    """Four recordings, and a skeleton of them."""
    for number in range(1, 5):
        flat, deep = walk(seed=number, unit="mm", frame="camera")
        write_poses(flat, tmp_path / f"walk{number}_2d.nc")
        write_poses(deep, tmp_path / f"walk{number}_3d.nc")
    Skeleton(JOINTS, roots=["hip"], target_sets=["knee", "ankle", "toe"]).write(
        tmp_path / "leg.toml"
    )
    np.save(tmp_path / "short.npy", np.ones((3, 4, 3), dtype=bool))
    return tmp_path


SKELETON = 'joints = ["hip", "knee", "ankle", "toe"]\nroots = ["hip"]\n' + (
    'target_sets = [["knee", "ankle", "toe"]]\n'
)
DATA_TABLE = '[data]\ntrain_2d = "walk1_2d.nc"\ntrain_3d = "walk1_3d.nc"\n'
WHOLE = DATA_TABLE + "[skeleton]\n" + SKELETON


def params(folder, text, name="params.toml"):
    path = folder / name
    path.write_text(text)
    return path


def arguments(folder, text):
    return read_params(params(folder, text)).arguments()


def refused(folder, text, error=ValueError):
    with pytest.raises(error) as caught:
        arguments(folder, text)
    return str(caught.value)


def test_what_is_written_is_read_again_and_trains(folder):
    path = write_params(folder / "new.toml", folder / "walk1_2d.nc", folder / "walk1_3d.nc")
    found = read_params(path).arguments(folder / "run")
    assert found["train_2d"].joints == JOINTS
    assert found["train_3d"].unit == "mm"
    assert set(found["skeleton"].joints) == set(JOINTS)
    train(**found | {"training_kwargs": {"network": "ridge"}})
    assert (folder / "run" / "ckpt_best.pth.tar").is_file()


def test_a_new_file_leaves_every_option_at_its_default(folder):
    path = write_params(folder / "new.toml", folder / "walk1_2d.nc", folder / "walk1_3d.nc")
    assert Options.from_kwargs(read_params(path).options) == Options()


def test_a_new_file_has_every_option_with_its_meaning_and_every_key_a_comment(folder):
    path = write_params(folder / "new.toml", folder / "walk1_2d.nc", folder / "walk1_3d.nc")
    text = path.read_text()
    meanings = option_meanings()
    assert set(meanings) == {entry.name for entry in fields(Options)}
    for key, meaning in (meanings | DATA).items():
        lines = [n for n in text.splitlines() if n.lstrip("# ").startswith((f"{key} =", f"{key}:"))]
        assert len(lines) >= 1, key
        assert meaning in " ".join(lines), key
    before = ""
    for line in text.splitlines():
        assert not line.strip() or "# " in line or before.startswith("# "), line
        before = line


def test_every_line_of_a_new_file_can_be_switched_on(folder):
    path = write_params(folder / "new.toml", folder / "walk1_2d.nc", folder / "walk1_3d.nc")
    begin = ("# ", "#\n")
    switched = [
        line[1:] if line.startswith("#") and not line.startswith(begin) else line
        for line in path.read_text().splitlines()
    ]
    tables = tomllib.loads("\n".join(switched))
    assert set(tables["data"]) == set(DATA)
    assert set(tables["training"]) == {entry.name for entry in fields(Options)}
    names = ["physical", "elsewhere", "random_project", "add_noise"]
    assert [table["name"] for table in tables["augmentation"]] == names
    path.write_text("\n".join(line for line in switched if not line.startswith("network =")))
    found = read_params(path)
    assert found.options["linear_size"] == Options.linear_size
    assert isinstance(found.camera, Camera)
    assert len(found.augmentation) == 4


def with_physical(path, strength):
    """Take the # away before the table of physical augmentation; give the line of its strength."""
    text = path.read_text()
    begin = text.rindex("#[[augmentation]]", 0, text.index('#name = "physical"'))
    end = text.index("\n\n", begin)
    table = text[begin:end].removeprefix("#").replace("\n#", "\n").replace('"auto"', strength, 1)
    path.write_text(text[:begin] + table + text[end:])
    return path.read_text().split("\nstrength =")[0].count("\n") + 2


@pytest.mark.parametrize("strength", ["auto", 0.5, 1])
def test_physical_augmentation_is_switched_on_in_a_new_file_and_trained_with(folder, strength):
    path = write_params(folder / "new.toml", folder / "walk1_2d.nc", folder / "walk1_3d.nc")
    with_physical(path, f'"{strength}"' if isinstance(strength, str) else str(strength))
    found = read_params(path).arguments(folder / "run")
    assert found["augmentation"] == (physical(strength=strength),)
    ridge = {"training_kwargs": {"network": "ridge"}}
    train(**found | ridge)
    train(**found | ridge | {"augmentation": None, "out_dir": folder / "plain"})
    lifter, plain = liftpose.load(folder / "run"), liftpose.load(folder / "plain")
    if strength == "auto":
        assert set(lifter.choice["physical_errors"]) == {"0", "0.5", "1"}
    else:
        assert not torch.equal(lifter.ridge.weights, plain.ridge.weights)


@pytest.mark.parametrize(
    ("strength", "words"), [('"much"', "'much'; expected a number"), ("-1", "not negative")]
)
def test_a_strength_that_makes_no_sense_is_named_by_line(folder, strength, words):
    path = write_params(folder / "new.toml", folder / "walk1_2d.nc", folder / "walk1_3d.nc")
    line = with_physical(path, strength)
    with pytest.raises(ValueError, match=rf"new\.toml, line {line}: physical: .*{words}"):
        read_params(path)


@pytest.fixture(scope="module")
def on_a_floor(tmp_path_factory):
    """A rat that trots before two cameras, and the beginning of a params file of it."""
    folder, rat = tmp_path_factory.mktemp("rat"), quadruped(frames=300, seed=1)
    for name, camera in zip(("left", "right"), rat.cameras, strict=False):
        flat = Poses.from_experiments(camera.project(rat.poses_3d), joints=rat.joints)
        write_poses(flat, folder / f"{name}.nc")
    deep = Poses.from_experiments(rat.poses_3d, joints=rat.joints, unit="mm", frame="world")
    write_poses(deep, folder / "deep.nc")
    write_calibration(dict(zip(("left", "right"), rat.cameras, strict=False)), folder / "c.toml")
    rat.skeleton.write(folder / "rat.toml")
    return folder, rat


STANDING = (
    'skeleton = "rat.toml"\n[data]\ntrain_2d = "left.nc"\ntrain_3d = "deep.nc"\n'
    '[training]\nnetwork = "ridge"\nseed = 3\n'
)
MOVED = (
    '[[augmentation]]\nname = "elsewhere"\nfeet = ["left_front_paw", "right_front_paw", '
    '"left_hind_paw", "right_hind_paw"]\n'
)
FILMED = '[camera]\ncalibration = "c.toml"\ncamera = "left"\n'


def test_poses_are_moved_on_the_floor_that_a_params_file_speaks_of(on_a_floor, tmp_path):
    folder, rat = on_a_floor
    text = STANDING + MOVED + 'up = "z"\nshare = 0.7\nmargin = 30.0\n' + FILMED
    found = arguments(folder, text)
    (step,) = found["augmentation"]
    feet = [rat.joints.index(f"{end}_paw") for end in
            ("left_front", "right_front", "left_hind", "right_hind")]  # fmt: skip
    floor = find_floor(rat.poses_3d, feet, "z")
    np.testing.assert_allclose(step.floor.normal, floor.normal, atol=1e-9)
    np.testing.assert_allclose(step.floor.places, floor.places, rtol=1e-6)
    assert (step.share, step.margin) == (0.7, 30.0)
    assert step.filmed_by == found["camera"]
    train(**found | {"out_dir": tmp_path / "run"})
    by_hand = Lifter(rat.skeleton, network="ridge", seed=3).fit(
        found["train_2d"],
        found["train_3d"],
        camera=found["camera"],
        augmentation=[elsewhere(step.floor, found["camera"], share=0.7, margin=30.0)],
    )
    assert torch.equal(liftpose.load(tmp_path / "run").ridge.weights, by_hand.ridge.weights)
    train(**found | {"augmentation": None, "out_dir": tmp_path / "plain"})
    plain = liftpose.load(tmp_path / "plain").ridge.weights
    assert not torch.equal(plain, by_hand.ridge.weights)


def test_each_experiment_moves_before_its_own_camera(on_a_floor):
    folder, rat = on_a_floor
    two = STANDING.replace('"left.nc"', '["left.nc", "right.nc"]').replace(
        '"deep.nc"', '["deep.nc", "deep.nc"]'
    )
    filmed = FILMED.replace("[camera]", "[camera.left]")
    filmed += filmed.replace("[camera.left]", "[camera.right]").replace('"left"', '"right"')
    two = two.replace('["deep.nc", "deep.nc"]', '{ left = "deep.nc", right = "deep.nc" }')
    two = two.replace('["left.nc", "right.nc"]', '{ left = "left.nc", right = "right.nc" }')
    (step,) = arguments(folder, two + MOVED + filmed)["augmentation"]
    step.check(("left", "right"), len(rat.joints))
    assert step.filmed_by["right"].K.tolist() == rat.cameras[1].K.tolist()
    assert step.share == inspect.signature(elsewhere).parameters["share"].default


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (STANDING + MOVED, 8, "say which: \\[camera\\]"),
        (STANDING + MOVED.split("feet")[0] + FILMED, 8, "elsewhere needs feet"),
        (STANDING + MOVED + "floor = 3\n" + FILMED, 11, "unknown key 'floor'"),
        (STANDING + MOVED.replace("left_hind", "lft_hind") + FILMED, 10,
         "no joint 'lft_hind_paw'. Did you mean 'left_hind_paw'"),
        (STANDING + MOVED.split("feet")[0] + 'feet = "paw"\n' + FILMED, 10, "feet is 'paw'"),
        (STANDING + MOVED + 'up = "above"\n' + FILMED, 11, "up is 'above'"),
        (STANDING + MOVED + "share = 1.5\n" + FILMED, 11, "share is 1.5"),
        (STANDING + MOVED + 'margin = "wide"\n' + FILMED, 11, "margin is 'wide'"),
    ],
)  # fmt: skip
def test_a_move_that_makes_no_sense_is_named_by_line(on_a_floor, text, line, words):
    folder, _ = on_a_floor
    said = refused(folder, text)
    assert re.match(rf"params\.toml, line {line}: .*{words}", said), said


def test_the_suggested_root_is_the_joint_seen_often_that_the_others_move_least_against(folder):
    names = ("left", "middle", "right", "hidden", "never")
    deep = np.random.default_rng(0).normal(size=(50, 5, 3))
    deep *= np.array([0.2, 0.05, 0.2, 0.01, 0])[:, None]
    deep += np.random.default_rng(1).normal(size=(50, 1, 3))  # the whole animal walks about
    deep[::2, 3], deep[:, 4] = np.nan, np.nan
    flat = Poses.from_experiments(deep[..., :2], joints=names)
    write_poses(flat, folder / "a.nc")
    write_poses(Poses.from_experiments(deep, joints=names), folder / "b.nc")
    path = write_params(folder / "new.toml", folder / "a.nc", folder / "b.nc")
    skeleton = read_params(path).skeleton
    assert [names[root] for root in skeleton.roots] == ["middle"]
    assert [names[joint] for joint in skeleton.target_sets[0]] == ["left", "right", "hidden"]
    assert "never" in path.read_text().split("left out")[1].splitlines()[0]


def test_unsure_joints_of_the_2d_are_no_targets_in_a_new_file(folder):
    flat, deep = walk()
    sure = np.ones((40, 4))
    sure[:, 3] = 0.05
    seen = Poses.from_experiments(flat.points, joints=JOINTS, confidence=sure)
    write_poses(seen, folder / "a.nc")
    write_poses(deep, folder / "b.nc")
    path = write_params(folder / "new.toml", folder / "a.nc", folder / "b.nc")
    found = read_params(path).skeleton
    assert found.index("toe") not in (*found.roots, *found.target_sets[0])


def test_a_new_file_takes_a_skeleton_that_is_given(folder):
    path = write_params(
        folder / "new.toml",
        folder / "walk1_2d.nc",
        folder / "walk1_3d.nc",
        skeleton=folder / "leg.toml",
    )
    assert read_params(path).skeleton == Skeleton.read(folder / "leg.toml")


def test_a_new_file_for_2d_alone_leaves_a_place_for_the_3d(folder):
    path = write_params(folder / "new.toml", folder / "walk1_2d.nc")
    with pytest.raises(ValueError, match="no poses to learn from"):
        read_params(path).arguments()


@pytest.mark.parametrize(
    ("files", "name", "words"),
    [
        (("walk1_2d.nc", "walk1_3d.nc"), "new.txt", "ends in .toml"),
        (("walk1_3d.nc", "walk1_2d.nc"), "new.toml", "name the 2D first"),
        (("walk1_2d.nc", "short_3d.nc"), "new.toml", "40 frames .* 12"),
        (("walk1_2d.nc", "other_3d.nc"), "new.toml", "no joint has the same name"),
    ],
)
def test_a_file_that_cannot_be_begun_is_not_written(folder, files, name, words):
    write_poses(walk(12)[1], folder / "short_3d.nc")
    write_poses(walk(joints=("a", "b", "c", "d"))[1], folder / "other_3d.nc")
    with pytest.raises(ValueError, match=words):
        write_params(folder / name, *(folder / file for file in files))
    assert not (folder / name).exists()


def test_a_file_that_is_there_is_replaced_only_when_asked(folder):
    path = params(folder, "mine")
    files = folder / "walk1_2d.nc", folder / "walk1_3d.nc"
    with pytest.raises(FileExistsError, match="--overwrite"):
        write_params(path, *files)
    assert path.read_text() == "mine"
    write_params(path, *files, overwrite=True)
    assert read_params(path).skeleton is not None


def test_one_file_a_list_and_a_table_name_the_experiments(folder):
    body = "[skeleton]\n" + SKELETON
    one = arguments(folder, WHOLE)
    assert one["train_3d"].keys == one["train_2d"].keys == ("walk1_2d",)
    several = arguments(
        folder,
        '[data]\ntrain_2d = ["walk1_2d.nc", "walk2_2d.nc"]\n'
        f'train_3d = ["walk1_3d.nc", "walk2_3d.nc"]\n{body}',
    )
    assert several["train_3d"].keys == several["train_2d"].keys == ("walk1_2d", "walk2_2d")
    assert several["train_3d"].lengths == (40, 40)
    table = arguments(
        folder,
        '[data]\ntrain_2d = { a = "walk1_2d.nc", b = "walk2_2d.nc" }\n'
        f'train_3d = {{ b = "walk2_3d.nc", a = "walk1_3d.nc" }}\n{body}',
    )
    for key, number in (("a", 1), ("b", 2)):
        flat, deep = walk(seed=number)
        np.testing.assert_array_equal(table["train_2d"].only(key).points, flat.points)
        np.testing.assert_array_equal(table["train_3d"].only(key).points, deep.points)


def test_several_experiments_in_a_file_keep_their_names(folder):
    flat, deep = walk(unit="mm", frame="camera")
    for name, poses in (("two_2d.nc", flat), ("two_3d.nc", deep)):
        both = Poses.from_experiments(
            {"a": poses.points[:20], "b": poses.points[20:]},
            joints=JOINTS,
            unit=poses.unit,
            frame=poses.frame,
        )
        write_poses(both, folder / name)
    text = "[data]\ntrain_2d = {}\ntrain_3d = {}\n[skeleton]\n" + SKELETON
    single = arguments(folder, text.format('"two_2d.nc"', '"two_3d.nc"'))
    assert single["train_2d"].keys == single["train_3d"].keys == ("a", "b")
    listed = arguments(
        folder, text.format('["two_2d.nc", "walk1_2d.nc"]', '["two_3d.nc", "walk1_3d.nc"]')
    )
    keys = (("two_2d", "a"), ("two_2d", "b"), "walk1_2d")
    assert listed["train_2d"].keys == listed["train_3d"].keys == keys


def test_files_are_found_from_the_params_file(folder, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    found = arguments(folder, 'skeleton = "leg.toml"\n' + DATA_TABLE)
    assert found["train_2d"].frames == 40
    assert found["out_dir"] == folder / "out"


def test_joints_are_matched_by_name_renamed_and_by_order_on_request(folder):
    flat, deep = walk(joints=("toe", "ankle", "knee", "haunch"))
    write_poses(flat, folder / "a.nc")
    write_poses(deep, folder / "b.nc")
    data = '[data]\ntrain_2d = "a.nc"\ntrain_3d = "b.nc"\n'
    body = "[skeleton]\n" + SKELETON
    renamed = arguments(folder, data + 'rename = { haunch = "hip" }\n' + body)
    np.testing.assert_array_equal(renamed["train_2d"].points, flat.points[:, ::-1])
    in_order = arguments(folder, data + "by_order = true\n" + body)
    np.testing.assert_array_equal(in_order["train_2d"].points, flat.points)
    assert in_order["train_2d"].joints == JOINTS
    message = refused(folder, data + body)
    assert message.startswith("params.toml, line 2: ")
    assert "'hip'" in message
    assert "'haunch'" in message


def test_unit_and_frame_are_taken_where_the_files_do_not_say(folder):
    flat, deep = walk()
    write_poses(flat, folder / "a.nc")
    write_poses(deep, folder / "b.nc")
    data = '[data]\ntrain_2d = "a.nc"\ntrain_3d = "b.nc"\nunit = "cm"\nframe = "world"\nfps = 50\n'
    found = arguments(folder, data + "[skeleton]\n" + SKELETON)
    assert (found["train_3d"].unit, found["train_3d"].frame) == ("cm", "world")
    assert found["train_2d"].fps == found["train_3d"].fps == 50
    message = refused(folder, DATA_TABLE + 'unit = "cm"\n[skeleton]\n' + SKELETON)
    assert "line 3" in message
    assert "'cm'" in message
    assert "'mm'" in message


def test_masks_statistics_and_the_unit_norm_reach_train(folder):
    mask = np.ones((40, 4, 3), dtype=bool)
    mask[3, 2] = False
    np.save(folder / "mask.npy", mask)
    stats = [np.arange(size, dtype=float) for size in (6, 6, 9, 9)]
    np.savez(
        folder / "stats.npz",
        **dict(zip(("mean_2d", "std_2d", "mean_3d", "std_3d"), stats, strict=True)),
    )
    found = arguments(
        folder,
        DATA_TABLE
        + 'train_keypts = "mask.npy"\nstats = "stats.npz"\nnorm_2d = true\n[skeleton]\n'
        + SKELETON,
    )
    deep = walk(seed=1)[1].points
    np.testing.assert_array_equal(found["train_3d"].points, np.where(mask, deep, np.nan))
    np.testing.assert_array_equal(found["train_3d"].given, deep)
    assert found["norm_2d"] is True
    for ours, theirs in zip(found["stats"], stats, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_masks_are_trained_with(folder):
    mask = np.ones((40, 4, 3), dtype=bool)
    mask[:, 3] = False
    np.save(folder / "mask.npy", mask)
    text = DATA_TABLE + 'train_keypts = "mask.npy"\n[skeleton]\n' + SKELETON
    found = arguments(folder, text + '[training]\nnetwork = "ridge"\n')
    with pytest.raises(ValueError, match="toe|target 3"):
        train(**found)


CALIBRATED = WHOLE + '[camera]\ncalibration = "calib.toml"\n'


@pytest.fixture
def calibrated(folder):
    K = [[900, 0, 320], [0, 900, 240], [0, 0, 1]]
    cameras = [
        Camera(K, t=[0, 0, z], size=(640, 480), name=n) for z, n in ((1, "left"), (2, "top"))
    ]
    write_calibration(cameras, folder / "calib.toml")
    return folder, {camera.name: camera for camera in cameras}


def test_a_camera_may_be_that_of_a_calibration_file(calibrated):
    folder, cameras = calibrated
    assert arguments(folder, CALIBRATED + 'camera = "top"\n')["camera"] == cameras["top"]
    more = CALIBRATED + 'camera = "top"\ncrop = [-50, -60, 700, 600]\nscale = 0.5\n'
    assert arguments(folder, more)["camera"] == cameras["top"].crop(-50, -60, 700, 600).resize(
        scale=0.5
    )
    each = CALIBRATED.replace("[camera]", "[camera.walk1_2d]") + 'camera = "left"\n'
    assert arguments(folder, each)["camera"] == {"walk1_2d": cameras["left"]}


@pytest.mark.parametrize(
    ("more", "line", "words"),
    [
        ("", 9, "has 2 cameras, 'left', 'top'; say which one"),
        ('camera = "lft"\n', 9, "no camera 'lft'. Did you mean 'left'"),
        ("camera = 3\n", 10, "camera is 3; expected a name"),
        ('camera = "top"\nK = [[1]]\n', 11, "K and a calibration"),
        ('camera = "top"\ncrop = [1, 2]\n', 11, "crop is"),
        ('camera = "top"\ncrop = [900, 0, 9, 9]\n', 11, "outside of the image"),
        ('camera = "top"\nscale = 0\n', 11, "scale must be positive"),
        ('camera = "top"\ncropp = 0\n', 11, "'cropp'.*'crop'"),
    ],
)
def test_what_is_wrong_with_a_calibrated_camera_is_named_by_line(calibrated, more, line, words):
    folder, _ = calibrated
    with pytest.raises(ValueError, match=rf"params\.toml, line {line}: .*{words}"):
        read_params(params(folder, CALIBRATED + more))


def test_2d_far_outside_of_the_image_is_refused_before_training(calibrated):
    folder, _ = calibrated
    flat, _ = walk(seed=1)
    far = Poses.from_experiments(flat.points + 2000.0, joints=JOINTS)
    write_poses(far, folder / "walk1_2d.nc", overwrite=True)
    with pytest.raises(ValueError, match=r"line \d+: the joints of train_2d lie far outside"):
        arguments(folder, CALIBRATED + 'camera = "top"\n')


def test_keys_of_a_calibrated_camera_need_the_calibration(calibrated):
    folder, _ = calibrated
    given = "[camera]\nK = [[900, 0, 320], [0, 900, 240], [0, 0, 1]]\nscale = 0.5\n"
    with pytest.raises(ValueError, match="line 10: scale is for a camera of a calibration file"):
        read_params(params(folder, WHOLE + given))


def test_cameras_are_one_or_one_an_experiment(folder):
    matrix = [[800.0, 0, 320], [0, 800, 240], [0, 0, 1]]
    one = arguments(folder, WHOLE + f"[camera]\nK = {matrix}\nsize = [640, 480]\n")["camera"]
    assert one == Camera(matrix, size=(640, 480))
    each = arguments(folder, WHOLE + f"[camera.walk1_2d]\nK = {matrix}\nt = [0, 0, 9]\n")["camera"]
    assert each == {"walk1_2d": Camera(matrix, t=[0, 0, 9])}


def test_augmentations_are_made_with_their_arguments(folder):
    steps = (
        '[[augmentation]]\nname = "random_project"\naxsorder = "zyx"\n'
        "eangles = { 0 = [[-10, 10], [-10, 10], [-10, 10]] }\n"
        '[[augmentation]]\nname = "add_noise"\nnoise_amplitude = 2.0\n'
    )
    made = arguments(folder, WHOLE + steps)["augmentation"]
    assert [type(step).__name__ for step in made] == ["_RandomProject", "_AddNoise"]
    assert made[0].cameras == (0,)
    assert made[1].noise_amplitude == 2.0


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (WHOLE + "[training]\nepochs = 3\nepoch = 5\n", 10, "'epoch' in .training.*'epochs'"),
        ("epochs = 3\n" + WHOLE, 1, r"'epochs'. It belongs in \[training\]"),
        ("[dat]\n" + WHOLE, 1, "'dat'.*'data'"),
        (WHOLE.replace("train_3d", "trian_3d"), 3, "'trian_3d' in .data.*'train_3d'"),
        (WHOLE.replace("walk1_3d", "walk1_3dd"), 3, "no file .*'walk1_3d.nc'"),
        (WHOLE.replace("walk1_3d.nc", "."), 3, "folder"),
        (WHOLE.replace('"walk1_3d.nc"', "3"), 3, "3; expected the name of a file"),
        (WHOLE.replace('["hip"]', '["hop"]'), 6, "'hop'.*'hip'"),
        (WHOLE.replace("joints", "joins"), 5, "'joins'.*'joints'"),
        (WHOLE + '[training]\nlr = "fast"\n', 9, "lr is 'fast'"),
        (WHOLE + '[training]\nseed = 1\nnetwork = "deep"\n', 10, "network is 'deep'"),
        (WHOLE + "[training]\nseed = \n", 9, "no TOML"),
        (WHOLE + "[training\n", 8, "no TOML"),
        (WHOLE + '[[augmentation]]\nname = "add_nose"\n', 9, "'add_nose'.*'add_noise'"),
        (
            WHOLE + '[[augmentation]]\nname = "add_noise"\nnoise_amplitude = 1\n'
            '[[augmentation]]\nname = "add_noise"\namplitude = 1\n',
            13,
            "'amplitude'.*'noise_amplitude'",
        ),
        (WHOLE + "[camera]\nR = [[1]]\n", 8, "no K"),
        (WHOLE + "[camera]\nK = [[1]]\n", 9, "K"),
        (WHOLE + "[camera]\nk = [[1]]\n", 9, "'k'.*'K'"),
        ("camera = [[1, 0], [0, 1]]\n" + WHOLE, 1, "bare matrix"),
        (DATA_TABLE + "fps = true\n", 4, "fps is True; expected a number"),
        (DATA_TABLE + 'rename = { paw = "toe" }\n[skeleton]\n' + SKELETON, 4, "no file has.*'paw'"),
        (DATA_TABLE + 'test_keypts = "walk1_2d.nc"\n[skeleton]\n' + SKELETON, 4, "without the 3D"),
        (DATA_TABLE + 'train_keypts = "walk1_2d.nc"\n[skeleton]\n' + SKELETON, 4, "no masks"),
        (
            DATA_TABLE + 'train_keypts = "short.npy"\n[skeleton]\n' + SKELETON,
            4,
            "shape is .3, 4, 3",
        ),
        (DATA_TABLE + 'stats = "walk1_2d.nc"\n[skeleton]\n' + SKELETON, 4, "no .npz"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(folder, text, line, words):
    message = refused(folder, text)
    assert message.startswith(f"params.toml, line {line}: "), message
    assert re.search(words, message), message


def test_experiments_of_2d_and_3d_must_agree(folder):
    text = (
        '[data]\ntrain_2d = {{ a = "walk1_2d.nc", b = "walk2_2d.nc" }}\ntrain_3d = {}\n[skeleton]\n'
    ) + SKELETON.replace("{", "{{")
    assert "line 2: experiment 'b'" in refused(folder, text.format('{ a = "walk1_3d.nc" }'))
    assert "line 3: train_3d must be written as" in refused(folder, text.format('"walk1_3d.nc"'))


def test_two_files_of_one_name_need_a_table(folder):
    (folder / "other").mkdir()
    write_poses(walk()[1], folder / "other" / "walk1_3d.nc")
    text = '[data]\ntrain_3d = ["walk1_3d.nc", "other/walk1_3d.nc"]\n[skeleton]\n' + SKELETON
    assert "line 2: two files of train_3d" in refused(folder, text)


def test_a_file_without_skeleton_or_data_says_so(folder):
    assert "[skeleton]" in refused(folder, DATA_TABLE)
    assert "[data]" in refused(folder, "[skeleton]\n" + SKELETON)
    with pytest.raises(FileNotFoundError, match="--init"):
        read_params(folder / "nothing.toml")
    with pytest.raises(IsADirectoryError, match="folder"):
        read_params(folder)


def test_the_line_of_a_key_is_where_its_statement_begins(tmp_path):
    text = (
        'a = """\nb = 1\n"""\n\n# c = 2\nlong = [\n  1,\n  2,\n]\n[t]\nx = { y = 3 }\n'
        "[t.u]\nz = 1\n[[many]]\nn = 1\n[[many]]\nn = 2\n"
    )
    source = Source(params(tmp_path, text))
    ways = {("a",): 1, ("long",): 6, ("t", "x", "y"): 11, ("t", "u", "z"): 13}
    ways |= {("many", 1, "n"): 17, ("many", 1): 16, ("b",): None, ("c",): None}
    assert {way: source.line(*way) for way in ways} == ways


YAML = """\
data:
  in_dim: 2
  out_dim: 3
  roots: [0]
  target_sets: [[1, 2, 3]]
{files}
vis:
  colors: [[186, 30, 49]]
  bones: [[0, 1], [1, 2], [2, 3]]
  limb_id: [0, 0, 0, 0]
training:
  epochs: 3
"""


def test_a_yaml_of_the_original_gives_skeleton_and_options(folder):
    files = "  train_2d: walk1_2d.nc\n  train_3d: walk1_3d.nc"
    found = read_params(params(folder, YAML.format(files=files), "params.yaml")).arguments()
    assert found["skeleton"].joints == JOINTS
    assert found["skeleton"].roots == (0,)
    assert found["skeleton"].target_sets == ((1, 2, 3),)
    assert found["skeleton"].colors == ((186, 30, 49),)
    assert found["training_kwargs"] == {"epochs": 3}
    assert found["train_2d"].frames == 40
    train(**found | {"out_dir": folder / "run", "training_kwargs": {"network": "ridge"}})


def test_a_yaml_that_names_folders_says_what_is_missing(folder):
    path = params(folder, YAML.format(files="  data_dir: /data/flies"), "params.yaml")
    with pytest.raises(ValueError, match=r"params\.yaml: .*train_3d.*/data/flies.*--init"):
        read_params(path).arguments()


def test_a_yaml_can_be_the_skeleton_of_a_params_file(folder):
    params(folder, YAML.format(files=""), "params.yaml")
    found = arguments(folder, 'skeleton = "params.yaml"\n' + DATA_TABLE)
    assert found["skeleton"].joints == JOINTS
    assert found["skeleton"].bones == ((0, 1), (1, 2), (2, 3))


def test_a_simulated_fly_is_described_and_trained(tmp_path):
    fly = hexapod(frames=200, seed=1)
    write_poses(Poses.from_experiments(fly.pose_2d, joints=fly.joints), tmp_path / "a.nc")
    deep = Poses.from_experiments(fly.pose_3d, joints=fly.joints, unit=fly.unit, frame="camera")
    write_poses(deep, tmp_path / "b.nc")
    fly.skeleton.write(tmp_path / "fly.toml")
    path = write_params(
        tmp_path / "params.toml",
        tmp_path / "a.nc",
        tmp_path / "b.nc",
        skeleton=tmp_path / "fly.toml",
    )
    found = read_params(path)
    assert found.skeleton == fly.skeleton
    train(**found.arguments(tmp_path / "run") | {"training_kwargs": {"network": "ridge"}})


def read_duo(path, camera=None, dims=None, size=None):
    """A tracker's file of two cameras, of 2D in shares of the image and of 3D, without names."""
    with np.load(path) as stored:
        if dims == 3:
            return Poses.from_experiments(stored["deep"], unit="mm", frame="world")
        if camera is None or size is None:
            raise ValueError("it holds the cameras 'left', 'top'; say which (camera=), and size=.")
        return Poses.from_experiments(stored[camera] * size, unit="px")


@pytest.fixture
def duo(folder, monkeypatch):
    """The same poses in a format that needs to be told everything."""
    flat, deep = read_poses(folder / "walk1_2d.nc"), read_poses(folder / "walk1_3d.nc")
    with (folder / "walk.duo").open("wb") as file:
        np.savez(file, deep=deep.points, top=flat.points / [640, 480], left=0 * flat.points)
    hints = ("camera", "dims", "size")
    entry = registry.Reader(
        "duo",
        "two cameras",
        (".duo",),
        lambda path, _: path.suffix == ".duo",
        read_duo,
        hints=hints,
    )
    monkeypatch.setitem(registry._readers, "duo", entry)
    return folder


TOLD = 'format = "duo"\ncamera = "top"\nsize = [640, 480]\n'


def test_files_that_need_to_be_told_everything_are_trained_on(duo):
    names = f"joints = {list(JOINTS)}\n"
    files = 'train_2d = "walk.duo"\ntrain_3d = "walk.duo"\n'
    text = WHOLE.replace('train_2d = "walk1_2d.nc"\ntrain_3d = "walk1_3d.nc"\n', files)
    assert text != WHOLE
    found = arguments(duo, text.replace("[data]\n", "[data]\n" + TOLD + names))
    expected = arguments(duo, WHOLE)
    for name in ("train_2d", "train_3d"):
        np.testing.assert_allclose(found[name].points, expected[name].points, rtol=1e-5)
        assert found[name].joints == expected[name].joints
    begun = write_params(
        duo / "new.toml",
        duo / "walk.duo",
        duo / "walk.duo",
        hints=Hints(camera="top", size=(640.0, 480.0)),
    )
    told = read_params(begun).data
    assert (told["camera"], told["size"]) == ("top", [640, 480])
    again = read_params(begun).arguments()
    np.testing.assert_allclose(again["train_2d"].points, expected["train_2d"].points, rtol=1e-5)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('format = "npzz"', "there is no format 'npzz' that can be read. Did you mean 'npz'"),
        ('format = { d2 = "npz" }', "unknown key 'd2' in \\[data.format\\]"),
        ("format = 3", "format is 3"),
        ('camera = "left"', "camera is of no use: .*\\[camera\\] is what filmed them"),
        ("size = [640, 480]", "size is of no use"),
        ("size = [640]", "size is \\[640\\]; expected \\[width, height\\]"),
        ('joints = ["a"]', "joints is of no use: all files name their joints"),
        ("joints = [1]", "joints is \\[1\\]"),
        ('individuals = ["a"]', "individuals is of no use: no file names individuals"),
        ("min_confidence = 2", "min_confidence is 2"),
    ],
)
def test_hints_that_make_no_sense_are_named_by_line(folder, line, words):
    text = WHOLE.replace("[data]\n", f"[data]\n{line}\n")
    number = text.splitlines().index(line) + 1
    with pytest.raises(ValueError, match=f"params.toml, line {number}: {words}"):
        arguments(folder, text)


def test_individuals_and_confidence_are_chosen(folder):
    flat, deep = read_poses(folder / "walk1_2d.nc"), read_poses(folder / "walk1_3d.nc")
    sure = np.ones(flat.points.shape[:2])
    sure[5, 1] = 0.3
    both = Poses.from_experiments(
        {"a": flat.points, "b": flat.points + 1},
        joints=flat.joints,
        individuals=["a", "b"],
        confidence={"a": sure, "b": sure},
    )
    write_poses(both, folder / "walk1_2d.nc", overwrite=True)
    more = 'individuals = ["b"]\nmin_confidence = 0.5\n'
    found = arguments(folder, WHOLE.replace("[data]\n", f"[data]\n{more}"))["train_2d"]
    assert found.frames == deep.frames
    assert np.isnan(found.points[5, 1]).all()
    expected = np.delete(flat.points[:, 0] + 1, 5, axis=0)
    np.testing.assert_allclose(np.delete(found.points[:, 0], 5, axis=0), expected)


def test_the_text_of_the_file_goes_with_the_arguments(folder):
    assert arguments(folder, WHOLE + "# mine\n")["params"] == WHOLE + "# mine\n"
