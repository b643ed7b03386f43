"""DeepLabCut's tables: against movement and pandas where they read them, and where they do not."""

import pickle

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import recordings
from liftpose.io import open_poses, read_poses, write_poses
from liftpose.poses import Poses

FOLDER = recordings.data_folder() / "raw" / "deeplabcut"
FILES = ("CollectedData_Mackenzie.h5", "reachingDEMO_2D.h5", "reachingDEMO_3D.h5")


def recorded(name: str):
    if not (FOLDER / name).is_file():
        pytest.skip("DeepLabCut's files are not here (LIFTPOSE_DATA names the folder)")
    return FOLDER / name


def of_movement(path):
    """What movement makes of a file: positions and confidence of every individual."""
    pytest.importorskip("movement", reason="needs the extra io")
    from movement.io import load_dataset

    return load_dataset(path, source_software="DeepLabCut")


@pytest.mark.parametrize("name", FILES)
def test_real_files_are_read_as_movement_reads_them(name):
    poses, theirs = read_poses(recorded(name)), of_movement(recorded(name))
    values = theirs.position.transpose("individuals", "time", "keypoints", "space").values
    np.testing.assert_array_equal(poses.points, values[0])
    assert poses.joints == tuple(theirs.keypoints.values)
    assert (poses.keys, poses.fps, poses.individuals) == (("",), None, None)
    assert (poses.unit, poses.dims) == ((None, 3) if "3D" in name else ("px", 2))
    assert poses.source_file == recorded(name).as_posix()
    sure = theirs.confidence.transpose("individuals", "time", "keypoints").values[0]
    if "2D" in name:
        np.testing.assert_array_equal(poses.confidence, sure.astype(np.float32))
    else:
        assert poses.confidence is None


def test_labels_as_text_are_those_in_hdf5():
    text, table = (read_poses(recorded(f"CollectedData_Mackenzie.{end}")) for end in ("csv", "h5"))
    np.testing.assert_allclose(text.points, table.points, rtol=1e-15)
    assert text.joints == table.joints == ("Hand", "Finger1", "Tongue", "Joystick1", "Joystick2")
    assert np.isnan(text.points[0, 2]).all()
    np.testing.assert_allclose(text.points[0, 0], [185.25173502386923, 610.3622760638572])


def test_a_real_file_a_few_frames_at_a_time():
    path = recorded("reachingDEMO_2D.h5")
    with open_poses(path, fps=150) as file:
        assert (file.about.format, file.about.frames, file.about.fps) == ("deeplabcut", 800, 150)
        assert (file.about.joint_count, file.about.has_confidence) == (33, True)
        parts = [chunk.points for chunk in file.chunks(300)]
    np.testing.assert_array_equal(np.concatenate(parts), read_poses(path).points)


def table(individuals=("",), joints=("nose", "tail"), coords=("x", "y", "likelihood"), frames=5):
    """A pandas table as DeepLabCut makes them."""
    pd = pytest.importorskip("pandas")
    levels = [["DLC_resnet50"], list(individuals), list(joints), list(coords)]
    names = ["scorer", "individuals", "bodyparts", "coords"]
    if list(individuals) == [""]:
        levels, names = [levels[0], *levels[2:]], [names[0], *names[2:]]
    columns = pd.MultiIndex.from_product(levels, names=names)
    rng = np.random.default_rng(0)
    values = rng.normal(size=(frames, len(columns)))
    sure = columns.get_level_values("coords") == "likelihood"
    values[:, sure] = rng.random((frames, int(sure.sum())))
    values[1, :3] = np.nan
    return pd.DataFrame(values, columns=columns)


def write(frame, path, kind):
    """Write a table in one of the ways that pandas has."""
    if kind == "csv":
        frame.to_csv(path)
    else:
        frame.to_hdf(path, key="df_with_missing", mode="w", format=kind)


