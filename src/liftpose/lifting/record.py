"""The record of a folder of lifted files: what each came from, so that a batch can go on later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from liftpose.files import replacing
from liftpose.terminal import plain

RECORD = ".liftpose-lifted.json"
"""Name of the record, in the folder that it is of."""

_FORMAT, _VERSION = "liftpose-lifted", 1


def stamp(path: Path) -> dict[str, int]:
    """Give what changes when a file, or one of the files in a folder, is changed.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    dict
        Bytes, and the time of the last change in nanoseconds.

    Raises
    ------
    OSError
        There is nothing there.
    """
    files = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
    found = [file.stat() for file in files]
    return {
        "bytes": sum(one.st_size for one in found),
        "changed": max((one.st_mtime_ns for one in found), default=0),
    }


def fingerprint(asked: Mapping[str, Any]) -> str:
    """Give a digest of plain values.

    Examples
    --------
    >>> fingerprint({"a": 1, "b": (2,)}) == fingerprint({"b": [2], "a": 1})
    True
    """
    text = json.dumps(plain(asked), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


class Record:
    """What is known of the files in a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Which may not be there yet.
    lifter : str
        Digest of the lifter at work.
    asked : str
        `fingerprint` of how it is to lift.
    """

    def __init__(self, folder: Path, lifter: str, asked: str):
        self.path, self.lifter, self.asked = folder / RECORD, lifter, asked

    def differs(self, source: Path, target: Path) -> str | None:
        """Say what a file that is there has been made of, if that is not what is wanted.

        Parameters
        ----------
        source, target : pathlib.Path
            The 2D, and the file that is there.

        Returns
        -------
        str or None
            The rest of a sentence; None where the file is what would be made again.
        """
        entry = self._read().get(target.name)
        if not isinstance(entry, Mapping):
            return "it is not known what it was lifted from"
        if entry.get("source") != {"name": source.name, **stamp(source)}:
            return f"it was lifted from another file, or {source.name} has changed since"
        if entry.get("lifter") != self.lifter:
            return "it was lifted by another lifter"
        if entry.get("asked") != self.asked:
            return "it was lifted with other options"
        if entry.get("target") != stamp(target):
            return "it has been changed since it was lifted"
        return None

    def add(self, source: Path, target: Path) -> None:
        """Enter a file that is whole.

        Parameters
        ----------
        source, target : pathlib.Path
            The 2D, and what came of it.
        """
        # Read anew: others may be lifting to the same folder.
        entries = self._read()
        entries[target.name] = {
            "source": {"name": source.name, **stamp(source)},
            "lifter": self.lifter,
            "asked": self.asked,
            "target": stamp(target),
        }
        whole = {"format": _FORMAT, "version": _VERSION, "files": dict(sorted(entries.items()))}
        with replacing(self.path) as beside:
            beside.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")

    def _read(self) -> dict[str, Any]:
        """Entries by name; none where there is no record that can be read."""
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            if content["format"] == _FORMAT and content["version"] == _VERSION:
                return dict(content["files"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return {}
