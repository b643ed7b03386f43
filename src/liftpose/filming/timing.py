"""Which picture of a video each row of poses belongs to."""

from __future__ import annotations

from liftpose.plot.footage import Footage

_SAME_RATE = 0.02  # of the rate: 29.97 is 30


def picture_of_row_0(
    footage: Footage,
    frames: int,
    rows: tuple[int, int],
    *,
    offset: int | None,
    first_frame: int | None,
    rate: float | None,
    source: str,
) -> int:
    """Find the picture of the video that row 0 of the poses belongs to.

    Parameters
    ----------
    footage : Footage
        The video.
    frames : int
        Of the poses.
    rows : (int, int)
        The first and the last that are filmed.
    offset : int or None
        What the user says.
    first_frame : int or None
        What the file of the 2D says.
    rate : float or None
        Of the poses, frames a second.
    source : str
        What errors call the poses.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        Poses and video are not of one length and nothing says where they begin, or the video does
        not reach as far as the poses.
    """
    known = first_frame if offset is None else offset
    if known is None:
        if footage.frames == frames:
            return 0
        raise ValueError(_of_another_length(footage, frames, rate, source))
    first, last = rows[0] + known, rows[1] + known
    if first < 0 or last >= footage.frames:
        why = "--offset" if offset is not None else f"{FIRST} of its 2D"
        fits = (max(-rows[0], 0), footage.frames - 1 - rows[1])
        offer = f" Offsets from {fits[0]} to {fits[1]} fit." if fits[0] <= fits[1] else ""
        raise ValueError(
            f"with {known} from {why}, rows {rows[0]} to {rows[1]} of {source} are the pictures "
            f"{first} to {last} of {footage.path}, which has {footage.frames:,}.{offer}"
        )
    return known


FIRST = "the first frame"


def _of_another_length(footage: Footage, frames: int, rate: float | None, source: str) -> str:
    video, pictures = footage.path, footage.frames
    rates = ""
    if rate is not None and footage.fps is not None:
        rates = f" The video has {footage.fps:g} pictures a second, the poses {rate:g} frames."
    share = pictures / frames
    if pictures > frames:
        end = pictures - frames
        offer = (
            f"If they begin together, --offset 0; if they end together, --offset {end}; if the "
            "poses begin with picture N, --offset N."
        )
        if abs(share - round(share)) < 1.5 / frames and round(share) > 1:
            offer += f" Perhaps the poses are of every {round(share)}th picture only."
    else:
        offer = (
            f"If they begin together, --offset 0 --frames 0..{pictures - 1}. Perhaps the video "
            "was cut, or is not the one that was tracked."
        )
    return (
        f"{video} has {pictures:,} pictures and {source} {frames:,} frames, so that it is not "
        f"known which belong together.{rates} {offer}"
    )


def of_another_rate(footage: Footage, rate: float | None) -> str | None:
    """Say that video and poses differ in their rate, where they do.

    Parameters
    ----------
    footage : Footage
    rate : float or None
        Of the poses.

    Returns
    -------
    str or None
    """
    fps = footage.fps
    if rate is None or fps is None or abs(fps - rate) <= _SAME_RATE * rate:
        return None
    return (
        f"{footage.path} has {fps:g} pictures a second and the poses {rate:g} frames; they are "
        "matched by their numbers, and the time is that of the poses (--fps)."
    )
