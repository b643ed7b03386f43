"""Poses of experiments: what is accepted, what is refused and in which words."""

import numpy as np
import pytest

from liftpose.poses import Poses, check_pair


def poses(frames=4, joints=5, dims=3, seed=0):
    return np.random.default_rng(seed).normal(size=(frames, joints, dims))


def test_experiments_follow_each_other_in_the_order_given():
    first, second = poses(4), poses(3, seed=1)
    table = Poses.from_experiments({"b": first, "a": second})
    np.testing.assert_array_equal(table.points, np.concatenate([first, second]))
    np.testing.assert_array_equal(table.experiment, [0, 0, 0, 0, 1, 1, 1])
    assert table.keys == ("b", "a")


def test_the_mask_becomes_nan_and_the_callers_values_are_kept():
    given = poses()
    mask = np.ones(given.shape, dtype=bool)
    mask[1, 2] = False
    before = given.copy(), mask.copy()
    table = Poses.from_experiments(given, mask)
    assert np.isnan(table.points[1, 2]).all()
    assert np.isnan(table.points).sum() == 3
    np.testing.assert_array_equal(table.given, given)
    np.testing.assert_array_equal(given, before[0])
    np.testing.assert_array_equal(mask, before[1])


def test_the_table_does_not_share_memory_with_the_caller():
    given = poses()
    table = Poses.from_experiments(given)
    given[:] = 7
    assert not (table.points == 7).any()
    assert not table.points.flags.writeable


def test_integer_pixels_and_masked_arrays():
    whole = Poses.from_experiments(np.arange(24).reshape(3, 4, 2))
    assert whole.points.dtype == np.float64
    masked = np.ma.masked_equal(np.arange(24).reshape(3, 4, 2), 5)
    assert np.argwhere(np.isnan(Poses.from_experiments(masked).points)).tolist() == [[0, 2, 1]]


@pytest.mark.parametrize(
    ("key", "plain"),
    [
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (np.str_("fly"), "fly"),
        (("fly", np.int32(2)), ("fly", 2)),
        ((1, ("a", 2.5)), (1, ("a", 2.5))),
    ],
)
def test_keys_become_pythons_own(key, plain):
    (found,) = Poses.from_experiments({key: poses()}).keys
    assert found == plain
    assert type(found) is type(plain)


@pytest.mark.parametrize("key", [None, frozenset({1}), b"fly", ("fly", None)])
def test_other_keys_are_refused(key):
    with pytest.raises(TypeError, match="expected a string, a number, or a tuple of those"):
        Poses.from_experiments({key: poses()}, name="train_3d")


@pytest.mark.parametrize(
    ("experiments", "error", "words"),
    [
        ({}, ValueError, "train_3d is an empty dict"),
        (
            {"fly": poses()[:0]},
            ValueError,
            "experiment 'fly': shape is .0, 5, 3.; there is nothing",
        ),
        ({"fly": poses()[:, :0]}, ValueError, "there is nothing in it"),
        (poses()[0], ValueError, r"shape is \(5, 3\); expected \(frames, joints, 2\) or"),
        (poses(dims=4), ValueError, r"shape is \(4, 5, 4\); expected"),
        ({"fly": poses().astype(str)}, TypeError, "experiment 'fly': values are of type <U"),
        (poses() > 0, TypeError, "values are of type bool"),
        (poses() + 1j, TypeError, "values are of type complex"),
        ({"a": poses(), "b": poses(joints=6)}, ValueError, "'b' has 6 joints .* 'a' has 5"),
    ],
)
def test_what_makes_no_table_is_refused(experiments, error, words):
    with pytest.raises(error, match=words):
        Poses.from_experiments(experiments, name="train_3d")


def test_infinities_are_named():
    given = poses()
    given[2, 3, 1] = -np.inf
    with pytest.raises(ValueError, match="experiment 'fly': frame 2, joint 3 is infinite"):
        Poses.from_experiments({"fly": given})


