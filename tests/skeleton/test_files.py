"""Skeletons in files: what is written is read again, and what is broken is named."""

import tempfile
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liftpose.skeleton import Skeleton
from liftpose.skeleton.target_sets import TargetSets

FLY = """
data:
    ndims: 38  # coordinates, not joints
    in_dim: 2
    roots: [0, 3]
    target_sets: [[1, 2], [4, 5]]
vis:
    colors: [[185.6, 30, 49], [15, 115, 153]]
    bones: [[0, 1], [1, 2], [3, 4], [4, 5]]
    limb_id: [0, 0, 0, 1, 1, 1]
"""

LEG = Skeleton(
    ["hip", "knee", "toe"],
    bones=[(0, 1), (1, 2)],
    roots=["hip"],
    target_sets=["knee", "toe"],
    limbs=[2, 2, 0],
    colors=[[0, 1, 2], [3, 4, 5], [6, 7, 8]],
    pairs=[("hip", "toe")],
    rigid=[("hip", "knee")],
    unit="mm",
)


def write(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@given(
    st.lists(st.text(min_size=1).filter(str.strip), min_size=2, max_size=5, unique=True),
    st.text(min_size=1).filter(str.strip),
)
def test_any_names_come_back(names, unit):
    animal = Skeleton(
        names,
        bones=[(0, 1)],
        roots=[0],
        target_sets=[1],
        limbs=range(len(names)),
        pairs=[(1, 0)],
        rigid=[],
        unit=unit,
    )
    with tempfile.TemporaryDirectory() as folder:
        assert Skeleton.read(animal.write(Path(folder) / "animal.toml")) == animal


@pytest.mark.parametrize(
    "left_out",
    [
        (),
        ("unit",),
        ("rigid",),
        ("pairs", "bones"),
        ("colors",),
        ("colors", "limbs"),
        ("target_sets",),
        ("target_sets", "roots"),
    ],
)
def test_what_is_left_out_stays_left_out(tmp_path, left_out):
    said = {name: value for name, value in LEG.as_dict().items() if name not in left_out}
    animal = Skeleton.from_dict(said)
    assert Skeleton.read(animal.write(tmp_path / "leg.toml")) == animal


def test_the_file_is_for_reading_and_changing_by_hand(tmp_path):
    path = LEG.write(tmp_path / "leg.toml")
    said = tomllib.loads(path.read_text())
    assert said["bones"] == [["hip", "knee"], ["knee", "toe"]]
    assert said["limbs"] == [["toe"], [], ["hip", "knee"]]
    entries = path.read_text().split("\n\n")[1:]
    assert len(entries) == len(said) == 9
    assert all(entry.startswith("# ") for entry in entries)
    changed = path.read_text().replace('["hip", "knee"],\n    ["knee"', '["knee"')
    path.write_text(changed.replace("toe", "paw"))
    assert Skeleton.read(path).as_dict()["bones"] == [["knee", "paw"]]


def test_what_an_editor_may_do_to_a_file_does_no_harm(tmp_path):
    text = LEG.write(tmp_path / "leg.toml").read_text()
    path = tmp_path / "LEG.TOML"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert Skeleton.read(path) == LEG


def test_a_file_that_is_there_is_kept_unless_it_may_go(tmp_path):
    path = LEG.write(tmp_path / "leg.toml")
    other = Skeleton(["a"])
    with pytest.raises(FileExistsError, match="overwrite=True"):
        other.write(path)
    assert Skeleton.read(path) == LEG
    assert Skeleton.read(other.write(path, overwrite=True)) == other
    assert [file.name for file in tmp_path.iterdir()] == ["leg.toml"]


def test_what_stops_the_writing_leaves_the_old_file_whole(tmp_path, monkeypatch):
    path = LEG.write(tmp_path / "leg.toml")

    def interrupted(file, text, **_):
        with file.open("w") as half:
            half.write(text[:20])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Skeleton(["a"]).write(path, overwrite=True)
    assert Skeleton.read(path) == LEG
    assert [file.name for file in tmp_path.iterdir()] == ["leg.toml"]


def test_where_no_file_can_be(tmp_path):
    with pytest.raises(IsADirectoryError, match="cannot write to a folder"):
        LEG.write(tmp_path, overwrite=True)
    with pytest.raises(IsADirectoryError, match="cannot read a folder"):
        Skeleton.read(tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        LEG.write(tmp_path / "nowhere" / "leg.toml")
    with pytest.raises(FileNotFoundError, match="nothing"):
        Skeleton.read(tmp_path / "nothing.toml")
    with pytest.raises(ValueError, match=r"ends in .toml, got leg.json"):
        LEG.write(tmp_path / "leg.json")
    with pytest.raises(ValueError, match=r"leg.json is no skeleton file"):
        Skeleton.read(tmp_path / "leg.json")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('joints = ["a"]\n\nrots = ["a"]', r"leg.toml, line 3: .*no 'rots'. Did you mean 'roots'"),
        ('joints = ["a"]\n[ limb ]\nx = 1', r"leg.toml, line 2: .*'limb'. Did you mean 'limbs'"),
        ('joints = ["a"]\n"bone s" = 1', r"leg.toml, line 2: .*'bone s'"),
        ('joints = ["a"]\nx = {\n', r"leg.toml is no TOML: .*line 2"),
        ('joints = ["a"]\njoints = ["b"]', r"leg.toml is no TOML"),
        ("bones = []", r"leg.toml: the skeleton has no 'joints'"),
        ('joints = ["hip", "knee"]\nbones = [["hip", "kne"]]', r"leg.toml: .*Did you mean 'knee'"),
        ('joints = ["hip", "hip"]', r"leg.toml: joints 0 and 1 are both called 'hip'"),
    ],
)
def test_a_toml_with_a_slip(tmp_path, text, words):
    with pytest.raises(ValueError, match=words):
        Skeleton.read(write(tmp_path, "leg.toml", text))


