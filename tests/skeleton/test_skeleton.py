"""Skeletons, as users write them."""

import copy
import dataclasses
import json
import pickle
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liftpose.skeleton import Skeleton
from liftpose.skeleton.target_sets import TargetSets

DOG = Skeleton(
    ["nose", "neck", "tail", "left_paw", "right_paw", "ear"],
    bones=[("nose", "neck"), ("neck", "tail"), ("neck", "left_paw"), ("neck", "right_paw")],
    roots=["neck", "tail"],
    target_sets=[["nose", "tail"], ["left_paw", "right_paw"]],
    limbs=[["nose", "ear", "neck", "tail"], ["left_paw"], ["right_paw"]],
    colors=[[0, 0, 0], [255, 0, 0], [0, 0, 255]],
    pairs=[("left_paw", "right_paw")],
    rigid=[("nose", "neck")],
    unit="cm",
)


@st.composite
def skeletons(draw):
    """Skeletons of which anything but the joints may be unsaid."""
    names = draw(
        st.lists(
            st.text(min_size=1, max_size=8).filter(str.strip), min_size=1, max_size=8, unique=True
        )
    )
    joint = st.integers(0, len(names) - 1)
    bones = st.lists(
        st.tuples(joint, joint).filter(lambda pair: pair[0] != pair[1]),
        unique_by=frozenset,
        max_size=6 if len(names) > 1 else 0,
    )
    order = draw(st.permutations(range(len(names))))
    root_count = draw(st.integers(0, len(names) // 2))
    roots, targets = order[:root_count], order[root_count:]
    given_sets = draw(st.booleans()) and root_count
    limbs = draw(
        st.just([]) | st.lists(st.integers(0, 5), min_size=len(names), max_size=len(names))
    )
    shade = st.integers(0, 255)
    colors = st.lists(st.tuples(shade, shade, shade), min_size=max(limbs, default=0) + 1)
    return Skeleton(
        names,
        bones=draw(bones),
        roots=roots,
        target_sets=[targets[n::root_count] for n in range(root_count)] if given_sets else (),
        limbs=limbs,
        colors=draw(st.just([]) | colors) if limbs else (),
        pairs=draw(st.just([]) | st.just(list(zip(order[::2], order[1::2], strict=False)))),
        rigid=draw(st.none() | bones),
        unit=draw(st.none() | st.sampled_from(["mm", "body lengths", "µm"])),
    )


def test_joints_are_meant_by_name_or_index_in_any_kind_of_list():
    by_index = Skeleton(
        np.array(DOG.joints),
        bones=np.array([[0, 1], [1, 2], [1, 3], [1, 4]]),
        roots=np.array([1, 2]),
        target_sets=np.array([[0, 2], [3, 4]]),
        limbs=np.array([0, 0, 0, 1, 2, 0]),
        colors=np.array([[0, 0, 0], [255.0, 0, 0], [0, 0, 255]]),
        pairs=(("left_paw", 4),),
        rigid=iter([[0, "neck"]]),
        unit="cm",
    )
    assert by_index == DOG
    assert hash(by_index) == hash(DOG)
    assert type(by_index.joints[0]) is str
    assert type(by_index.colors[1][0]) is int


def test_what_a_skeleton_says_is_kept_as_indices():
    assert DOG.bones == ((0, 1), (1, 2), (1, 3), (1, 4))
    assert DOG.roots == (1, 2)
    assert DOG.target_sets == ((0, 2), (3, 4))
    assert DOG.limbs == (0, 0, 0, 1, 2, 0)
    assert DOG.colors == ((0, 0, 0), (255, 0, 0), (0, 0, 255))
    assert DOG.pairs == ((3, 4),)
    assert DOG.rigid == ((0, 1),)
    assert DOG.joint_count == 6


def test_everything_but_the_joints_may_be_left_out():
    bare = Skeleton(["a", "b"])
    assert (
        bare
        == Skeleton(["a", "b"], [], [], [], [], [], [], None)
        == Skeleton(["a", "b"], limbs={}, bones=np.empty((0, 2)))
    )
    assert bare.as_dict() == {"joints": ["a", "b"]}
    with pytest.raises(TypeError, match="joints"):
        Skeleton()


def test_saying_that_nothing_is_rigid_is_not_saying_nothing():
    silent, soft = Skeleton(["a", "b"]), Skeleton(["a", "b"], rigid=[])
    assert silent.rigid is None
    assert soft.rigid == ()
    assert silent != soft
    assert Skeleton.from_dict(soft.as_dict()) == soft
    assert soft.subset(["a"]).rigid == ()


def test_limbs_as_numbers_lists_and_dicts_are_the_same():
    joints = ["hip", "paw", "knee"]
    numbers = Skeleton(joints, limbs=[0, 1, 0])
    assert Skeleton(joints, limbs=[["hip", "knee"], ["paw"]]) == numbers
    assert Skeleton(joints, limbs={"leg": ["hip", 2], "arm": ["paw"]}) == numbers


def test_it_never_changes_and_can_be_copied():
    with pytest.raises(dataclasses.FrozenInstanceError):
        DOG.unit = "mm"
    assert DOG.sets.joint_count == 6
    for twin in (copy.deepcopy(DOG), pickle.loads(pickle.dumps(DOG))):
        assert twin == DOG
        assert {DOG: "dog"}[twin] == "dog"
    assert dataclasses.replace(DOG, unit="mm").unit == "mm"
    assert dataclasses.replace(DOG, unit="mm") != DOG


def test_a_joint_is_found_by_name_and_an_index_is_checked():
    assert DOG.index("tail") == 2
    assert DOG.index(np.int64(2)) == 2
    with pytest.raises(ValueError, match=r"no joint 'Left_paws'.*mean 'left_paw'"):
        DOG.index("Left_paws")
    with pytest.raises(ValueError, match="joint 6 does not exist; there are 6 joints, 0 to 5"):
        DOG.index(6)
    with pytest.raises(TypeError, match="True is neither"):
        DOG.index(True)


def test_unnamed_joints_are_called_by_their_numbers():
    legs = Skeleton.unnamed(5, roots=[0, 3], target_sets=[[1, 2], [4]])
    assert legs.joints == ("0", "1", "2", "3", "4")
    assert legs.sets == TargetSets.resolve([0, 3], [[1, 2], [4]], 5)
    assert Skeleton.unnamed(3, [0], [1, 2]).sets == TargetSets.resolve([0], [1, 2], 3)
    with pytest.raises(ValueError, match="joints is empty"):
        Skeleton.unnamed(0)


def skeleton(joints="abcd", **said):
    return Skeleton(list(joints), **said)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"joints": ""}, "joints is empty"),
        ({"joints": "aba"}, "joints 0 and 2 are both called 'a'"),
        ({"joints": ["a", " "]}, "joint 1 is called ' '"),
        ({"joints": ["a", "\ud800"]}, "joint 1 is called"),
        ({"bones": ["ab"]}, "bones holds 'ab'; expected pairs"),
        ({"bones": [["a", "b", "c"]]}, "bones holds .*expected pairs"),
        ({"bones": [["a", "a"]]}, "bones has 'a' together with itself"),
        ({"bones": [["a", "b"], [1, 0]]}, "'b' and 'a' together twice"),
        ({"bones": [["a", 4]]}, "bones: joint 4 does not exist; there are 4 joints, 0 to 3"),
        ({"bones": [["a", -1]]}, "bones: joint -1 does not exist"),
        ({"rigid": [["a", "A"]]}, "rigid has no joint 'A'. Did you mean 'a'"),
        ({"roots": ["x"]}, "roots has no joint 'x'. There are 'a', 'b', 'c', 'd'"),
        ({"target_sets": [["a"]]}, "target_sets need roots"),
        ({"roots": ["a"], "target_sets": [["b"], ["c"]]}, "1 roots but 2 target sets"),
        ({"roots": ["a", "b"], "target_sets": ["c"]}, "one flat list, but there are 2 roots"),
        ({"roots": ["a"], "target_sets": [["b", "a"]]}, "root 'a' is in its own target set"),
        ({"roots": ["a", "b"], "target_sets": [["c"], ["c"]]}, "joint 'c' is in two target sets"),
        ({"roots": ["a"], "target_sets": [["x"]]}, "target_sets has no joint 'x'"),
        ({"limbs": [0, 1]}, "limbs has 2 numbers, but there are 4 joints"),
        ({"limbs": [0, 0, -1, 0]}, "joint 'c' is of limb -1"),
        ({"limbs": [0, 0, 0, 10**12]}, "joint 'd' is of limb 10+;"),
        ({"limbs": [["a"], ["b", "c"]]}, "joint 'd' is in no limb"),
        ({"limbs": [["a", "b"], ["b", "c", "d"]]}, "joint 'b' is in limb 0 and in limb 1"),
        ({"limbs": [["a", "a"]]}, "limbs has joint 'a' 2 times"),
        ({"limbs": [["a"]] + [[]] * 1000}, "1001 limbs"),
        ({"colors": [[0, 0, 0]]}, "limbs, which says the limb of each joint, is missing"),
        ({"limbs": [0, 1, 2, 1], "colors": [[0, 0, 0]] * 2}, "joint 'c' is of limb 2.*2 colors"),
        ({"limbs": [0] * 4, "colors": [[0, 0, 256]]}, "color of limb 0 is .*256"),
        ({"limbs": [0] * 4, "colors": [[0, 0, np.nan]]}, "color of limb 0 is .*nan"),
        ({"limbs": [0] * 4, "colors": [0, 0, 0]}, "color of limb 0 is 0; expected red"),
        ({"limbs": [0] * 4, "colors": ["red"]}, "color of limb 0 is 'red'"),
        ({"pairs": [["a", "b"], ["c", "a"]]}, "pairs has 'a' in two pairs"),
        ({"unit": " "}, "unit is ' '"),
    ],
)
def test_what_makes_no_sense(said, words):
    with pytest.raises(ValueError, match=words):
        skeleton(**said)