@pytest.mark.parametrize("kind", ["csv", "table", "fixed"])
@pytest.mark.parametrize("individuals", [("",), ("mus",), ("mus1", "mus2", "mus3")])
@pytest.mark.parametrize("coords", [("x", "y", "likelihood"), ("x", "y"), ("x", "y", "z")])
def test_every_kind_of_table_gives_what_movement_and_pandas_give(
    kind, individuals, coords, tmp_path
):
    frame = table(individuals, coords=coords)
    path = tmp_path / ("poses.csv" if kind == "csv" else "poses.h5")
    write(frame, path, kind)
    poses = read_poses(path)
    dims = 3 if "z" in coords else 2
    for number, individual in enumerate(individuals):
        one = frame.xs(individual, axis=1, level="individuals") if individual else frame
        tables = [
            one.xs(axis, axis=1, level="coords").to_numpy() for axis in ("x", "y", "z")[:dims]
        ]
        ours = poses.only(individual if len(individuals) > 1 else "")
        np.testing.assert_allclose(ours.points, np.stack(tables, -1), rtol=1e-15)
        if "likelihood" in coords:
            sure = one.xs("likelihood", axis=1, level="coords").to_numpy(dtype=np.float32)
            np.testing.assert_array_equal(ours.confidence, sure)
        theirs = of_movement(path).isel(individuals=number) if individuals != ("mus",) else None
        if theirs is not None:
            values = theirs.position.transpose("time", "keypoints", "space").values
            np.testing.assert_allclose(ours.points, values, rtol=1e-15)
    assert poses.individuals == (None if individuals == ("",) else individuals)


@given(st.permutations(range(12)), st.sampled_from(["csv", "table", "fixed"]))
@settings(max_examples=15)
def test_the_order_of_columns_does_not_matter(tmp_path_factory, order, kind):
    path = tmp_path_factory.mktemp("order") / ("poses.csv" if kind == "csv" else "poses.h5")
    frame = table(("m1", "m2"))
    write(frame.iloc[:, list(order)], path, kind)
    poses = read_poses(path)
    for individual in ("m1", "m2"):
        for number, joint in enumerate(poses.joints):
            for axis, name in enumerate("xy"):
                np.testing.assert_allclose(
                    poses.only(individual).points[:, number, axis],
                    frame["DLC_resnet50", individual, joint, name],
                    rtol=1e-15,
                )


@pytest.mark.parametrize("kind", ["csv", "table", "fixed"])
def test_body_parts_of_one_individual_only_are_unseen_in_the_others(kind, tmp_path):
    frame = table(("m1", "single"), ("nose", "corner"))
    keep = [label[1:3] in (("m1", "nose"), ("single", "corner")) for label in frame.columns]
    frame = frame.loc[:, keep]
    path = tmp_path / ("poses.csv" if kind == "csv" else "poses.h5")
    write(frame, path, kind)
    poses = read_poses(path)
    assert (poses.keys, poses.joints) == (("m1", "single"), ("nose", "corner"))
    corner = frame["DLC_resnet50", "single", "corner"][["x", "y"]]
    np.testing.assert_allclose(poses.only("single").points[:, 1], corner, rtol=1e-15)
    assert np.isnan(poses.only("single").points[:, 0]).all()
    assert np.isnan(poses.only("m1").points[:, 1]).all()


@pytest.mark.parametrize("kind", ["csv", "fixed"])
def test_images_may_be_named_by_the_parts_of_their_path(kind, tmp_path):
    pd = pytest.importorskip("pandas")
    frame = table(coords=("x", "y"))
    names = [("labeled-data", "video, 1", f"img{number}.png") for number in range(5)]
    path = tmp_path / ("labels.csv" if kind == "csv" else "labels.h5")
    write(frame.set_index(pd.MultiIndex.from_tuples(names)), path, kind)
    expected = frame.to_numpy().reshape(5, 2, 2)
    np.testing.assert_allclose(read_poses(path).points, expected, rtol=1e-15)


@pytest.mark.parametrize("kind", ["table", "fixed"])
def test_columns_of_two_precisions_lie_in_two_blocks(kind, tmp_path):
    frame = table()
    single = frame.columns[4]
    frame[single] = frame[single].astype(np.float32)
    write(frame, tmp_path / "poses.h5", kind)
    poses = read_poses(tmp_path / "poses.h5")
    assert poses.joints == ("nose", "tail")
    np.testing.assert_array_equal(poses.points[:, 1, 1], frame[single])
    np.testing.assert_array_equal(poses.points[:, 0, 1], frame["DLC_resnet50", "nose", "y"])


