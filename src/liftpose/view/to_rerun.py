"""Recordings as files of Rerun (``.rrd``), for those who look at everything there."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.files import replacing
from liftpose.io.paths import new_file
from liftpose.poses.given import Floats
from liftpose.view.parts import PathLike
from liftpose.view.shown import Shown

TRUTH_GRAY = (150, 150, 150)
"""Of the truth, red, green and blue."""

_SPREAD_ALPHA = 60
_REPROJECTED_ALPHA = 120
_ENTITIES = {
    "pose": "world/pose",
    "truth": "world/truth",
    "image": "image/seen",
    "reprojected": "image/reprojected",
}

Colors = npt.NDArray[np.uint8]


def write_rerun(
    shown: Shown,
    out: PathLike,
    *,
    overwrite: bool = False,
    on_progress: Callable[[float, float, str], None] | None = None,
) -> Path:
    """Write a recording as a file that Rerun's viewer opens.

    Parameters
    ----------
    shown : Shown
        What is shown.
    out : path-like
        The file, an ``.rrd``.
    overwrite : bool
        Replace a file that is there already.
    on_progress : callable, optional
        Called with the frames done, their whole number, and what is going on.

    Returns
    -------
    pathlib.Path
        Joints, bones, truth and spread are below ``world``, `z` up; 2D is below ``image``; the
        time lines of error, spread and novelty below ``lines``. Time is ``frame``, and seconds as
        ``time`` where the rate is known.

    Raises
    ------
    ImportError
        Rerun is not installed.
    ValueError
        `out` is no ``.rrd``.
    FileExistsError
        `out` is there already.
    """
    target = new_file(out, overwrite)
    if target.suffix.lower() != ".rrd":
        raise ValueError(f"{target}: Rerun's files are .rrd; name a file that ends so.")
    rr = _rerun()
    with replacing(target) as beside:
        recording = rr.RecordingStream("liftpose")
        recording.send_recording_name(shown.path.name)
        recording.save(beside, default_blueprint=_blueprint(shown))
        try:
            _Writer(rr, recording, shown).write(on_progress)
        finally:
            recording.disconnect()
    return target


def _rerun() -> Any:
    try:
        return import_module("rerun")
    except ImportError as error:
        raise ImportError(
            'files of Rerun need its package; install it with `pip install "liftpose[rerun]"`.',
            name="rerun",
        ) from error


def _blueprint(shown: Shown) -> Any:
    rrb = import_module("rerun.blueprint")
    space = rrb.Spatial3DView(origin="/world", name=shown.path.name)
    beside = []
    if {"image", "reprojected"} & set(shown.order):
        beside.append(rrb.Spatial2DView(origin="/image", name="2D"))
    if shown.lines:
        beside.append(rrb.TimeSeriesView(origin="/lines", name="Time line"))
    if not beside:
        return rrb.Blueprint(space, collapse_panels=True)
    sides = rrb.Vertical(*beside)
    return rrb.Blueprint(rrb.Horizontal(space, sides, column_shares=[3, 2]), collapse_panels=True)


class _Writer:
    """Writes one recording, a chunk of rows after another."""

    def __init__(self, rr: Any, recording: Any, shown: Shown):
        from liftpose.plot.limbs import Limbs

        self._rr, self._recording, self._shown = rr, recording, shown
        limbs = Limbs.of(shown.skeleton)
        self._bones = limbs.bones
        joints = np.arange(len(shown.skeleton.joints))
        self._colors: Colors = np.rint(limbs.color_of(joints) * 255).astype(np.uint8)
        self._radius = 0.012 * float(shown.header()["size"])

    def write(self, on_progress: Callable[[float, float, str], None] | None) -> None:
        self._begin()
        shown = self._shown
        for start in range(0, shown.frames, shown.chunk_rows):
            stop = min(start + shown.chunk_rows, shown.frames)
            times = self._times(start, stop)
            layers = shown.layers(start, stop)
            for name, values in layers.items():
                if name == "spread":
                    self._spread(layers["pose"], values, times)
                else:
                    self._pose(name, values, times)
            for name, line in shown.values(start, stop).items():
                known = np.isfinite(line)
                self._send(
                    f"lines/{name}",
                    self._times(start, stop, known),
                    self._rr.Scalars.columns(scalars=line[known].astype(np.float64)),
                )
            if on_progress is not None:
                on_progress(stop, shown.frames, "writing")

    def _begin(self) -> None:
        """What holds at all times: where up is, names and colours."""
        rr, shown = self._rr, self._shown
        names = [
            rr.AnnotationInfo(id=number, label=name, color=tuple(map(int, color)))
            for number, (name, color) in enumerate(
                zip(shown.skeleton.joints, self._colors, strict=True)
            )
        ]
        about = rr.AnnotationContext(
            rr.ClassDescription(
                info=rr.AnnotationInfo(id=0, label="animal"), keypoint_annotations=names
            )
        )
        self._log("/", about)
        self._log("world", rr.ViewCoordinates.RIGHT_HAND_Z_UP)
        for name in shown.order:
            if name != "spread":
                self._look(name)
        for name, (label, unit) in shown.lines.items():
            text = f"{label} [{unit}]" if unit else label
            self._log(f"lines/{name}", rr.SeriesLines(names=text))
        said = "\n".join(
            f"- {name or 'recording'}: frames {first} to {first + count - 1}"
            for name, first, count in shown.recordings
        )
        unit = f"Lengths in {shown.unit}.\n\n" if shown.unit else ""
        self._log("about", rr.TextDocument(f"{unit}{said}", media_type="text/markdown"))

    def _log(self, entity: str, what: Any) -> None:
        self._recording.log(entity, what, static=True)

    def _times(self, start: int, stop: int, kept: Any = slice(None)) -> list[Any]:
        rows = np.arange(start, stop)[kept]
        times = [self._rr.TimeColumn("frame", sequence=rows)]
        if self._shown.fps:
            times.append(self._rr.TimeColumn("time", duration=rows / self._shown.fps))
        return times

    def _send(self, entity: str, times: list[Any], columns: Any) -> None:
        if len(times[0].as_arrow_array()):
            self._recording.send_columns(entity, indexes=times, columns=columns)

    def _pose(self, name: str, values: Floats, times: list[Any]) -> None:
        points, strips = self._kinds(name)
        seen: Any = np.isfinite(values).all(axis=2)
        joint = np.broadcast_to(np.arange(values.shape[1]), seen.shape)[seen]
        self._send(
            f"{_ENTITIES[name]}/joints",
            times,
            points.columns(
                positions=values[seen].astype(np.float32), keypoint_ids=joint.astype(np.uint16)
            ).partition(seen.sum(axis=1)),
        )
        whole = seen[:, self._bones].all(axis=2)
        if not whole.any():
            return
        bone = np.broadcast_to(np.arange(len(self._bones)), whole.shape)[whole]
        self._send(
            f"{_ENTITIES[name]}/bones",
            times,
            strips.columns(
                strips=values[:, self._bones][whole].astype(np.float32),
                **self._painted(name, bone),
            ).partition(whole.sum(axis=1)),
        )

    def _kinds(self, name: str) -> tuple[Any, Any]:
        """Rerun's points and lines, in the image or in space."""
        rr = self._rr
        if name in ("image", "reprojected"):
            return rr.Points2D, rr.LineStrips2D
        return rr.Points3D, rr.LineStrips3D

    def _look(self, name: str) -> None:
        """Write what is alike in all frames of a pose: sizes, and the one colour of the truth."""
        points, strips = self._kinds(name)
        # Below 0: in points of the screen.
        radius = self._radius if name in ("pose", "truth") else -3.0
        gray = {"colors": [TRUTH_GRAY]} if name == "truth" else {}
        self._log(
            f"{_ENTITIES[name]}/joints",
            points.from_fields(radii=[radius], class_ids=[0], show_labels=False, **gray),
        )
        self._log(f"{_ENTITIES[name]}/bones", strips.from_fields(radii=[radius / 2], **gray))

    def _spread(self, pose: Floats, spread: Floats, times: list[Any]) -> None:
        known = np.isfinite(pose).all(axis=2) & np.isfinite(spread).all(axis=2)
        joint = np.broadcast_to(np.arange(pose.shape[1]), known.shape)[known]
        color = np.column_stack([self._colors[joint], np.full(len(joint), _SPREAD_ALPHA, np.uint8)])
        self._send(
            "world/spread",
            times,
            self._rr.Ellipsoids3D.columns(
                centers=pose[known].astype(np.float32),
                half_sizes=spread[known].astype(np.float32),
                colors=color,
            ).partition(known.sum(axis=1)),
        )

    def _painted(self, name: str, bone: npt.NDArray[np.intp]) -> dict[str, Colors]:
        """Colours of bones, each that of the joint at which it begins; the truth has one."""
        if name == "truth":
            return {}
        alpha = np.full(len(bone), _REPROJECTED_ALPHA if name == "reprojected" else 255, np.uint8)
        return {"colors": np.column_stack([self._colors[self._bones[bone, 0]], alpha])}
