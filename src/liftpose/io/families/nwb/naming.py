"""What things are called in NWB files, and here."""

from __future__ import annotations

NOTES = "liftpose"
"""Under this name the notes of a file hold what it has no other place for."""

FRAMES_AS_TIMES = "The frame rate is not known: times are numbers of frames, not seconds."
"""Comment on series without a rate, since a file cannot do without times."""

FRAMES = {
    "world": "world",
    "camera": "camera: x right, y down, z forward, origin in the camera",
}
"""What 3D is relative to."""

IMAGE = "image: x right, y down, (0, 0) in the centre of the top-left pixel"
NOT_STATED = "not stated"
OURS = (*FRAMES.values(), IMAGE, NOT_STATED)
"""All that we write of what positions are relative to."""

_UNITS = {
    "px": ("pixels", "pixel", "px"),
    "m": ("meters", "meter", "metres", "metre", "m"),
    "cm": ("centimeters", "centimeter", "centimetres", "centimetre", "cm"),
    "mm": ("millimeters", "millimeter", "millimetres", "millimetre", "mm"),
    "um": ("micrometers", "micrometer", "micrometres", "micrometre", "microns", "um", "µm"),
}
_UNKNOWN = "unknown"

_TAKEN = frozenset(
    (
        *("description", "original_videos", "labeled_videos", "dimensions", "scorer"),
        *("source_software", "nodes", "edges", "skeleton", "device", "source_video"),
        *("labeled_video", "Skeletons", "PoseEstimation", "", ".", ".."),
    )
)
_SPECIAL = "%/:"


def escaped(name: str) -> str:
    """Give a name as objects in a file can have it.

    Parameters
    ----------
    name : str
        Of a joint or an individual.

    Returns
    -------
    str
        The same, unless it holds one of ``%/:`` or something else has that name.

    Examples
    --------
    >>> escaped("paw"), escaped("paw/left"), escaped("nodes")
    ('paw', 'paw%2Fleft', '%6Eodes')
    """
    if name in _TAKEN:
        return f"%{ord(name[0]):02X}{name[1:]}" if name else "%"
    return "".join(f"%{ord(letter):02X}" if letter in _SPECIAL else letter for letter in name)


def unit_of(said: str, dims: int) -> str | None:
    """Give a unit of a file as we write it.

    Parameters
    ----------
    said : str
        In the file.
    dims : int
        2 or 3.

    Returns
    -------
    str or None
        None where nothing is known: pixels of 3D are what ndx-pose and `movement` put where
        nobody says anything.

    Examples
    --------
    >>> unit_of("pixels", 2), unit_of("pixels", 3), unit_of("millimeters", 3), unit_of("inch", 3)
    ('px', None, 'mm', 'inch')
    """
    ours = next((unit for unit, ways in _UNITS.items() if said.lower() in ways), said)
    return None if ours in ("", _UNKNOWN) or (ours == "px" and dims == 3) else ours


def unit_in_file(unit: str | None, dims: int) -> str:
    """Give a unit as files have it.

    Parameters
    ----------
    unit : str or None
        Ours.
    dims : int
        2 or 3.

    Returns
    -------
    str

    Examples
    --------
    >>> unit_in_file("mm", 3), unit_in_file(None, 3), unit_in_file("inch", 3)
    ('millimeters', 'unknown', 'inch')
    """
    if unit is None:
        return _UNKNOWN
    return _UNITS[unit][0] if unit in _UNITS else unit


def frame_of(said: str) -> str | None:
    """Give what 3D is relative to, if a file says it as we do.

    Examples
    --------
    >>> frame_of(FRAMES["camera"]), frame_of("the arena")
    ('camera', None)
    """
    return next((frame for frame, ways in FRAMES.items() if said == ways), None)