@pytest.mark.parametrize("kind", ["csv", "table", "fixed"])
def test_frames_that_are_left_out_are_not_seen(kind, tmp_path):
    path = tmp_path / ("poses.csv" if kind == "csv" else "poses.h5")
    write(table().iloc[[2, 4]], path, kind)
    poses = read_poses(path)
    np.testing.assert_allclose(poses.points[::2, 0], table().to_numpy()[[2, 4], :2], rtol=1e-15)
    assert np.isnan(poses.points[1]).all()
    assert np.isnan(poses.confidence[1]).all()
    # The table begins with frame 2: a clip, or nobody was seen before.
    assert poses.provenance == {"scorer": "DLC_resnet50", "first_frame": "2"}


@pytest.mark.parametrize("kind", ["csv", "table", "fixed"])
@pytest.mark.parametrize(
    ("order", "words"),
    [([1, 0, 2], "frame 0 follows 1"), ([0, 1, 1], "frame 1 is there twice")],
)
def test_frames_out_of_order_are_refused(kind, order, words, tmp_path):
    path = tmp_path / ("poses.csv" if kind == "csv" else "poses.h5")
    write(table().iloc[order], path, kind)
    with pytest.raises(ValueError, match=rf"{path.name}: {words}"):
        read_poses(path)


def test_numbers_that_can_be_none_of_frames_take_no_memory(tmp_path):
    frame = table(frames=2)
    frame.index = [0, 10**13]
    write(frame, tmp_path / "poses.csv", "csv")
    with pytest.raises(ValueError, match="of which only 2 are there"):
        read_poses(tmp_path / "poses.csv")


class Harmful:
    opened = False

    def __reduce__(self):
        return (_mark, ())


def _mark():
    Harmful.opened = True
    return [("a", "b", "x")]


@pytest.mark.parametrize(
    "place", ["non_index_axes", "info", "values_cols", "table/values_block_0_kind"]
)
def test_a_hostile_table_runs_nothing(place, tmp_path):
    pd = pytest.importorskip("pandas")
    path = tmp_path / "poses.h5"
    write(table(), path, "table")
    with h5py.File(path, "a") as file:
        group, _, name = f"df_with_missing/{place}".rpartition("/")
        file[group].attrs[name] = np.bytes_(pickle.dumps(Harmful(), 0))
    if place in ("table/values_block_0_kind", "non_index_axes"):
        with pytest.raises(ValueError, match=r"poses.h5: the pickle holds more than plain values"):
            read_poses(path)
    else:
        assert read_poses(path).frames == 5
    assert not Harmful.opened
    if place == "non_index_axes":
        # Why pandas does not read it: it would have.
        with pytest.raises(Exception, match=r".*"):
            pd.read_hdf(path).to_numpy().reshape(-1, 7)
        assert Harmful.opened
        Harmful.opened = False


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("scorer,a,a\nbodyparts,n,n\ncoords,x,y\n", "no frames"),
        ("scorer,a,a\nbodyparts,n,n\ncoords,x,y\n0,1\n", "bad.csv"),
        ("scorer,a,a\nbodyparts,n,n\ncoords,x,y\n0,1,two\n", "two"),
        ("scorer,a,a\nbodyparts,n,n\ncoords,x,y\n0,1,inf\n", "infinite"),
        ("scorer,a,a\nbodyparts,n\ncoords,x,y\n0,1,2\n", "differ"),
        ("scorer,a,a\nbodyparts,n,n\ncoords,x,x\n0,1,2\n", "the column n, x is there twice"),
        ("scorer,a,a\nbodyparts,n,n\ncoords,u,v\n0,1,2\n", r"\['u', 'v'\]; expected x and y"),
        ("scorer\nbodyparts\ncoords\n0\n", "bad.csv"),
        ("scorer,a,a\nbodyparts,n,n\ncoords,x,y\n0,1,2\nb,1,2\n", "a row is called 'b'"),
        ("scorer,a,a\nbodyparts,n,n\ncoords,x,y\n0.5,1,2\n", "column 'frame' is 0.5"),
    ],
)
def test_a_damaged_text_is_refused(text, words, tmp_path):
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(ValueError, match=words) as error:
        read_poses(tmp_path / "bad.csv")
    assert "bad.csv" in str(error.value)


