"""What is shown of a recording: any chunk of its frames, read where they are in its files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from liftpose.io.slices import open_slices
from liftpose.lifter.skeletons import read_skeleton
from liftpose.plot.chunks import encode_chunk
from liftpose.plot.footage import Footage
from liftpose.plot.limbs import Limbs
from liftpose.plot.track import CHUNK, LAYERS, Track, header, mean_lengths
from liftpose.plot.upright import upright
from liftpose.poses.given import Floats
from liftpose.skeleton import Skeleton
from liftpose.view.kept import Kept
from liftpose.view.parts import (
    Asked,
    Part,
    PathLike,
    camera_of,
    columns_of,
    not_a_run,
    own_skeleton,
    part_beside,
)

if TYPE_CHECKING:
    from liftpose.geometry.camera import Camera

LARGE = 200_000
"""Frames from which it is said that a format is read as a whole."""

_PLACES, _AT_EACH = 16, 128  # where, and how many rows, the size of the animal is taken from
_VALUES = CHUNK * 64 * 12  # of a chunk at most, however many joints there are
_KEPT_CHUNKS, _KEPT_PICTURES = 64 << 20, 32 << 20  # bytes
_PATIENCE = 2.0  # seconds that the time line waits for chunks at most
_QUALITY = 88  # of pictures: beyond it, files grow and nothing is seen of it


@contextmanager
def open_shown(source: PathLike, asked: Asked | None = None) -> Iterator[Shown]:
    """Open a file of 3D poses, and what is shown beside it.

    Parameters
    ----------
    source : path-like
        3D poses, lifted or not.
    asked : Asked, optional
        What else is shown.

    Yields
    ------
    Shown

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        There is nothing that can be read.
    ValueError
        The folder of a run, poses that are not 3D, or something beside them that does not fit
        them; names the file.

    Examples
    --------
    >>> import tempfile
    >>> from liftpose.io import write_poses
    >>> from liftpose.plot.chunks import decode_chunk
    >>> from liftpose.poses import Lifted
    >>> walk = np.linspace(0, 1, 24, dtype=np.float32).reshape(4, 2, 3)
    >>> path = write_poses(Lifted(walk, walk, ("a",), (4,)), Path(tempfile.mkdtemp()) / "walk.nc")
    >>> with open_shown(path) as shown:
    ...     shown.frames, shown.order, len(decode_chunk(shown.chunk(0), [("pose", 3)], 2)["pose"])
    (4, ('pose',), 4)
    """
    asked = asked or Asked()
    file = not_a_run(source)
    with ExitStack() as stack:
        body = None if asked.skeleton is None else read_skeleton(asked.skeleton)
        poses = stack.enter_context(open_slices(file, dims=3, fps=asked.fps))
        if poses.about.frames == 0:
            raise ValueError(f"{file} holds no frames.")
        body = body or own_skeleton(poses)
        pose = Part(poses, columns_of(poses, body.joints, asked.skeleton is not None, file))
        truth = part_beside(stack, asked.truth, 3, poses, body)
        image = part_beside(stack, asked.poses_2d, 2, poses, body)
        camera = camera_of(asked)
        footage = None if asked.video is None else stack.enter_context(Footage(asked.video))
        shown = Shown(file, body, pose, truth, image, camera, footage, asked.offset)
        yield shown


@dataclass(eq=False)
class Shown:
    """A recording that is open to be shown.

    Several threads may ask it at once.

    Parameters
    ----------
    path : pathlib.Path
        Of the poses.
    skeleton : Skeleton
        Of their joints, in the order in which they are shown.
    pose, truth, image
        The files, of which the last two may be None.
    camera : Camera or None
    footage : Footage or None
    offset : int
        Picture of the first row.

    Raises
    ------
    ValueError
        A camera where the poses are not where it could see them; see the words of the error.
    """

    path: Path
    skeleton: Skeleton
    pose: Part
    truth: Part | None
    image: Part | None
    camera: Camera | None
    footage: Footage | None
    offset: int
    _lock: Lock = field(default_factory=Lock, repr=False)
    _looking: Lock = field(default_factory=Lock, repr=False)

    def __post_init__(self) -> None:
        self._chunks, self._pictures = Kept(_KEPT_CHUNKS), Kept(_KEPT_PICTURES)
        self._counting, self._waited_for, self._calm = Lock(), 0, Event()
        self._calm.set()
        about = self.pose.about
        self.chunk_rows = max(16, min(CHUNK, _VALUES // (12 * max(len(self.skeleton.joints), 1))))
        with self._lock:
            self._sample = [
                (first, self.pose.rows("position", first, min(first + _AT_EACH, about.frames)))
                for first in np.unique(
                    np.linspace(0, max(about.frames - _AT_EACH, 0), _PLACES, dtype=int)
                )
            ]
        self.origin = _origin(np.concatenate([rows for _, rows in self._sample]))
        if self.camera is not None:
            self._check_camera()

    @property
    def frames(self) -> int:
        """Number of rows N."""
        return self.pose.about.frames

    @property
    def fps(self) -> float | None:
        """Frames per second."""
        return self.pose.about.fps

    @property
    def unit(self) -> str | None:
        """Of the poses."""
        return self.pose.about.unit

    @property
    def order(self) -> tuple[str, ...]:
        """Names of the layers that are shown."""
        there = {
            "pose": True,
            "truth": self.truth is not None,
            "spread": self.pose.has("spread"),
            "image": self.image is not None,
            "reprojected": self.camera is not None,
        }
        return tuple(name for name in LAYERS if there[name])

    @property
    def chunk_count(self) -> int:
        """Number of chunks."""
        return -(-self.frames // self.chunk_rows)

    @property
    def image_size(self) -> tuple[int, int] | None:
        """Width and height of the image, pixels."""
        if self.footage is not None:
            return self.footage.size
        return None if self.camera is None else self.camera.size

    @property
    def recordings(self) -> tuple[tuple[str, int, int], ...]:
        """Name, first row and number of rows of each experiment."""
        about, first = self.pose.about, 0
        found = []
        for key, length in zip(about.keys, about.lengths, strict=True):
            found.append((str(key), first, length))
            first += length
        return tuple(found)

    @property
    def lines(self) -> dict[str, tuple[str, str]]:
        """Label and unit of each line of the time line."""
        unit = self.unit or ""
        there = {
            "error": (self.truth is not None, "error", unit),
            "spread": (self.pose.has("spread"), "spread", unit),
            "novelty": (self.pose.has("novelty"), "novelty", "percentile"),
        }
        return {name: (label, unit) for name, (known, label, unit) in there.items() if known}

    def layers(self, start: int, stop: int) -> dict[str, Floats]:
        """Give some rows of every layer.

        Parameters
        ----------
        start, stop : int
            First row and the one after the last.

        Returns
        -------
        dict of str to array, shape (n, J, D)
            As `liftpose.plot.track.Track` has them: `z` up.
        """
        about = self.pose.about
        with self._lock:
            found = {"pose": upright(self.pose.rows("position", start, stop), about.frame)}
            if "spread" in self.order:
                spread = self.pose.rows("spread", start, stop)
                found["spread"] = np.abs(upright(spread, about.frame))
            if self.truth is not None:
                found["truth"] = self._truth_rows(self.truth, start, stop)
            if self.image is not None:
                found["image"] = self.image.rows("position", start, stop)
            if self.camera is not None:
                found["reprojected"] = self._reprojected(self.camera, start, stop)
        return found

    def values(self, start: int, stop: int) -> dict[str, Floats]:
        """Give some rows of every line.

        Parameters
        ----------
        start, stop : int
            First row and the one after the last.

        Returns
        -------
        dict of str to array, shape (n,)
            ``error``: mean distance of the joints to the truth, of those known in both; ``spread``:
            mean over the joints of the length of their standard deviation; ``novelty``.
        """
        found: dict[str, Floats] = {}
        self._calm.wait(_PATIENCE)
        with self._lock:
            if "spread" in self.lines:
                found["spread"] = mean_lengths(self.pose.rows("spread", start, stop))
            if self.truth is not None:
                pose = upright(self.pose.rows("position", start, stop), self.pose.about.frame)
                found["error"] = mean_lengths(pose - self._truth_rows(self.truth, start, stop))
            if "novelty" in self.lines:
                found["novelty"] = self.pose.rows("novelty", start, stop)
        return found

    def header(self) -> dict[str, Any]:
        """Say what is shown, ready for JSON: all but frames and time line.

        Returns
        -------
        dict
            As `liftpose.plot.track.header` gives it, its box, ground and size taken from some
            frames all over the recording; and ``video``: the first row that has a picture and how
            many have, or None.
        """
        places = [first for first, _ in self._sample]
        some = np.concatenate([rows for _, rows in self._sample])
        blank = {name: np.full((*some.shape[:2], LAYERS[name]), np.nan) for name in self.order}
        known: dict[str, Floats] = {"pose": upright(some, self.pose.about.frame)}
        if self.image is not None:
            with self._lock:
                seen = [
                    self.image.rows("position", first, min(first + _AT_EACH, self.frames))
                    for first in places
                ]
            known["image"] = np.concatenate(seen)
        track = Track(
            {**blank, **known},
            self.skeleton.joints,
            Limbs.of(self.skeleton),
            unit=self.unit,
            fps=self.fps,
            image_size=self.image_size,
            title=self.path.name,
        )
        said = header(track, self.chunk_rows)
        recordings = [
            {"name": name, "first": first, "frames": frames, "row": first}
            for name, first, frames in self.recordings
        ]
        nothing: dict[str, list[float | None]] = {"low": [], "high": []}
        lines = [
            {"name": name, "label": label, "unit": unit, **nothing}
            for name, (label, unit) in self.lines.items()
        ]
        count = {"frames": self.frames, "rows": self.frames}
        more = {**count, "recordings": recordings, "lines": lines}
        return {**said, **more, "video": self._pictured()}

    def _pictured(self) -> dict[str, int] | None:
        if self.footage is None:
            return None
        first = max(-self.offset, 0)
        stop = min(self.frames, self.footage.frames - self.offset)
        return {"first": first, "frames": max(stop - first, 0)}

    def chunk(self, number: int) -> bytes:
        """Give a chunk, as `liftpose.plot.chunks` writes it.

        Parameters
        ----------
        number : int
            From 0.

        Returns
        -------
        bytes

        Raises
        ------
        IndexError
            There is no such chunk.
        """
        if not 0 <= number < self.chunk_count:
            raise IndexError(f"there is no chunk {number}; there are {self.chunk_count}, from 0.")
        start = number * self.chunk_rows
        stop = min(start + self.chunk_rows, self.frames)
        with self._urgent():
            return self._chunks.get(
                number, lambda: encode_chunk(self.layers(start, stop), self.order)
            )

    @contextmanager
    def _urgent(self) -> Iterator[None]:
        """Let what is read for the time line wait for a chunk that somebody looks at."""
        with self._counting:
            self._waited_for += 1
            self._calm.clear()
        try:
            yield
        finally:
            with self._counting:
                self._waited_for -= 1
                if not self._waited_for:
                    self._calm.set()

    def picture(self, row: int) -> bytes:
        """Give the picture of the video that belongs to a row, as JPEG.

        Parameters
        ----------
        row : int
            From 0.

        Returns
        -------
        bytes

        Raises
        ------
        IndexError
            There is no video, or none at this row.
        """
        footage = self.footage
        number = row + self.offset
        if footage is None:
            raise IndexError("there is no video.")
        if not (0 <= row < self.frames and 0 <= number < footage.frames):
            raise IndexError(f"the video has no picture {number}; it has {footage.frames}, from 0.")
        return self._pictures.get(row, lambda: self._jpeg(footage, number))

    def _jpeg(self, footage: Footage, number: int) -> bytes:
        from PIL import Image

        with self._looking:
            picture = footage.picture(number)
        out = io.BytesIO()
        Image.fromarray(picture).save(out, "JPEG", quality=_QUALITY)
        return out.getvalue()

    def notes(self) -> list[str]:
        """Say what should be known before one looks, such as that a video is shorter."""
        said = []
        for part in (self.pose, self.truth, self.image):
            if part is not None and part.poses.in_memory and part.about.frames >= LARGE:
                said.append(
                    f"{part.about.path} was read as a whole, since only files of the format "
                    "'movement' can be read in places; `liftpose convert` makes it one."
                )
        if self.footage is not None:
            said += self._notes_of(self.footage)
        return said

    def _notes_of(self, footage: Footage) -> list[str]:
        said = []
        if self.offset + self.frames > footage.frames or self.offset < 0:
            rest = footage.frames - self.frames
            said.append(
                f"{footage.path} has {footage.frames:,} pictures and the poses have "
                f"{self.frames:,} frames, shown from picture {self.offset:,} on; frames without a "
                f"picture are shown without"
                + (f". --offset {rest} would fit the ends." if rest > 0 else ".")
            )
        if self.fps and footage.fps and abs(self.fps / footage.fps - 1) > 0.02:
            said.append(
                f"{footage.path} has {footage.fps:g} pictures a second and the poses have "
                f"{self.fps:g}; they are matched by number."
            )
        return said

    def _truth_rows(self, truth: Part, start: int, stop: int) -> Floats:
        rows = truth.rows("position", start, stop)
        # Lifted poses that were not placed stand at the origin, and so does the truth then.
        rows = rows if self.origin is None else rows - rows[:, self.origin, None]
        return upright(rows, truth.about.frame or self.pose.about.frame)

    def _reprojected(self, camera: Camera, start: int, stop: int) -> Floats:
        if self.origin is None or self.image is None:
            frame = self.pose.about.frame or "world"
            points: Floats = self.pose.rows("position", start, stop).astype(np.float64)
        else:
            from liftpose.postprocess import place

            lifted = self.pose.lifted(start, stop)
            seen, sure = self.image.rows("position", start, stop), None
            if self.image.has("confidence"):
                sure = self.image.rows("confidence", start, stop)
            points = place(lifted, seen, camera, sure).position.astype(np.float64)
            frame = lifted.frame or "world"
        pixels: Floats = camera.project(points, frame=frame)
        return pixels

    def _check_camera(self) -> None:
        if self.pose.about.frame not in ("world", "camera"):
            raise ValueError(
                f"{self.path} does not say whether its poses are in the world's or the camera's "
                "frame, so that where a camera sees them is not known."
            )
        if self.origin is not None and self.image is None:
            joint = self.skeleton.joints[self.origin]
            raise ValueError(
                f"{self.path}: its poses stand at the origin ({joint!r} is always there), where no "
                "camera sees them. Name their 2D (--poses-2d), from which they are placed, or "
                "place them with `liftpose place`."
            )


def _origin(position: Floats) -> int | None:
    """The joint that is at (0, 0, 0) wherever it is known, as the first root of lifted poses."""
    seen: Any = np.isfinite(position).all(axis=2)
    still = (np.where(seen[..., None], position, 0) == 0).all(axis=(0, 2)) & seen.any(axis=0)
    return int(np.flatnonzero(still)[0]) if still.any() else None
