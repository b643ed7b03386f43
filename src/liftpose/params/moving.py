"""The augmentation `elsewhere` as a params file names it: its floor is found in the 3D."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from liftpose.lifter.elsewhere import Elsewhere, elsewhere
from liftpose.lifter.floor import find_floor
from liftpose.params.source import Source, blamed
from liftpose.poses import Poses

FLOOR = ("feet", "up")
SETTINGS = ("share", "margin")


@dataclass(frozen=True)
class ElsewhereOnFloor:
    """A table ``[[augmentation]]`` of the name ``elsewhere``.

    Parameters
    ----------
    source : Source
        The params file.
    way : tuple of str or int
        To the table.
    step : mapping
        The table.
    """

    source: Source
    way: tuple[str | int, ...]
    step: Mapping[str, Any]

    def check(self, camera: Any) -> None:
        """Refuse unknown keys, and a table without feet or camera.

        Parameters
        ----------
        camera : Camera, dict of Camera, or None
            What the file says of cameras.

        Raises
        ------
        ValueError
            With the line.
        """
        self.source.check_keys(self.step, ("name", *FLOOR, *SETTINGS), *self.way)
        if "feet" not in self.step:
            self.source.wrong(
                'elsewhere needs feet, the joints that stand on the floor, such as feet = ["paw"].',
                *self.way,
            )
        if camera is None:
            self.source.wrong(
                "elsewhere shows poses by the camera that filmed them; say which: [camera].",
                *self.way,
            )

    def made(self, poses_3d: Poses, camera: Any) -> Elsewhere:
        """Find the floor and make the augmentation.

        Parameters
        ----------
        poses_3d : Poses
            To train on, in the world.
        camera : Camera, or dict of Camera
            What filmed them.

        Returns
        -------
        Elsewhere

        Raises
        ------
        ValueError
            Feet that are no joints, poses that no floor is found in, or a setting out of range,
            with the line.
        """
        settings = {key: self.step[key] for key in SETTINGS if key in self.step}
        try:
            floor = find_floor(poses_3d, self.step["feet"], self.step.get("up"))
            return elsewhere(floor, camera, **settings)
        except (ValueError, TypeError) as error:
            self.source.wrong(f"elsewhere: {error}", *self.way, *blamed(error, self.step))