@pytest.mark.parametrize(
    ("mask", "error", "words"),
    [
        (
            {"fly": np.ones((4, 5), bool)},
            ValueError,
            r"keypts, experiment 'fly': shape is \(4, 5\)",
        ),
        ({"bee": np.ones((4, 5, 3), bool)}, ValueError, "'bee'.*'fly'"),
        ({"fly": np.full((4, 5, 3), 0.5)}, TypeError, "other values than True and False"),
    ],
)
def test_masks_that_do_not_fit(mask, error, words):
    with pytest.raises(error, match=words):
        Poses.from_experiments({"fly": poses()}, mask, mask_name="keypts")


def test_pairs_are_matched_by_name_not_by_order():
    flat = Poses.from_experiments({"b": poses(3, dims=2), "a": poses(4, dims=2, seed=1)})
    deep = Poses.from_experiments({"a": poses(4), "b": poses(3)})
    matched = check_pair(flat, deep, ("train_2d", "train_3d"))
    assert matched.keys == ("a", "b")
    np.testing.assert_array_equal(
        matched.points, np.concatenate([flat.points[3:], flat.points[:3]])
    )


@pytest.mark.parametrize(
    ("flat", "deep", "words"),
    [
        ({"fly": poses(4)}, {"fly": poses(3)}, "'fly': train_2d has 4 frames and train_3d has 3"),
        ({"fly": poses(joints=6)}, {"fly": poses()}, "train_2d has 6 joints and train_3d has 5"),
        ({"a": poses(), "b": poses()}, {"a": poses()}, "'b' is in train_2d but not in train_3d"),
        ({"a": poses()}, {"a": poses(), "b": poses()}, "'b' is in train_3d but not in train_2d"),
        (poses(), {"a": poses()}, "the unnamed array is in train_2d but not in train_3d"),
    ],
)
def test_pairs_that_do_not_fit(flat, deep, words):
    with pytest.raises(ValueError, match=words):
        check_pair(
            Poses.from_experiments(flat), Poses.from_experiments(deep), ("train_2d", "train_3d")
        )


def named(frames=4, joints=("nose", "paw", "tail"), **about):
    rng = np.random.default_rng(0)
    return Poses.from_experiments(
        rng.normal(size=(frames, len(joints), 2)),
        joints=joints,
        confidence=rng.uniform(size=(frames, len(joints))),
        **about,
    )


def test_what_is_known_of_poses_stays_with_their_parts():
    poses = Poses.from_experiments(
        {"a": np.zeros((4, 2, 3)), "b": np.ones((3, 2, 3))},
        confidence={"b": np.full((3, 2), 0.5), "a": np.full((4, 2), 0.25)},
        joints=["hip", "knee"],
        individuals=["ann", "bob"],
        fps=50,
        unit="mm",
        frame="camera",
        source_file="a.h5",
    )
    part = poses.part(2, 6)
    assert (part.keys, part.lengths, part.individuals) == (("a", "b"), (2, 2), ("ann", "bob"))
    assert (part.joints, part.fps, part.unit, part.frame) == (("hip", "knee"), 50.0, "mm", "camera")
    np.testing.assert_array_equal(part.points[:, 0, 0], [0, 0, 1, 1])
    np.testing.assert_array_equal(part.confidence[:, 0], [0.25, 0.25, 0.5, 0.5])
    alone = poses.only("b")
    assert (alone.keys, alone.lengths, alone.individuals) == (("b",), (3,), ("bob",))
    np.testing.assert_array_equal(alone.confidence, np.full((3, 2), 0.5, np.float32))
    with pytest.raises(KeyError, match="no experiment 'c'"):
        poses.only("c")


def test_joined_parts_are_the_whole():
    poses = Poses.from_experiments({"a": np.zeros((4, 2, 3)), "b": np.ones((3, 2, 3))}, fps=50)
    whole = Poses.joined([poses.only("a"), poses.only("b")])
    np.testing.assert_array_equal(whole.points, poses.points)
    assert (whole.keys, whole.lengths, whole.fps) == (poses.keys, poses.lengths, 50)
    with pytest.raises(ValueError, match="'a' is there twice"):
        Poses.joined([poses, poses.only("a")])
    slow = Poses.from_experiments({"c": np.zeros((4, 2, 3))}, fps=25)
    assert Poses.joined([poses, slow]).fps is None
    with pytest.raises(ValueError, match="differ in joints"):
        Poses.joined([poses, Poses.from_experiments({"c": np.zeros((4, 3, 3))})])
    with pytest.raises(ValueError, match="differ in coordinates: 3 and 2"):
        Poses.joined([poses, Poses.from_experiments({"c": np.zeros((4, 2, 2))})])
    with pytest.raises(ValueError, match="no poses to join"):
        Poses.joined([])