def test_tables_of_something_else_are_refused(tmp_path):
    pd = pytest.importorskip("pandas")
    pd.DataFrame({"speed": [1.0, 2.0]}).to_hdf(tmp_path / "speed.h5", key="speed", format="table")
    with pytest.raises(ValueError, match=r"speed.h5: a column is called 'speed'"):
        read_poses(tmp_path / "speed.h5")
    for key in ("a", "b"):
        table().to_hdf(tmp_path / "two.h5", key=key)
    with pytest.raises(ValueError, match=r"it holds 2 tables \(a, b\)"):
        read_poses(tmp_path / "two.h5")


def test_labels_may_be_longer_than_what_is_looked_at_first(tmp_path):
    frame = table(joints=[f"a joint with a long name {number}" for number in range(200)])
    write(frame, tmp_path / "poses.csv", "csv")
    poses = read_poses(tmp_path / "poses.csv")
    np.testing.assert_allclose(poses.points[..., 0], frame.to_numpy()[:, ::3], rtol=1e-15)


def test_other_ways_of_writing_the_same(tmp_path):
    path = tmp_path / "poses.csv"
    write(table(), path, "csv")
    plain, text = read_poses(path), path.read_text()
    first, *rest = text.splitlines()[3:]
    tops = text.splitlines()[:3]
    named = [*tops, "frame" + "," * 6, first, *rest]
    for other in (
        "\ufeff" + text,
        text.replace("\n", "\r\n"),
        "\n".join([*named, ""]),
        text.rstrip("\n"),
        text.replace("\n3,", "\n\n3.0,"),
        text.replace(",,,,", ",NaN,NA,nan,"),
    ):
        path.write_text(other, newline="")
        again = read_poses(path)
        assert (again.joints, again.provenance) == (plain.joints, plain.provenance)
        np.testing.assert_array_equal(again.points, plain.points)


def test_further_coordinates_are_kept_by_name(tmp_path):
    # Anipose's filter of 2D says which points it made up.
    frame = table(coords=("x", "y", "likelihood", "interpolated"))
    write(frame, tmp_path / "poses.h5", "table")
    poses = read_poses(tmp_path / "poses.h5")
    assert list(poses.extra) == ["interpolated"]
    expected = frame.xs("interpolated", axis=1, level="coords").to_numpy()
    np.testing.assert_array_equal(poses.extra["interpolated"], expected)


def test_scores_that_were_never_squashed_are_cut_and_percentages_are_refused(tmp_path):
    frame = table()
    frame["DLC_resnet50", "nose", "likelihood"] = [1.2, -0.1, 0.5, 1.0, np.nan]
    write(frame, tmp_path / "poses.csv", "csv")
    np.testing.assert_allclose(
        read_poses(tmp_path / "poses.csv").confidence[:, 0], [1, 0, 0.5, 1, np.nan]
    )
    frame["DLC_resnet50", "nose", "likelihood"] = [97.0, 3.0, 0.5, 1.0, np.nan]
    write(frame, tmp_path / "poses.csv", "csv")
    with pytest.raises(ValueError, match=r"poses.csv: .* is 97 .*Divide percentages by 100"):
        read_poses(tmp_path / "poses.csv")


@pytest.mark.parametrize("kind", ["csv", "table", "fixed"])
def test_what_deeplabcut_3_fills_up_with_is_not_seen(kind, tmp_path):
    frame = table(("animal0", "animal1"))
    frame.loc[2:3, frame.columns.get_level_values("individuals") == "animal1"] = -1.0
    path = tmp_path / ("poses.csv" if kind == "csv" else "poses.h5")
    write(frame, path, kind)
    poses = read_poses(path).only("animal1")
    assert np.isnan(poses.points[2:4]).all()
    assert np.isnan(poses.confidence[2:4]).all()
    assert np.isfinite(poses.points[[0, 4]]).all()


def seen(individuals=(), dims=2, sure=True, kind=np.float64, frames=4, joints=("nose", "tail")):
    rng = np.random.default_rng(1)
    keys = individuals or ("",)
    tables = {key: rng.normal(size=(frames, len(joints), dims)).astype(kind) for key in keys}
    tables[keys[0]][1, 0] = np.nan
    sures = {key: rng.random((frames, len(joints)), np.float32) for key in keys}
    return Poses.from_experiments(
        tables,
        joints=joints,
        individuals=individuals or None,
        confidence=sures if sure else None,
        provenance={"scorer": "DLC_resnet50_walkJan1shuffle1_100"},
    )