@pytest.mark.parametrize(
    "said",
    [
        {"bones": 3},
        {"bones": [["a", 1.0]]},
        {"roots": "a"},
        {"roots": np.array(0)},
        {"roots": [True]},
        {"roots": {"a"}},
        {"roots": {"a": ["b"]}},
        {"roots": ["a"], "target_sets": [["b"], "c"]},
        {"limbs": ["a", "b", "c", "d"]},
        {"limbs": [0, 0, 0, 1.5]},
        {"limbs": {"leg": "abcd"}},
        {"colors": 3},
        {"unit": 3},
    ],
)
def test_what_is_of_the_wrong_kind(said):
    with pytest.raises(TypeError, match="expected|neither"):
        skeleton(**said)


@pytest.mark.parametrize("joints", ["abc", 3, ["a", 1], [b"a"], None])
def test_joints_that_are_no_list_of_names(joints):
    with pytest.raises((TypeError, ValueError), match="expected|joints is empty"):
        Skeleton(joints)


def test_given_target_sets_are_those_of_the_skeleton():
    assert DOG.sets == TargetSets.resolve([1, 2], [[0, 2], [3, 4]], 6)
    assert Skeleton(["a", "b", "c"], roots=["b"], target_sets=["a", 2]).sets.targets == (0, 2)


