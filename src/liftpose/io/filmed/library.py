"""3D poses, the cameras that filmed them, and what each of those saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.geometry.camera import Camera
from liftpose.geometry.triangulation.found import root_mean_square
from liftpose.names import closest
from liftpose.poses import Key, Poses
from liftpose.skeleton import Skeleton

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class FilmedLibrary:
    """3D poses with the 2D that they were found from.

    Parameters
    ----------
    poses : Poses
        N frames of J joints in the world; NaN where there is no 3D. An experiment is a recording,
        or one individual of it.
    skeleton : Skeleton
        Of those joints.
    names : tuple of str, length C
        What the cameras are called.
    cameras : mapping of experiment to mapping of str to Camera
        What filmed each experiment, in its world; not every camera need be there.
    pixels : array, shape (C, N, J, 2), float32, pixels
        What each camera's tracker gave, in the frames of the 3D; NaN where it was not seen.
    confidence : array, shape (C, N, J), float32
        How sure the tracker was; NaN where it does not say.
    errors : array, shape (C, N, J), float32, pixels
        Distance of a pixel from where the 3D is shown; NaN without 3D.
    used : array, shape (C, N, J), bool
        Whether the 3D was found from that pixel.
    frames : array, shape (C, N), int
        Number of the frame in the camera's own file; -1 where there is none.
    about : mapping of experiment to mapping of str to plain values
        How each was made; ``"singles"`` are the errors of each single camera.

    Raises
    ------
    ValueError
        Shapes or names that do not fit.
    """

    poses: Poses
    skeleton: Skeleton
    names: tuple[str, ...]
    cameras: Mapping[Key, Mapping[str, Camera]]
    pixels: Array
    confidence: Array
    errors: Array
    used: Array
    frames: Array
    about: Mapping[Key, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count, shape = len(self.names), self.poses.points.shape[:2]
        if self.poses.joints != self.skeleton.joints:
            raise ValueError(
                f"the poses have the joints {self.poses.joints}, and the skeleton "
                f"{self.skeleton.joints}."
            )
        expected = {
            "pixels": (count, *shape, 2),
            "confidence": (count, *shape),
            "errors": (count, *shape),
            "used": (count, *shape),
            "frames": (count, shape[0]),
        }
        for name, wanted in expected.items():
            if getattr(self, name).shape != wanted:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, not {wanted}.")
        for key in self.poses.keys:
            if not self.cameras.get(key):
                raise ValueError(f"recording {key!r} has no camera.")
            for camera in self.cameras[key]:
                if camera not in self.names:
                    raise ValueError(f"recording {key!r} has a camera {camera!r} without 2D.")

    @property
    def camera_count(self) -> Array:
        """From how many cameras each joint was found, shape (N, J)."""
        return np.asarray(self.used.sum(axis=0))

    @property
    def reprojection_error(self) -> Array:
        """Root mean square of the errors of the pixels that were used, shape (N, J), pixels."""
        return root_mean_square(self.errors, self.used)

    @property
    def singles(self) -> dict[str, float]:
        """Error of each camera that filmed everything, as the only one; the best comes first.

        Of several recordings, the mean, weighted by frames; empty where it was not measured.
        """
        told = [dict(self.about.get(key, {}).get("singles") or {}) for key in self.poses.keys]
        everywhere = [name for name in self.names if told and all(name in each for each in told)]
        share = np.asarray(self.poses.lengths, float) / max(self.poses.frames, 1)
        mean = {
            name: float(sum(each[name] * part for each, part in zip(told, share, strict=True)))
            for name in everywhere
        }
        return dict(sorted(mean.items(), key=lambda entry: entry[1]))

    def best_camera(self) -> str:
        """Name the camera to keep: the one with the least error of its own.

        Returns
        -------
        str

        Raises
        ------
        ValueError
            It was not measured, and there are several cameras.
        """
        found = self.singles
        if found:
            return next(iter(found))
        if len(self.names) == 1:
            return self.names[0]
        raise ValueError(
            "which single camera is best was not measured for this library; say which one with "
            f"camera= (--camera): {', '.join(self.names)}."
        )

    def seen_by(self, camera: str) -> tuple[Poses, Poses, dict[Key, Camera]]:
        """Give what one camera saw, with the 3D of the same frames.

        Parameters
        ----------
        camera : str
            Its name.

        Returns
        -------
        poses_2d, poses_3d : Poses
            Of the recordings that it filmed.
        cameras : dict of experiment to Camera

        Raises
        ------
        ValueError
            There is no such camera.
        """
        if camera not in self.names:
            raise ValueError(f"the library has no camera {camera!r}.{closest(camera, self.names)}")
        place = self.names.index(camera)
        keys = [key for key in self.poses.keys if camera in self.cameras[key]]
        rows = {key: self.poses.experiment == self.poses.keys.index(key) for key in keys}
        shared: dict[str, Any] = {"joints": self.poses.joints, "fps": self.poses.fps}
        flat = Poses.from_experiments(
            {key: self.pixels[place, rows[key]] for key in keys},
            dims=(2,),
            confidence={key: self.confidence[place, rows[key]] for key in keys},
            unit="px",
            **shared,
        )
        deep = Poses.from_experiments(
            {key: self.poses.points[rows[key]] for key in keys},
            dims=(3,),
            unit=self.poses.unit,
            frame="world",
            **shared,
        )
        return flat, deep, {key: self.cameras[key][camera] for key in keys}

    def missing(self) -> dict[str, float]:
        """Tell which share of the joints each camera did not see.

        Returns
        -------
        dict of str to float
        """
        seen: Array = np.asarray(np.isfinite(self.pixels).all(axis=-1))
        return {name: float(1 - seen[place].mean()) for place, name in enumerate(self.names)}

    def typical_errors(self) -> dict[str, float]:
        """Tell how far each camera's pixels are from where the 3D is shown.

        Returns
        -------
        dict of str to float
            Medians in pixels, of the pixels that the 3D was found from; NaN where there are none.
        """
        return {
            name: float(np.median(self.errors[place][self.used[place]]))
            if self.used[place].any()
            else float("nan")
            for place, name in enumerate(self.names)
        }

    def as_dict(self) -> dict[str, Any]:
        """Give what is known of it as plain values, without the poses."""
        poses = self.poses
        return {
            "frames": poses.frames,
            "recordings": {
                str(key): length for key, length in zip(poses.keys, poses.lengths, strict=True)
            },
            "joints": list(self.skeleton.joints),
            "unit": poses.unit,
            "fps": poses.fps,
            "cameras": list(self.names),
            "reprojection_error": self.typical_errors(),
            "missing_2d": self.missing(),
            "missing_3d": float(np.isnan(poses.points[..., 0]).mean()),
            "single_camera_error": self.singles,
            "about": {str(key): dict(entry) for key, entry in self.about.items()},
        }

    def __str__(self) -> str:
        poses, singles = self.poses, self.singles
        unit = f" in {poses.unit}" if poses.unit else ", unit not known"
        rate = f" at {poses.fps:g} frames per second" if poses.fps else ""
        lines = [
            f"{poses.frames:,} frames of {poses.joint_count} joints in "
            f"{len(poses.keys)} recording(s){rate}{unit}, "
            f"{100 * np.isnan(poses.points[..., 0]).mean():.1f} % without 3D"
        ]
        lines += [
            f"  {key}: {length:,} frames, {', '.join(self.cameras[key])}"
            for key, length in zip(poses.keys, poses.lengths, strict=True)
        ]
        lines += [f"  joints: {', '.join(self.skeleton.joints)}"]
        rows = [("camera", "px off", "not seen", "alone")]
        off, gone = self.typical_errors(), self.missing()
        for name in self.names:
            alone = f"{singles[name]:.3g}" if name in singles else "-"
            rows.append((name, f"{off[name]:.2f}", f"{100 * gone[name]:.1f} %", alone))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for first, *rest in rows:
            cells = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
            lines.append("  " + "  ".join([first.ljust(widths[0]), *cells]))
        if singles:
            lines.append(
                f"  alone: mean error{f' in {poses.unit}' if poses.unit else ''} of a quick lifter "
                f"from that camera; best: {next(iter(singles))}"
            )
        return "\n".join(lines)
