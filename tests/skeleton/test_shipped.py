"""Skeletons that ship with the package: whole, alike in their colours, and those of real files."""

import os
import tomllib
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io

from liftpose import Poses, Skeleton, write_poses
from liftpose.about import about
from liftpose.datasets import hexapod
from liftpose.geometry.bones import bone_lengths
from liftpose.io.decoding.pickled_numbers import numbers
from liftpose.params import read_params, write_params
from liftpose.refining import angles_file
from liftpose.skeleton import shipped
from liftpose.skeleton.sides import pairs_by_name

NAMES = Skeleton.shipped()
DATA = Path(os.environ.get("LIFTPOSE_DATA", Path(__file__).parents[3] / "shared" / "data"))


def real(*parts):
    """A file of the recordings."""
    path = DATA.joinpath(*parts)
    if not path.is_file():
        pytest.skip(f"{path.name} is not here (LIFTPOSE_DATA names the folder)")
    return path


def zoo(name):
    with np.load(real("zoo", name), allow_pickle=False) as stored:
        return dict(stored)


def test_the_animals_are_all_there():
    assert NAMES == (
        "dog26", "fly-leg15", "fly38", "human17", "human25", "macaque13", "mouse22", "rat20",
        "rat23",
    )  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_skeleton_says_all_there_is_to_say(name):
    skeleton = Skeleton.named(name)
    assert skeleton.joint_count == int("".join(filter(str.isdigit, name)))
    assert skeleton.unit is None
    assert skeleton.roots
    assert skeleton.target_sets
    assert len(skeleton.colors) == len(set(skeleton.limbs))
    assert set(skeleton.pairs) == set(pairs_by_name(skeleton.joints))
    beyond = "antenna", "stripe"  # of fly38: on no leg
    unused = [skeleton.joints[joint] for joint in skeleton.sets.unused]
    assert all(any(word in joint for word in beyond) for joint in unused)
    joined = {joint for bone in skeleton.bones for joint in bone}
    apart = [skeleton.joints[j] for j in range(skeleton.joint_count) if j not in joined]
    assert all("antenna" in joint for joint in apart)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_so_on_the_left_is_so_on_the_right(name):
    skeleton = Skeleton.named(name)
    other = {a: b for pair in skeleton.pairs for a, b in (pair, pair[::-1])}

    def mirrored(pairs):
        return {frozenset(other.get(joint, joint) for joint in pair) for pair in pairs}

    for pairs in (skeleton.bones, skeleton.rigid or ()):
        assert mirrored(pairs) == {frozenset(pair) for pair in pairs}
    for members in skeleton.target_sets:
        image = {other.get(joint, joint) for joint in members}
        assert any(image == set(again) for again in skeleton.target_sets)


def gray(color):
    """Luma of ITU-R BT.601, which printers use."""
    return float(np.dot(color, (0.299, 0.587, 0.114)))


def test_left_and_right_differ_in_gray_and_mean_the_same_colors_everywhere():
    sides = {"left": set(), "right": set(), "midline": set()}
    for name in set(NAMES) - {"fly-leg15"}:  # whose side nobody knows
        skeleton = Skeleton.named(name)
        lefts, rights = ({pair[side] for pair in skeleton.pairs} for side in (0, 1))
        for joint, limb in enumerate(skeleton.limbs):
            side = "left" if joint in lefts else "right" if joint in rights else "midline"
            sides[side].add(skeleton.colors[limb])
    assert len(sides["midline"]) == 1
    levels = {side: [gray(color) for color in colors] for side, colors in sides.items()}
    assert max(levels["left"]) + 15 < min(levels["midline"])
    assert max(levels["midline"]) + 15 < min(levels["right"])


def test_a_name_that_does_not_ship_is_answered_with_the_closest():
    with pytest.raises(ValueError, match=r"no skeleton 'mouse23'.*Did you mean 'mouse22'\?"):
        Skeleton.named("mouse23")
    with pytest.raises(TypeError, match="got 22"):
        Skeleton.named(22)


def test_a_shipped_file_is_written_like_any_other(tmp_path):
    for name in NAMES:
        path = Skeleton.named(name).write(tmp_path / f"{name}.toml")
        assert Skeleton.read(path) == Skeleton.named(name)
        given = tomllib.loads(shipped.shipped_file(name).read_text(encoding="utf-8"))
        assert set(given) == set(tomllib.loads(path.read_text(encoding="utf-8")))


def test_a_name_stands_for_a_file_where_there_is_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Skeleton.read("rat23") == Skeleton.read(Path("rat23")) == Skeleton.named("rat23")
    assert about("rat23").facts["joints"][0] == "Snout"
    with pytest.raises(ValueError, match="Did you mean 'rat23'"):
        Skeleton.read("rat33")
    (tmp_path / "rat23").write_text("no skeleton")
    with pytest.raises(ValueError, match="rat23 is no skeleton file"):
        Skeleton.read("rat23")


def test_a_params_file_takes_a_name(tmp_path):
    data = 'train_2d = "a.nc"\ntrain_3d = "b.nc"\n'
    path = tmp_path / "params.toml"
    path.write_text(f'skeleton = "fly38"\n[data]\n{data}')
    assert read_params(path).skeleton == Skeleton.named("fly38")
    path.write_text(f'skeleton = "fly83"\n[data]\n{data}')
    with pytest.raises(ValueError, match=r"params.toml, line 1: .*Did you mean 'fly38'"):
        read_params(path)
    Skeleton(["hip", "knee"]).write(tmp_path / "own.toml").rename(tmp_path / "fly38")
    path.write_text(f'skeleton = "fly38"\n[data]\n{data}')
    with pytest.raises(ValueError, match="fly38 is no skeleton file"):
        read_params(path)