def stating(key, **statements):
    return Poses.from_experiments({key: np.zeros((4, 2, 3))}, **statements)


@pytest.mark.parametrize(
    ("name", "value", "other"), [("unit", "mm", "cm"), ("frame", "world", "camera")]
)
def test_a_unit_that_some_poses_state_is_that_of_all_with_a_warning(name, value, other):
    silent, one, two = stating("a"), stating("b", **{name: value}), stating("c", **{name: value})
    assert getattr(Poses.joined([one, two]), name) == value
    assert getattr(Poses.joined([silent, stating("d")]), name) is None
    words = f"no {name} is stated of the poses of 'a': .* '{value}', as stated of 'b'"
    for parts in ([silent, one, two], [one, silent, two]):
        with pytest.warns(UserWarning, match=words) as warned:
            assert getattr(Poses.joined(parts), name) == value
        assert warned[0].filename == __file__
    contrary = stating("d", **{name: other})
    words = f"'b' and .*'d' differ in {name}: {value} and {other}"
    for parts in ([one, contrary], [silent, one, contrary], [one, silent, contrary]):
        with pytest.raises(ValueError, match=words):
            Poses.joined(parts)


def test_unsure_joints_are_taken_out_and_kept_as_given():
    poses = named(frames=50)
    sure = poses.sure(0.6)
    np.testing.assert_array_equal(np.isnan(sure.points[..., 0]), poses.confidence < 0.6)
    np.testing.assert_array_equal(sure.given, poses.points)
    unknown = Poses.from_experiments(poses.points, confidence=np.full((50, 3), np.nan))
    assert unknown.sure(0.6) is unknown


def test_joints_are_matched_by_name():
    poses = named()
    matched = poses.matched(["tail", "nose"])
    assert matched.joints == ("tail", "nose")
    np.testing.assert_array_equal(matched.points, poses.points[:, [2, 0]])
    np.testing.assert_array_equal(matched.confidence, poses.confidence[:, [2, 0]])
    renamed = poses.matched(["hand", "nose"], rename={"paw": "hand"})
    np.testing.assert_array_equal(renamed.points, poses.points[:, [1, 0]])
    by_order = poses.matched(["x", "y", "z"], by_order=True)
    assert by_order.joints == ("x", "y", "z")
    np.testing.assert_array_equal(by_order.points, poses.points)


@pytest.mark.parametrize(
    ("match", "words"),
    [
        (lambda p: p.matched(["nose", "left_paw"]), "no 'left_paw'; it has 'paw', 'tail' besides"),
        (lambda p: p.matched(["nose", "left_paw"]), r"perhaps 'paw' for 'left_paw'\?"),
        (lambda p: p.matched(["nose"], rename={"pew": "x"}), "no joint 'pew'. Did you mean 'paw'"),
        (lambda p: p.matched(["nose"], rename={"paw": "nose"}), "the joint 'nose' twice"),
        (lambda p: p.matched(["a", "b"], by_order=True), "3 joints, and 2 are expected"),
    ],
)
def test_joints_that_do_not_match_are_named(match, words):
    with pytest.raises(ValueError, match=words):
        match(named(source_file="walk.h5"))
    with pytest.raises(ValueError, match="^(rename: |after renaming, )?walk.h5 has"):
        match(named(source_file="walk.h5"))


def test_poses_without_names_are_not_matched():
    with pytest.raises(ValueError, match="has no joint names"):
        Poses.from_experiments(np.zeros((2, 3, 2))).matched(["a", "b", "c"])


def test_a_pair_with_names_is_brought_into_one_order():
    flat, deep = (
        named(),
        Poses.from_experiments(np.zeros((4, 3, 3)), joints=["tail", "nose", "paw"]),
    )
    matched = check_pair(flat, deep, ("poses_2d", "poses_3d"))
    np.testing.assert_array_equal(matched.points, flat.points[:, [2, 0, 1]])


