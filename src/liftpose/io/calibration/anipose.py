"""``calibration.toml`` of Anipose, which SLEAP (sleap-anipose) and Pose2Sim write as well."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from liftpose.geometry.camera import Camera
from liftpose.geometry.rotation import to_vector
from liftpose.io.calibration.cameras import field, matrix_of, named

FIELDS = ("matrix", "distortions", "rotation", "translation")


def read(text: str) -> dict[str, Camera]:
    """Read the cameras of a TOML file: one table each.

    Raises
    ------
    ValueError
        No TOML, no camera, or one that lacks a field or has an impossible one.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"it is no TOML: {error}.") from None
    cameras = {
        key: entry
        for key, entry in tables.items()
        if isinstance(entry, Mapping) and key != "metadata"
    }
    if not any(set(FIELDS) & set(entry) for entry in cameras.values()):
        raise ValueError(
            f"it is TOML without a camera; expected one table a camera, with {', '.join(FIELDS)}."
        )
    return named([_camera(key, entry) for key, entry in cameras.items()])


def _camera(key: str, fields: Mapping[str, Any]) -> Camera:
    name = str(fields.get("name", key))
    if fields.get("fisheye"):
        raise ValueError(
            f"camera {name!r} is a fisheye camera, whose distortion is of another formula; only "
            f"OpenCV's model of five or eight coefficients is known here."
        )
    matrix, dist, rotation, translation = (field(fields, (key,), name) for key in FIELDS)
    return Camera(
        matrix, matrix_of(rotation, name), translation, dist, fields.get("size") or None, name
    )


def written(cameras: Mapping[str, Camera]) -> Iterator[str]:
    """Yield the lines of an Anipose TOML."""
    for number, (name, camera) in enumerate(cameras.items()):
        fields: dict[str, Any] = {"name": name}
        if camera.size is not None:
            fields["size"] = list(camera.size)
        fields |= {
            "matrix": camera.K.tolist(),
            "distortions": camera.dist.tolist(),
            "rotation": np.asarray(to_vector(camera.R)).tolist(),
            "translation": camera.t.tolist(),
        }
        yield f"[cam_{number}]"
        yield from (f"{key} = {_toml(value)}" for key, value in fields.items())
        yield ""
    yield from ("[metadata]", "adjusted = false")


def _toml(value: Any) -> str:
    """Words, numbers and lists, which are written alike in JSON and in TOML but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