def test_target_sets_that_are_not_given_are_found_from_the_bones():
    assert DOG.sets.unused == (5,)
    bones_alone = dataclasses.replace(DOG, roots=(), target_sets=())
    assert bones_alone.sets == TargetSets.resolve([1], [0, 2, 3, 4], 6)
    roots_alone = dataclasses.replace(DOG, roots=("neck",), target_sets=())
    assert roots_alone.sets == bones_alone.sets


def test_without_bones_and_target_sets_it_is_said_what_to_give():
    with pytest.raises(ValueError, match="no roots and no bones. Give roots and target_sets, or"):
        _ = Skeleton(["a", "b"]).sets
    with pytest.raises(ValueError, match="roots, but no target_sets and no bones"):
        _ = Skeleton(["a", "b"], roots=["a", "b"]).sets


@given(skeletons())
def test_a_skeleton_comes_back_from_its_dict_and_from_json(animal):
    said = animal.as_dict()
    assert Skeleton.from_dict(said) == animal
    assert Skeleton.from_dict(json.loads(json.dumps(said))) == animal


def test_dicts_that_are_no_skeleton():
    with pytest.raises(ValueError, match="no 'joint'. Did you mean 'joints'"):
        Skeleton.from_dict({"joint": ["a"]})
    with pytest.raises(ValueError, match="no 'joints'; list"):
        Skeleton.from_dict({"bones": []})
    with pytest.raises(TypeError, match="mapping"):
        Skeleton.from_dict([("joints", ["a"])])


def facts(animal):
    """What a skeleton says, by name and without an order of the joints."""

    def named(pairs):
        return [(animal.joints[a], animal.joints[b]) for a, b in pairs]

    return (
        {name: animal.limbs[joint] for joint, name in enumerate(animal.joints) if animal.limbs},
        *map(named, (animal.bones, animal.pairs, animal.rigid or ())),
        (animal.colors, animal.unit, animal.rigid is None),
    )


@given(skeletons(), st.data())
def test_a_subset_says_of_its_joints_what_the_whole_says(animal, data):
    animal = dataclasses.replace(animal, roots=(), target_sets=())
    kept = data.draw(st.lists(st.sampled_from(animal.joints), min_size=1, unique=True))
    part = animal.subset(kept)
    assert part.joints == tuple(kept)
    limbs, bones, pairs, rigid, others = facts(animal)
    assert facts(part) == (
        {name: limb for name, limb in limbs.items() if name in kept},
        *([pair for pair in every if {*pair} <= {*kept}] for every in (bones, pairs, rigid)),
        others,
    )
    assert animal.subset(animal.joints) == animal


