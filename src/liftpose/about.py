"""What is in a file: poses, a calibration, a lifter, a run, a skeleton, or a training's params."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import liftpose
from liftpose.io import formats, read_calibration
from liftpose.io.calibration.files import is_calibration
from liftpose.io.filmed import is_library, read_library
from liftpose.io.hints import Hints
from liftpose.io.lifted import holds_lifted
from liftpose.io.paths import existing_file
from liftpose.io.registry import Reader, find_reader, is_poses
from liftpose.lifter.checkpoint import BEST, EVALUATION, OPTIONS
from liftpose.lifter.lifter import Lifter
from liftpose.lifter.opt import Options
from liftpose.lifter.published import is_published
from liftpose.params import Params, read_params
from liftpose.params.keys import POSES
from liftpose.poses import SwapSearch
from liftpose.poses.swaps import said as said_of_swaps
from liftpose.skeleton import Skeleton
from liftpose.skeleton.shipped import is_shipped
from liftpose.terminal import unheard

CHUNK = 65536
"""Frames of a pose file that are looked at together."""

_CALIBRATIONS = (".mat", ".pkl", ".pickle", ".xml", ".json")
_OF_CAMERAS = {"matrix", "rotation", "translation", "camera_matrix", "cameraMatrix"}


@dataclass(frozen=True)
class About:
    """What is known of a file.

    Parameters
    ----------
    kind : str
        What it is, such as ``"poses"``.
    facts : dict
        Plain values by name.
    text : str
        The same for people, several lines.
    """

    kind: str
    facts: dict[str, Any]
    text: str


def about(
    path: str | os.PathLike[str],
    hints: Hints | None = None,
    on_progress: Callable[[float, float], None] | None = None,
) -> About:
    """Look into a file or a run folder.

    Parameters
    ----------
    path : path-like
        A pose file, a library with its cameras, a calibration, a ``.lifter`` file, a folder that
        `liftpose.train` or liftpose 0.22 wrote, a skeleton file, the name of a skeleton that
        ships with the package, or a params file.
    hints : Hints, optional
        What only the user knows of a pose file. With any, it is taken for one.
    on_progress : callable, optional
        Called with the frames of poses that were looked at, and their whole number.

    Returns
    -------
    About

    Raises
    ------
    FileNotFoundError
        There is nothing there.
    ValueError
        It is none of these, or broken.
    """
    file, said, say = Path(path), hints or Hints(), on_progress or unheard
    if is_shipped(path):
        return _about_skeleton(file)
    if not file.exists():
        raise FileNotFoundError(f"there is no file or folder {file}.")
    if said.said:
        return _about_poses(file, said, say)
    if file.is_dir():
        return _about_poses(file, said, say) if is_poses(file) else _about_folder(file)
    suffix = file.suffix.lower()
    if suffix in (".lifter", ".safetensors") or file.name.endswith(".pth.tar"):
        return _about_lifter(file, liftpose.load(file))
    if suffix in (".toml", ".yaml", ".yml"):
        return _about_settings(file)
    if suffix in _CALIBRATIONS and not is_poses(file):
        return _about_calibration(file)
    if is_library(file):
        found = read_library(file)
        return About("library", {"path": file, **found.as_dict()}, f"{file}: a library, {found}")
    return _about_poses(file, said, say)


def _about_folder(folder: Path) -> About:
    if is_published(folder):
        facts: dict[str, Any] = {"path": folder, "files": sorted(p.name for p in folder.iterdir())}
        return About(
            "folder of liftpose 0.22",
            facts,
            f"{folder}: a folder that liftpose 0.22 trained; `liftpose test {folder}` scores it.",
        )
    if not (folder / BEST).is_file():
        raise ValueError(
            f"{folder} is a folder without a lifter ({BEST}); expected the folder of a run, or a "
            "file."
        )
    inside = _about_lifter(folder, liftpose.load(folder))
    facts, lines = dict(inside.facts), [inside.text]
    for name in (OPTIONS, EVALUATION):
        if (folder / name).is_file():
            facts[Path(name).stem] = json.loads((folder / name).read_text(encoding="utf-8"))
    if "options" in facts:
        versions = facts["options"].get("versions", {})
        lines.append(_lines({"trained with": ", ".join(f"{k} {v}" for k, v in versions.items())}))
    if "evaluation" in facts:
        errors = facts["evaluation"]["mpjpe"]
        known = {name: error for name, error in errors.items() if error is not None}
        lines.append(
            _lines(
                {"tested": ", ".join(f"{k.replace('_', ' ')} {v:.4g}" for k, v in known.items())}
            )
        )
    return About("run", facts, "\n".join(lines))


def _about_lifter(file: Path, lifter: Lifter) -> About:
    skeleton, changed = lifter.skeleton_known, _changed(lifter.options.as_dict())
    facts = {
        "path": file,
        "skeleton": skeleton.as_dict(),
        "unit": lifter.unit,
        "frame": lifter.frame,
        "options": lifter.options.as_dict(),
        "choice": lifter.choice,
        "digest": lifter.digest,
        "provenance": dict(lifter.provenance),
    }
    said = {"options": _set_options(changed)}
    return About("lifter", facts, "\n".join([str(lifter), _lines(said), str(skeleton)]))


def _set_options(changed: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {value!r}" for name, value in changed.items()) or "the defaults"


def _changed(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options that are not at their default; the folder aside, which changes nothing."""
    defaults = Options().as_dict()
    return {
        name: value
        for name, value in options.items()
        if value != defaults[name] and name != "out_dir"
    }


