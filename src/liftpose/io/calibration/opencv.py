"""What OpenCV's ``cv2.FileStorage`` writes: YAML, XML or JSON with matrices in it.

OpenCV prescribes no names. Those of its own samples are known, and common ones beside them: of one
camera, of two in one file with 1 and 2 behind the names (as its stereo calibration writes them),
and of several, each in a node of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree

import numpy as np
import yaml

from liftpose.geometry.camera import Camera
from liftpose.io.calibration.cameras import matrix_of, named

K = ("camera_matrix", "cameraMatrix", "Camera_Matrix", "intrinsic_matrix", "K", "M", "mtx")
DIST = (
    *("distortion_coefficients", "Distortion_Coefficients", "distCoeffs", "dist_coeffs"),
    *("dist_coeff", "distortion", "dist", "D"),
)
R = ("R", "rotation_matrix", "rotation", "rotation_vector", "rvec")
T = ("T", "t", "translation_vector", "translation", "tvec")
SIZE = ("image_size", "imageSize", "size")
WIDTH, HEIGHT = ("image_width", "image_Width", "width"), ("image_height", "image_Height", "height")
NAME = ("camera_name", "name")


def read(text: str, stem: str) -> dict[str, Camera]:
    """Read the cameras of a file of OpenCV's.

    Parameters
    ----------
    text : str
        YAML, XML or JSON.
    stem : str
        Name of the file, which a single camera without a name gets.

    Raises
    ------
    ValueError
        No such file, no matrix of intrinsics in it, or impossible values.
    """
    content = _content(text)
    if not isinstance(content, Mapping):
        raise ValueError("it has no values with names.")
    if _any(content, K) is not None:
        return named([_camera(content, str(_any(content, NAME) or stem))])
    if _any(content, K, "1") is not None:
        return named(_pair(content))
    inner = {
        str(name): node
        for name, node in content.items()
        if isinstance(node, Mapping) and _any(node, K) is not None
    }
    if not inner:
        there = ", ".join(map(str, content)) or "nothing"
        raise ValueError(
            f"no camera is in it, only {there}; expected a matrix called {', '.join(K[:2])} or K."
        )
    return named([_camera(node, name) for name, node in inner.items()])


def _pair(content: Mapping[str, Any]) -> list[Camera]:
    """The two cameras of a stereo calibration; R and T lead from the first to the second."""
    places: dict[str, dict[str, Any]] = {"1": {}, "2": _place(content)}
    if not places["2"]:
        raise ValueError("it has two cameras, and no R and T between them.")
    cameras = []
    for number, place in places.items():
        own = {
            key: found
            for key, names in {"K": K, "D": DIST}.items()
            if (found := _any(content, names, number)) is not None
        }
        if "K" not in own:
            raise ValueError(f"camera {number!r} has no {K[1]}{number}.")
        size = {key: content[key] for key in (*SIZE, *WIDTH, *HEIGHT) if key in content}
        cameras.append(_camera({**own, **size, **place}, number))
    return cameras


def _place(content: Mapping[str, Any]) -> dict[str, Any]:
    rotation, translation = _any(content, R), _any(content, T)
    if (rotation is None) != (translation is None):
        there, missing = (R, T) if translation is None else (T, R)
        raise ValueError(f"it has {there[0]} but no {missing[0]}; a camera's place needs both.")
    return {} if rotation is None else {"R": rotation, "T": translation}


def _camera(fields: Mapping[str, Any], name: str) -> Camera:
    try:
        place = _place(fields)
    except ValueError as error:
        raise ValueError(f"camera {name!r}: {error}") from None
    size, width, height = (_any(fields, names) for names in (SIZE, WIDTH, HEIGHT))
    if size is None and width is not None and height is not None:
        size = (width, height)
    rotation = matrix_of(place["R"], name) if place else None
    translation = np.ravel(place["T"]) if place else None
    return Camera(_any(fields, K), rotation, translation, _any(fields, DIST), size, name)


def _any(fields: Mapping[str, Any], names: tuple[str, ...], behind: str = "") -> Any:
    """The value of the first of some names that is there."""
    there = (fields[name + behind] for name in names if name + behind in fields)
    return next((value for value in there if value is not None), None)


def _content(text: str) -> Any:
    """What is in a file, with arrays for matrices."""
    begin = text.lstrip()
    readers: list[tuple[str, str, Callable[[str], Any]]] = [
        ("<", "XML", _xml),
        ("{", "JSON", json.loads),
        ("", "YAML", _yaml),
    ]
    kind, load = next((kind, load) for mark, kind, load in readers if begin.startswith(mark))
    try:
        return _with_arrays(load(begin))
    except (yaml.YAMLError, ElementTree.ParseError, json.JSONDecodeError) as error:
        raise ValueError(f"it is no {kind}: {' '.join(str(error).split())}.") from None


def _with_arrays(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    if {"rows", "cols", "data"} <= set(value):
        return _matrix(np.append(value["rows"], value["cols"]), value["data"])
    # Since its fifth version OpenCV writes vectors so.
    if {"sizes", "data"} <= set(value):
        return _matrix(value["sizes"], value["data"])
    return {key: _with_arrays(entry) for key, entry in value.items()}


def _matrix(sizes: Any, data: Any) -> Any:
    try:
        return np.asarray(data, dtype=np.float64).reshape(np.ravel(sizes).astype(int))
    except (TypeError, ValueError):
        shape = " x ".join(map(str, np.ravel(sizes)))
        raise ValueError(f"a matrix of {shape} has the data {data!r}.") from None


class _Yaml(yaml.SafeLoader):
    """Plain YAML, in which OpenCV's tags mean nothing more than what is under them."""


_Yaml.add_multi_constructor(
    "tag:yaml.org,2002:opencv-", lambda loader, _, node: loader.construct_mapping(node, deep=True)
)


def _yaml(text: str) -> Any:
    # OpenCV writes %YAML:1.0, which is no directive of YAML.
    return yaml.load(re.sub(r"\A%YAML[^\n]*\n", "", text), Loader=_Yaml)


def _xml(text: str) -> Any:
    # expat itself refuses entities that grow without end.
    return _node(ElementTree.fromstring(text))


def _node(node: ElementTree.Element) -> Any:
    if str(node.get("type_id")).startswith("opencv-"):
        return {child.tag: (child.text or "").split() for child in node if child.tag != "dt"}
    if len(node):
        children = list(node)
        if all(child.tag == "_" for child in children):
            return [_node(child) for child in children]
        return {child.tag: _node(child) for child in children}
    words = (node.text or "").strip()
    values = [_value(word) for word in words.split()]
    whole = len(values) > 1 and not any(isinstance(value, str) for value in values)
    return values if whole else _value(words)


def _value(word: str) -> Any:
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word.strip('"')