def test_a_subset_keeps_the_given_roots_whose_targets_stay():
    part = DOG.subset(["tail", "right_paw", "nose", "neck"])
    assert part.as_dict()["roots"] == ["neck", "tail"]
    assert part.as_dict()["target_sets"] == [["nose", "tail"], ["right_paw"]]
    head = DOG.subset([1, 0, 2])
    assert head.sets == TargetSets.resolve([0], [1, 2], 3)
    assert DOG.subset(DOG.joints) == DOG
    assert DOG.subset(["neck", "tail", "ear"]).roots == (0,)


def test_a_root_stays_one_where_all_targets_go():
    assert DOG.subset(["neck", "ear"]).roots == (0,)


def test_a_root_that_goes_with_all_its_targets_is_no_error():
    assert DOG.subset(["tail", "left_paw", "ear"]).as_dict() == {
        "joints": ["tail", "left_paw", "ear"],
        "unit": "cm",
        "rigid": [],
        "roots": ["tail"],
        "target_sets": [["left_paw"]],
        "limbs": [0, 1, 0],
        "colors": [[0, 0, 0], [255, 0, 0], [0, 0, 255]],
    }


def test_a_subset_without_a_root_that_is_needed():
    with pytest.raises(ValueError, match=r"root 'tail' is left out.*stays: 'left_paw'"):
        DOG.subset(["nose", "neck", "left_paw"])
    free = dataclasses.replace(DOG, roots=(), target_sets=()).subset(["nose", "neck", "left_paw"])
    assert free.sets == TargetSets.resolve([1], [0, 2], 3)


def test_targets_of_a_given_root_stay_its_targets_across_a_joint_that_goes():
    leg = Skeleton(["hip", "knee", "toe"], bones=[(0, 1), (1, 2)], roots=["hip"])
    part = leg.subset(["hip", "toe"])
    assert part.bones == ()
    assert part.sets == TargetSets.resolve([0], [1], 2)


def test_roots_without_bones_and_target_sets_are_kept():
    assert Skeleton(["a", "b", "c"], roots=["a", "c"]).subset(["b", "c"]).roots == (1,)


@pytest.mark.parametrize(
    ("joints", "words"),
    [
        ([], "subset names no joint"),
        (["nose", 0], "subset has joint 'nose' 2 times"),
        (["snout"], "subset has no joint 'snout'"),
        ([17], "joint 17 does not exist"),
    ],
)
def test_subsets_that_make_no_sense(joints, words):
    with pytest.raises(ValueError, match=words):
        DOG.subset(joints)


def test_it_prints_itself_in_a_few_lines():
    assert str(DOG).splitlines() == [
        "Skeleton of 6 joints, 4 bones, 3 limbs and 1 left-right pair, in cm",
        "  joints  nose, neck, tail, left_paw, right_paw, ear",
        "  root    neck: nose, tail",
        "  root    tail: left_paw, right_paw",
        "  unused  ear",
    ]
    assert "and 92 more" in str(Skeleton.unnamed(100))
    assert "Give roots and target_sets" in str(Skeleton.unnamed(1))


class Table(HTMLParser):
    """Rows of a table, and its tags."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.tags = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows:
            self.rows[-1][-1] += data


def test_it_shows_itself_as_a_table_in_jupyter():
    rows = Table(DOG._repr_html_()).rows[1:]
    assert rows[1] == ["1", "neck", "nose, tail, left_paw, right_paw", "root", " 0", ""]
    assert rows[2] == ["2", "tail", "neck", "root; neck", " 0", ""]
    assert rows[3] == ["3", "left_paw", "neck", "tail", " 1", "right_paw"]
    assert 'fill="none" stroke="#ff0000"' in DOG._repr_html_()
    assert DOG._repr_html_().startswith("<div")
    assert "Diagram of the skeleton" in DOG._repr_html_()
    assert Table(Skeleton(["a"], limbs=[3])._repr_html_()).rows[1] == ["0", "a", "", "", " 3", ""]


def test_names_are_text_in_html_whatever_they_hold():
    sly = Skeleton(["<b>x</b>", "&amp;"], bones=[(0, 1)], pairs=[(0, 1)], unit="<i>")
    table = Table(sly._repr_html_())
    assert table.rows[1] == ["0", "<b>x</b>", "&amp;", "root", "", "&amp;"]
    assert not table.tags & {"b", "i"}


def test_one_root_and_nothing_else_has_all_others_as_targets():
    skeleton = Skeleton(["nose", "neck", "tail"], roots=["neck"])
    assert skeleton.sets.sets == ((0, 2),)
    with pytest.raises(ValueError, match="roots, but no target_sets"):
        _ = Skeleton(["nose", "neck", "tail"], roots=["neck", "tail"]).sets