def _about_settings(file: Path) -> About:
    """Tell skeletons and params files apart by what is in them."""
    import tomllib

    import yaml

    text = file.read_text(encoding="utf-8")
    try:
        loaded = tomllib.loads(text) if file.suffix.lower() == ".toml" else yaml.safe_load(text)
    except (tomllib.TOMLDecodeError, yaml.YAMLError):
        loaded = {"data": {}}  # whoever reads it in earnest says in which line it is broken
    if text.startswith("%YAML:") or _has_cameras(loaded):
        return _about_calibration(file)
    if isinstance(loaded, Mapping) and "joints" in loaded:
        return _about_skeleton(file)
    return _about_params(file, read_params(file))


def _about_skeleton(file: Path) -> About:
    skeleton = Skeleton.read(file)
    return About("skeleton", skeleton.as_dict(), f"{file}: {skeleton}")


def _has_cameras(loaded: Any) -> bool:
    """Whether a file of settings is a calibration, if perhaps one that lacks something."""
    if not isinstance(loaded, Mapping) or "data" in loaded:
        return False
    entries = [loaded, *(entry for entry in loaded.values() if isinstance(entry, Mapping))]
    return any(_OF_CAMERAS & set(entry) for entry in entries)


def _about_calibration(file: Path) -> About:
    cameras = read_calibration(file)
    facts = {"path": file, "cameras": [camera.as_dict() for camera in cameras.values()]}
    rows = [f"  {camera!r}"[:-1].replace("<", "", 1) for camera in cameras.values()]
    text = "\n".join([f"{file}: a calibration of {len(cameras)} camera(s)", *rows])
    return About("calibration", facts, text)


def _about_params(file: Path, params: Params) -> About:
    files = {name: params.data[name] for name in POSES if params.data.get(name)}
    camera = params.camera or {}
    facts = {
        "path": file,
        "files": files,
        "skeleton": params.skeleton.as_dict() if params.skeleton else None,
        "options": params.options,
        "augmentations": len(params.augmentation or ()),
        "cameras": len(camera) if isinstance(camera, Mapping) else 1,
    }
    said = {name: _files(entry) for name, entry in files.items()}
    said["options"] = _set_options(_changed(params.options))
    for name in ("augmentations", "cameras"):
        said[name] = str(facts[name] or "")
    text = [f"{file}: parameters of a training", _lines(said)]
    return About("params", facts, "\n".join([*text, *map(str, filter(None, [params.skeleton]))]))


def _files(entry: Any) -> str:
    if isinstance(entry, Mapping):
        return ", ".join(f"{name}: {file}" for name, file in entry.items())
    return ", ".join(entry) if isinstance(entry, list) else str(entry)


def _about_poses(file: Path, hints: Hints, say: Callable[[float, float], None]) -> About:
    kind = find_reader(existing_file(file, folders=True), hints.format)
    try:
        return _looked_through(file, hints, kind, say)
    except ValueError as error:
        # A reader that needs to be told something names the keyword.
        wanting = [name for name in kind.hints if name not in hints.said]
        asked = [name for name in wanting if f"{name}=" in str(error)]
        if not asked:
            raise
        return _unsaid(file, kind, asked, str(error))