def same(again, poses):
    assert (again.joints, again.individuals, again.keys) == (
        poses.joints,
        poses.individuals,
        poses.keys,
    )
    np.testing.assert_allclose(again.points, poses.points, rtol=1e-7)
    if poses.confidence is None:
        assert again.confidence is None
    else:
        np.testing.assert_array_equal(again.confidence, poses.confidence)


@pytest.mark.parametrize("end", [".csv", ".h5"])
@pytest.mark.parametrize("individuals", [(), ("mus 1", "mus 2")])
@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("sure", [True, False])
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_what_is_written_opens_in_pandas_and_here(end, individuals, dims, sure, kind, tmp_path):
    pd = pytest.importorskip("pandas")
    poses = seen(individuals, dims, sure, kind)
    path = write_poses(poses, tmp_path / f"walk{end}", format="deeplabcut")
    again = read_poses(path)
    same(again, poses)
    assert again.provenance == poses.provenance
    levels = [0, 1, 2, 3] if individuals else [0, 1, 2]
    frame = pd.read_csv(path, header=levels, index_col=0) if end == ".csv" else pd.read_hdf(path)
    assert frame.columns.names[0] == "scorer"
    assert frame.index.tolist() == [0, 1, 2, 3]
    for key in poses.keys:
        for number, joint in enumerate(poses.joints):
            label = (poses.provenance["scorer"], *([key] if individuals else []), joint)
            np.testing.assert_allclose(
                frame[label][["x", "y", "z"][:dims]].to_numpy(),
                poses.only(key).points[:, number],
                rtol=1e-7,
            )


@pytest.mark.parametrize("end", [".csv", ".h5"])
@pytest.mark.parametrize("individuals", [(), ("mus 1", "mus 2")])
@pytest.mark.parametrize(("dims", "sure"), [(2, True), (2, False), (3, False)])
def test_what_is_written_opens_in_movement(end, individuals, dims, sure, tmp_path):
    poses = seen(individuals, dims, sure)
    path = write_poses(poses, tmp_path / f"walk{end}", format="deeplabcut")
    theirs = of_movement(path)
    values = theirs.position.transpose("individuals", "time", "keypoints", "space").values
    np.testing.assert_allclose(values.reshape(poses.points.shape), poses.points, rtol=1e-15)
    assert tuple(theirs.keypoints.values) == poses.joints
    if individuals:
        assert tuple(theirs.individuals.values) == individuals


names = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(
        str.strip
    ),
    min_size=1,
    max_size=4,
    unique=True,
)


@given(names, names, st.sampled_from([".csv", ".h5"]))
@settings(max_examples=40)
def test_every_name_comes_back(tmp_path_factory, joints, individuals, end):
    path = tmp_path_factory.mktemp("names") / f"walk{end}"
    poses = seen(tuple(individuals), joints=tuple(joints))
    again = read_poses(write_poses(poses, path, format="deeplabcut"))
    assert (again.joints, again.individuals) == (poses.joints, poses.individuals)
    np.testing.assert_array_equal(again.points, poses.points)


def test_what_such_a_table_cannot_hold_is_refused(tmp_path):
    two = Poses.from_experiments({"a": np.zeros((3, 1, 2)), "b": np.zeros((2, 1, 2))})
    for poses, name, words in (
        (two, "a.csv", "2 experiments that are not of individuals filmed together"),
        (seen(joints=("nose", " ")), "a.csv", "is called ' '; it needs a name"),
        (seen(joints=("nose", "a\0")), "a.h5", "null character"),
        (seen(), "a.txt", "end in .csv or .h5"),
    ):
        with pytest.raises(ValueError, match=words):
            write_poses(poses, tmp_path / name, format="deeplabcut")
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings(r"ignore:\s*your performance may suffer")
def test_tables_without_frames_or_of_objects_are_refused(tmp_path):
    path = tmp_path / "poses.h5"
    for frame, words in (
        (table().iloc[:0], "no frames"),
        (table().astype(object), "pickled Python objects, which are never loaded"),
    ):
        write(frame, path, "fixed")
        with pytest.raises(ValueError, match=f"poses.h5: .*{words}"):
            read_poses(path)
