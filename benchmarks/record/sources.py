"""The code that is measured: a copy that stays as it is while a run lasts, and its hash.

Whoever works on the package while the record runs would otherwise change what is measured halfway.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peer import KEPT, PROJECT

KEPT_HERE = KEPT / "record"
PACKAGE = PROJECT / "src" / "liftpose"


@dataclass(frozen=True)
class Code:
    """One state of the package.

    Parameters
    ----------
    version : str
        16 hexadecimal digits: SHA-256 of all its files.
    folder : pathlib.Path
        What to put on Python's path to import it.
    """

    version: str
    folder: Path


def version_of(package: Path) -> str:
    """Hash all files of a package.

    Parameters
    ----------
    package : pathlib.Path
        Its folder.

    Returns
    -------
    str
        16 hexadecimal digits; other ones whenever a file changes its name or a byte.
    """
    digest = hashlib.sha256()
    for path in _files(package):
        digest.update(f"{path.relative_to(package).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def current(package: Path = PACKAGE, kept: Path = KEPT_HERE) -> Code:
    """Copy the package as it is now, if there is no copy of this state yet.

    Parameters
    ----------
    package : pathlib.Path
        Its folder.
    kept : pathlib.Path
        Where copies go: to ``code/VERSION`` in there.

    Returns
    -------
    Code
    """
    (kept / "code").mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix="part-", dir=kept / "code"))
    shutil.copytree(
        package, part / package.name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
    )
    # Of the copy: the package may change while it is copied.
    version = version_of(part / package.name)
    folder = kept / "code" / version
    if folder.exists():
        shutil.rmtree(part)
    else:
        part.rename(folder)
    return Code(version, folder)


def _files(package: Path) -> list[Path]:
    found = (path for path in package.rglob("*") if path.is_file())
    return sorted(path for path in found if "__pycache__" not in path.parts)