def test_a_wrong_kind_of_value_is_said_with_its_file(tmp_path):
    with pytest.raises(TypeError, match=r"leg.toml: unit is 3"):
        Skeleton.read(write(tmp_path, "leg.toml", 'joints = ["a"]\nunit = 3'))


@pytest.mark.parametrize("name", ["leg.toml", "leg.yaml"])
def test_what_is_no_text(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(ValueError, match="is no text in UTF-8"):
        Skeleton.read(path)


def test_a_toml_names_its_joints_and_needs_no_number_of_them(tmp_path):
    with pytest.raises(ValueError, match="joint_count is for the .yaml"):
        Skeleton.read(LEG.write(tmp_path / "leg.toml"), joint_count=3)


@pytest.mark.parametrize("name", ["params.yaml", "param.yml"])
def test_params_of_0_22(tmp_path, name):
    fly = Skeleton.read(write(tmp_path, name, FLY))
    assert fly.joints == tuple("012345")
    assert fly.sets == TargetSets.resolve([0, 3], [[1, 2], [4, 5]], 6)
    assert fly.bones == ((0, 1), (1, 2), (3, 4), (4, 5))
    assert fly.limbs == (0, 0, 0, 1, 1, 1)
    assert fly.colors == ((186, 30, 49), (15, 115, 153))
    assert fly.unit is None
    assert fly.rigid is None
    assert Skeleton.read(fly.write(tmp_path / "fly.toml")) == fly


def test_older_params_are_on_one_level_or_say_targets(tmp_path):
    flat = write(tmp_path, "a.yaml", "roots: [0]\ntarget_sets: [[1, 2]]\nvis: {0: [1, 1, 0]}")
    named = write(tmp_path, "b.yaml", "data: {roots: [0], targets: [[1, 2]], ndims: 38}")
    assert Skeleton.read(flat) == Skeleton.read(named) == Skeleton.unnamed(3, [0], [[1, 2]])


def test_params_may_name_the_joints(tmp_path):
    rat = Skeleton.read(
        write(
            tmp_path,
            "rat.yaml",
            "data: {roots: [1], target_sets: [[0]]}\nvis: {names: [[HeadF], [HeadB], [Tail]]}",
        )
    )
    assert rat == Skeleton(["HeadF", "HeadB", "Tail"], roots=["HeadB"], target_sets=["HeadF"])


def test_the_number_of_joints_is_what_the_file_reaches_or_what_is_said(tmp_path):
    path = write(
        tmp_path,
        "ape.yaml",
        "data: {roots: [2], target_sets: [[0, 1]]}\nvis: {limb_id: [0, 0, 0, 1]}",
    )
    assert Skeleton.read(path).joint_count == 4
    assert Skeleton.read(path, joint_count=3).limbs == (0, 0, 0)
    with pytest.raises(ValueError, match=r"ape.yaml: roots: joint 2 does not exist"):
        Skeleton.read(path, joint_count=2)
    named = write(tmp_path, "named.yaml", "roots: [0]\nnames: [a, b]")
    with pytest.raises(ValueError, match="names 2 joints, but joint_count is 3"):
        Skeleton.read(named, joint_count=3)


def test_last_joints_without_a_limb_get_that_of_the_joint_before(tmp_path):
    text = "data: {{roots: [3], target_sets: [[0, 1, 2]]}}\nvis: {{bones: {}, limb_id: [0, 1]}}"
    path = write(tmp_path, "mouse.yaml", text.format("[[0, 1], [1, 2], [2, 3]]"))
    assert Skeleton.read(path).limbs == (0, 1, 1, 1)
    alone = write(tmp_path, "alone.yaml", text.format("[[0, 1], [1, 2], [3, 2]]"))
    with pytest.raises(ValueError, match=r"alone.yaml: limb_id has 2 numbers.*limb of joint 3"):
        Skeleton.read(alone)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data: [", r"params.yaml, line 1: this is no YAML"),
        ("roots: [0]\n<<<<<<< HEAD\na: 1\n", r"params.yaml, line \d: this is no YAML"),
        ("a: 2020-99-99", r"params.yaml is no YAML"),
        ("a: \x00", r"params.yaml is no YAML"),
        ("3", r"params.yaml holds no sections"),
        ("", r"params.yaml holds no sections"),
        ("data: {ndims: 30}", r"params.yaml holds no skeleton; expected roots"),
        ("data: {roots: [0, 1], target_sets: [[2]]}", r"params.yaml: 2 roots but 1 target sets"),
        ("data: {roots: [99999999999]}", r"params.yaml has a joint 99999999999"),
        ("data: {target_sets: [[0]]}", r"params.yaml: target_sets need roots"),
        ("roots: [0]\nnames: [a, a]", r"params.yaml: joints 0 and 1 are both called 'a'"),
        ("a: !!python/object/apply:os.getcwd []", r"params.yaml, line 1: this is no YAML"),
    ],
)
def test_params_with_a_slip(tmp_path, text, words):
    with pytest.raises(ValueError, match=words):
        Skeleton.read(write(tmp_path, "params.yaml", text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("roots: 3", "neither roots, .* is a list of joints"),
        ("bones: []", "neither roots, .* is a list of joints"),
        ("roots: [a.b]\ntarget_sets: [[0]]", "roots has no joint 'a.b'"),
        ("roots: [0, 1.5]\ntarget_sets: [[1]]", "roots: 1.5 is neither"),
        ("roots: [0]\nbones: 3\nlimb_id: [0]", "bones is 3"),
        ("roots: [0]\nbones: [[[0], 1], [0, 1]]\nlimb_id: [0]", r"bones: \[0\] is neither"),
        ("roots: [0]\nlimb_id: 3", "limbs is 3"),
    ],
)
def test_wrong_kinds_in_params_are_said_with_their_file(tmp_path, text, words):
    with pytest.raises((TypeError, ValueError), match=f"params.yaml: {words}"):
        Skeleton.read(write(tmp_path, "params.yaml", text))
