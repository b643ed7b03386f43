"""What HDF5 files claim of themselves is checked before it is believed."""

import h5py
import numpy as np
import pytest

from liftpose.io.decoding.hdf5 import attribute, check_heaps, whole

POINT = np.dtype([("x", "<f8"), ("visible", "?"), ("score", "<f8")])


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "values.h5"
    with h5py.File(path, "w") as file:
        file["points"] = np.array([(1.5, True, 0.25), (2.5, False, 0.5)], POINT)
        file["names"] = np.array(["nose", "Schwanz"], dtype=object)
        file["names"].attrs["unit"] = "px"
        file["numbers"] = np.arange(6.0)
        file["pairs"] = np.array([(1, 2), (3, 4)], np.dtype(("<i4", (2,))))
        file["none"] = h5py.Empty("f8")
    return path


def test_sound_values_are_loaded(path):
    with h5py.File(path, "r") as file:
        assert whole(file["points"])["score"].tolist() == [0.25, 0.5]
        assert whole(file["names"]).tolist() == [b"nose", b"Schwanz"]
        assert whole(file["pairs"]).tolist() == [[1, 2], [3, 4]]
        assert attribute(file["names"], "unit") == "px"
        assert attribute(file["names"], "what", 7) == 7


def test_texts_longer_than_the_file_are_not_loaded(path):
    with h5py.File(path, "r") as file:
        begin = file["names"].id.get_offset()
    data = bytearray(path.read_bytes())
    assert data[begin] == len("nose")
    data[begin + 3] = 0xF0
    path.write_bytes(data)
    with (
        h5py.File(path, "r") as file,
        pytest.raises(ValueError, match="its texts are longer than the file"),
    ):
        whole(file["names"])


def test_a_number_that_h5py_takes_for_a_longer_one_is_not_loaded(tmp_path):
    # Numbers of 8 bytes with an exponent beyond them: h5py makes numbers of 16 bytes of those.
    kind = h5py.h5t.IEEE_F64LE.copy()
    kind.set_ebias(768)
    path = tmp_path / "values.h5"
    with h5py.File(path, "w") as file:
        space = h5py.h5s.create_simple((4,))
        h5py.h5d.create(file.id, b"odd", kind, space)
        parts = h5py.h5t.create(h5py.h5t.COMPOUND, 8)
        parts.insert(b"x", 0, kind)
        h5py.h5d.create(file.id, b"parts", parts, space)
        h5py.h5a.create(file.id, b"odd", kind, space)
        for name in ("odd", "parts"):
            with pytest.raises(ValueError, match=f"'{name}' is of a type that makes no sense"):
                whole(file[name])
        with pytest.raises(ValueError, match="a type that makes no sense"):
            attribute(file, "odd")


def test_attributes_of_other_types_are_not_loaded(path):
    with h5py.File(path, "r+") as file:
        values = np.empty(2, object)
        values[:] = [np.arange(2), np.arange(3)]
        file["numbers"].attrs.create("ragged", values, dtype=h5py.vlen_dtype("i4"))
        file["numbers"].attrs["link"] = file["names"].ref
        for name in ("ragged", "link"):
            with pytest.raises(ValueError, match=f"'{name}' of /numbers is neither text nor"):
                attribute(file["numbers"], name)


def test_more_values_than_the_file_has_bytes_are_not_loaded(path):
    with h5py.File(path, "r+") as file:
        file.create_dataset("holes", (10**9,), "f8", chunks=(10**6,))
    with (
        h5py.File(path, "r") as file,
        pytest.raises(ValueError, match="of which the file holds 0"),
    ):
        whole(file["holes"])


def test_a_gap_of_no_length_between_texts_is_found(path):
    check_heaps(path)
    data = bytearray(path.read_bytes())
    begin = data.index(b"GCOL")
    place = begin + 16
    while number := int.from_bytes(data[place : place + 2], "little"):
        assert number < 9
        taken = int.from_bytes(data[place + 8 : place + 16], "little")
        place += 16 + (taken + 7) // 8 * 8
    assert data[place + 8 : place + 16] != bytes(8)
    data[place + 8 : place + 16] = bytes(8)
    path.write_bytes(data)
    with pytest.raises(ValueError, match=f"the texts at byte {begin} are damaged"):
        check_heaps(path)


def test_letters_that_look_like_a_heap_are_none(path):
    path.write_bytes(path.read_bytes() + b"GCOL" + bytes(20) + b"GCOL")
    check_heaps(path)