def _looked_through(
    file: Path, hints: Hints, kind: Reader, say: Callable[[float, float], None]
) -> About:
    search = SwapSearch()
    with hints.open(file) as opened:
        found, missing = opened.about, None
        frames: int = 0
        done: dict[str, str] = {}
        for part in opened.chunks(CHUNK):
            gaps = np.isnan(part.points).any(axis=2).sum(axis=0)
            missing = gaps if missing is None else missing + gaps
            frames += part.frames
            search.add(part)
            say(frames, found.frames)
            done = dict(part.provenance)
    if missing is None:
        raise ValueError(f"{file} holds no frames.")
    # Some trackers keep their cameras in the same file.
    has_cameras = file.suffix.lower() in _CALIBRATIONS and is_calibration(file)
    swaps = search.found()
    joints = found.joints or tuple(map(str, range(len(missing))))
    share = dict(zip(joints, (missing / max(frames, 1)).tolist(), strict=True))
    facts = {
        "path": file,
        "format": found.format,
        "title": kind.title,
        "hints": list(kind.hints),
        "frames": frames,
        "dims": found.dims,
        "experiments": [str(key) for key in found.keys],
        "individuals": found.individuals,
        "joints": joints if found.joints else None,
        "joint_count": len(joints),
        "confidence": found.has_confidence,
        "lifted": holds_lifted(file),
        "fps": found.fps,
        "unit": found.unit,
        "frame": found.frame,
        "source_software": found.source_software,
        "missing": share,
        "has_cameras": has_cameras,
        "swaps": [swap.as_dict() for swap in swaps],
        "provenance": done,
    }
    said = {
        "format": f"{found.format}: {kind.title}",
        "can be told": ", ".join(kind.hints),
        "frames": _how_many(found.lengths, found.fps),
        "rate": f"{found.fps:g} frames/s" if found.fps else "not stated",
        "individuals": ", ".join(found.individuals or ()),
        "swaps": said_of_swaps(swaps),
        "unit": found.unit or "not stated",
        "frame": (found.frame or "not stated") if found.dims == 3 else "",
        "confidence": "" if found.dims == 3 else "yes" if found.has_confidence else "none",
        "joints": f"{len(joints)}" + ("" if found.joints else ", without names"),
        "cameras": "in it as well; it can be given as the calibration" if has_cameras else "",
    }
    rows = [f"    {name:<{max(map(len, joints))}}  {_percent(share[name])}" for name in joints]
    lifted = ", lifted" if facts["lifted"] else ""
    text = [f"{file}: {found.dims}D poses{lifted}", _lines(said), "  not seen in", *rows]
    return About("poses", facts, "\n".join(text))


def _unsaid(file: Path, kind: Reader, asked: Sequence[str], words: str) -> About:
    """Say of a sound file, such as one of several cameras, what is to be said before it is read."""
    facts = {"path": file, "format": kind.name, "title": kind.title, "hints": list(kind.hints)}
    said = {
        "format": f"{kind.name}: {kind.title}",
        "can be told": ", ".join(kind.hints),
        "to be told": words.removeprefix(f"{file}: "),
    }
    told = " ".join(f"--{name}" for name in asked)
    text = f"{file}: poses, of which more is to be said ({told})\n{_lines(said)}"
    return About("poses", {**facts, "needs": list(asked), "why": said["to be told"]}, text)


def table_of_formats() -> str:
    """Set the formats in a table, a line each.

    Returns
    -------
    str

    Examples
    --------
    >>> print(table_of_formats().splitlines()[0].split())
    ['format', 'reads', 'writes', 'hints', 'what', 'it', 'is']
    """
    rows = [("format", "reads", "writes", "hints", "what it is")]
    for entry in formats():
        reads, writes = (
            ", ".join(f"{dims}D" for dims in each) or "-" for each in (entry.reads, entry.writes)
        )
        endings = f" ({', '.join(entry.suffixes)})" if entry.suffixes else ""
        hints = ", ".join(entry.hints) or "-"
        rows.append((entry.name, reads, writes, hints, f"{entry.title}{endings}"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _how_many(lengths: Sequence[int], fps: float | None) -> str:
    """Frames of a file, and of each of its experiments where there are several."""
    frames = sum(lengths)
    time = f" ({frames / fps:,.1f} s)" if fps else ""
    if len(lengths) == 1:
        return f"{frames:,}{time}"
    each = f", {lengths[0]:,} of each" if len(set(lengths)) == 1 else ""
    return f"{frames:,}{time} in {len(lengths)} tracks or recordings{each}"


def _lines(facts: Mapping[str, str]) -> str:
    return "\n".join(f"  {name:<15} {value}" for name, value in facts.items() if value)


def _percent(share: float) -> str:
    return "0 %" if share == 0 else f"{100 * share:.1f} %" if share >= 0.001 else "< 0.1 %"