def test_commands_take_a_name(tmp_path):
    leg = Skeleton.named("fly-leg15")
    fly = hexapod(frames=30)
    legs = [fly.skeleton.index(f"left_{joint}") for joint in leg.joints]
    flat = Poses.from_experiments(fly.pose_2d[:, legs], joints=leg.joints)
    deep = Poses.from_experiments(fly.poses_3d[:, legs], joints=leg.joints, unit="mm")
    write_poses(flat, tmp_path / "2d.nc")
    write_poses(deep, tmp_path / "3d.nc")
    path = write_params(tmp_path / "p.toml", tmp_path / "2d.nc", skeleton="fly-leg15")
    assert read_params(path).skeleton == leg
    angles_file(tmp_path / "3d.nc", tmp_path / "angles.csv", "fly-leg15")
    head = (tmp_path / "angles.csv").read_text().splitlines()[0]
    assert "front_femur_tibia" in head


def test_the_simulated_fly_has_the_legs_of_both_flies():
    fly, leg = Skeleton.named("fly38"), Skeleton.named("fly-leg15")
    simulated = hexapod(frames=1).skeleton
    assert set(simulated.joints) < set(fly.joints)
    for side, start in (("right", 0), ("left", 19)):
        assert fly.joints[start : start + 15] == tuple(f"{side}_{joint}" for joint in leg.joints)
    assert fly.subset(range(15)).bones == leg.bones
    assert fly.subset(range(15)).rigid == leg.rigid


def test_dog26_is_the_dog_of_motion_capture():
    dog, stored = Skeleton.named("dog26"), zoo("dog_mocap.npz")
    assert dog.joints == tuple(stored["joints"])
    assert {frozenset(b) for b in dog.bones} == {frozenset(b) for b in stored["bones"].tolist()}
    lengths = bone_lengths(stored["pose3d"].astype(np.float64), np.asarray(dog.rigid))
    assert (lengths.std(0) / lengths.mean(0)).max() < 1e-4


def test_mouse22_is_that_of_label3d_and_of_dannce():
    mouse = Skeleton.named("mouse22")
    stored = scipy.io.loadmat(real("raw", "dannce_label3d", "mouse22_skeleton.mat"))
    assert mouse.joints == tuple(str(name[0]) for name in stored["joint_names"][0])
    theirs = {frozenset(bone) for bone in (stored["joints_idx"].astype(int) - 1).tolist()}
    assert {frozenset(bone) for bone in mouse.bones} == theirs
    rename = {"TailBase": "Tail(base)", "TailMid": "Tail(mid)", "TailTip": "Tail(end)"}
    names = [str(name) for name in zoo("mouse22_labels_6cam.npz")["joints"]]
    assert mouse.joints == tuple(rename.get(name, name) for name in names)


def test_rat23_is_the_rat_of_the_nwb_file():
    with h5py.File(real("raw", "nwb_ndx_pose", "test_rodent_mocap_1000_frames.nwb")) as file:
        nodes = file["processing/behavior/PoseEstimation/nodes"].asstr()[:]
    assert Skeleton.named("rat23").joints == tuple(nodes)


def test_human25_shares_names_with_body_25b():
    theirs = {str(name) for name in zoo("human_pose2sim_4cam.npz")["joints"]}
    assert set(Skeleton.named("human25").joints) - theirs == {"Neck", "MidHip"}
    assert theirs - set(Skeleton.named("human25").joints) == {"UpperNeck", "HeadTop"}


def test_fly38_has_the_order_of_deepfly3d_and_the_right_side_first():
    skeleton = Skeleton.named("fly38")
    file = "old_pose_result__home_julien_src_deepfly3d_data_test.pkl"
    found = numbers(real("raw", "deepfly3d", file).read_bytes())
    image, world = np.asarray(found["points2d"]), np.asarray(found["points3d"])
    at = {joint: number for number, joint in enumerate(skeleton.joints)}
    for camera, side, ahead in ((1, "right", 1), (5, "left", -1)):
        mean = image[camera].mean(0)
        front, hind, antenna = (
            mean[at[f"{side}_{joint}"], 0]
            for joint in ("front_thorax_coxa", "hind_thorax_coxa", "antenna")
        )
        assert hind * ahead < front * ahead < antenna * ahead
    pose = world.mean(0)
    for side, sign in (("right", -1), ("left", 1)):
        leg = {j: pose[at[f"{side}_{j}"]] for j in Skeleton.named("fly-leg15").joints}
        forward = leg["front_thorax_coxa"] - leg["hind_thorax_coxa"]
        up = leg["mid_thorax_coxa"] - leg["mid_claw"]
        knee = leg["mid_femur_tibia"] - leg["mid_thorax_coxa"]
        assert sign * np.dot(np.cross(up, forward), knee) > 0
    lengths = bone_lengths(world, np.asarray(skeleton.rigid))
    assert (lengths.std(0) / lengths.mean(0)).max() < 0.2