@pytest.mark.parametrize(
    ("about", "kind", "words"),
    [
        ({"confidence": np.zeros((4, 2))}, ValueError, r"shape is \(4, 2\); expected \(4, 3\)"),
        ({"confidence": {"a": np.zeros((4, 3))}}, ValueError, "confidence is of the experiments"),
        ({"confidence": np.full((4, 3), "x")}, TypeError, "expected numbers"),
        ({"joints": ["a", "b"]}, ValueError, "2 joint names for 3 joints"),
        ({"joints": ["a", "b", "a"]}, ValueError, "the joint 'a' twice"),
        ({"joints": "abc"}, TypeError, "expected a list of names"),
        ({"individuals": ["a", "b"]}, ValueError, "2 individuals for 1 experiments"),
        ({"fps": 0}, ValueError, "fps is 0"),
        ({"frame": "body"}, ValueError, "expected 'world' or 'camera'"),
    ],
)
def test_what_is_said_of_poses_is_checked(about, kind, words):
    with pytest.raises(kind, match=words):
        Poses.from_experiments(np.zeros((4, 3, 2)), **about)


def test_float32_stays_and_need_not_be_copied():
    given = np.zeros((4, 3, 2), np.float32)
    assert Poses.from_experiments(given).points.dtype == np.float32
    assert not np.shares_memory(Poses.from_experiments(given).points, given)
    assert np.shares_memory(Poses.from_experiments(given, copy=False).points, given)
    assert given.flags.writeable


def test_further_numbers_go_where_their_joints_go():
    table = np.arange(12.0).reshape(4, 3)
    poses = Poses.from_experiments(
        {"a": np.zeros((4, 3, 2)), "b": np.ones((4, 3, 2))},
        joints=["x", "y", "z"],
        extra={"error": {"a": table, "b": table + 100}},
        provenance={"made by": "hand"},
    )
    assert (
        poses.only("b").matched(["z", "x"]).extra["error"].tolist()
        == (table[:, [2, 0]] + 100).tolist()
    )
    assert poses.part(3, 5).extra["error"].tolist() == [[9, 10, 11], [100, 101, 102]]
    assert poses.every(3).extra["error"][:, 0].tolist() == [0, 9, 106]
    again = Poses.joined(
        [
            poses.only("a"),
            Poses.from_experiments({"c": np.zeros((1, 3, 2))}, joints=["x", "y", "z"]),
        ]
    )
    assert np.isnan(again.extra["error"][-1]).all()
    assert again.provenance == {}
    assert Poses.joined([poses.only("a"), poses.only("b")]).provenance == {"made by": "hand"}
    with pytest.raises(ValueError, match="read-only"):
        poses.extra["error"][0, 0] = 1


@pytest.mark.parametrize(
    ("extra", "error", "words"),
    [
        ({"error": np.zeros((4, 2))}, ValueError, "error: shape is"),
        ({"confidence": np.zeros((4, 3))}, ValueError, "poses have that already"),
        ({"error": np.full((4, 3), "a")}, TypeError, "expected numbers"),
        ({3: np.zeros((4, 3))}, TypeError, "expected a text"),
    ],
)
def test_further_numbers_that_do_not_fit_are_refused(extra, error, words):
    with pytest.raises(error, match=words):
        Poses.from_experiments(np.zeros((4, 3, 2)), extra=extra)


def test_they_say_what_they_are_in_one_line():
    seen = Poses.from_experiments(
        {"a": np.zeros((30, 4, 2)), "b": np.zeros((20, 4, 2))},
        confidence={"a": np.ones((30, 4)), "b": np.ones((20, 4))},
        unit="px",
        fps=100,
    )
    assert repr(seen) == (
        "<Poses: 2D, 50 frames, 4 joints, 2 experiments in px, 100 frames/s, with confidence>"
    )
    deep = Poses.from_experiments(np.zeros((3, 2, 3)), unit="mm", frame="camera")
    assert repr(deep) == "<Poses: 3D, 3 frames, 2 joints, 1 experiment in mm, camera frame>"
    assert repr(Poses.from_experiments(np.zeros((1, 2, 2)))).count("\n") == 0
