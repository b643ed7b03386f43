"""The text of a params file, which knows in which line a key stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import yaml

from liftpose.names import closest


class Source:
    """A params file's text and content, which knows in which line a key stands.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    """

    def __init__(self, path: Path):
        self.path, self.text = path, path.read_text(encoding="utf-8")
        self.is_yaml = path.suffix.lower() in (".yaml", ".yml")
        try:
            content = yaml.safe_load(self.text) if self.is_yaml else tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            line = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)", str(error))
            number = int(line[1]) if line and line[1] else self.text.count("\n") + 1
            words = str(error)[: line.start()] if line else str(error)
            raise ValueError(f"{path.name}, line {number}: no TOML: {words}.") from None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            number = mark.line + 1 if mark else 1
            problem = getattr(error, "problem", None) or "it cannot be read"
            raise ValueError(f"{path.name}, line {number}: no YAML: {problem}.") from None
        if not isinstance(content, dict):
            raise ValueError(f"{path.name}: holds no keys with values.")
        self.content: dict[str, Any] = content

    def line(self, *keys: str | int) -> int | None:
        """Number of the line in which a key's statement begins.

        Parameters
        ----------
        *keys : str or int
            The way to it, through tables (names) and lists of tables (numbers).

        Returns
        -------
        int or None
            From 1; None in YAML, and where the key is not there.
        """
        # The file is complete TOML after every statement and at no line within one, so the first
        # piece of it that has the key ends with the key's statement.
        if self.is_yaml:
            return None
        lines, begin = self.text.splitlines(keepends=True), 0
        for end in range(1, len(lines) + 1):
            try:
                piece = tomllib.loads("".join(lines[:end]))
            except tomllib.TOMLDecodeError:
                continue
            if _has(piece, keys):
                return begin + 1
            begin = end
        return None

    def wrong(self, words: str, *keys: str | int) -> NoReturn:
        """Raise a ValueError with file and line of a key before the words."""
        number = self.line(*keys)
        where = self.path.name if number is None else f"{self.path.name}, line {number}"
        raise ValueError(f"{where}: {words}") from None

    def check_keys(self, table: Any, known: Iterable[str], *way: str | int) -> None:
        """Refuse what is no table, and a key in it that nothing reads."""
        name = table_name(way)
        if not isinstance(table, Mapping):
            self.wrong(f"{name} is {table!r}; expected a table of keys.", *way)
        for key in table:
            if key not in known:
                self.wrong(f"unknown key {key!r} in {name}.{closest(str(key), known)}", *way, key)

    def file(
        self, name: Any, *way: str | int, folder: Callable[[Path], bool] | None = None
    ) -> Path:
        """Give the path of a file, or of a folder that passes a test, that the file names."""
        if not isinstance(name, str) or not name:
            self.wrong(f"{way[-1]} is {name!r}; expected the name of a file.", *way)
        path = self.path.parent / name
        if path.is_dir() and folder is not None and folder(path):
            return path
        if path.is_dir():
            self.wrong(f"{name} is a folder; expected a file.", *way)
        if not path.is_file():
            there = sorted(p.name for p in path.parent.glob("*") if p.is_file())
            self.wrong(f"there is no file {path}.{closest(path.name, there)}", *way)
        return path


def table_name(way: Sequence[str | int]) -> str:
    """Write the way to a table as the file does.

    Examples
    --------
    >>> table_name(["camera", "fly1"]), table_name(["augmentation", 0])
    ('[camera.fly1]', '[[augmentation]]')
    """
    names = [str(key) for key in way if isinstance(key, str)]
    return f"[[{names[0]}]]" if any(isinstance(key, int) for key in way) else f"[{'.'.join(names)}]"


def blamed(error: Exception, given: Any) -> tuple[str, ...]:
    """Give the key of a table that an error names first.

    Parameters
    ----------
    error : Exception
    given : mapping
        The table; of anything else, no key is to blame.

    Returns
    -------
    tuple of str
        The key, or nothing.

    Examples
    --------
    >>> blamed(ValueError("crop and scale are odd"), {"scale": 2, "crop": 3})
    ('crop',)
    """
    if not isinstance(given, Mapping):
        return ()
    found = {key: re.search(rf"\b{re.escape(str(key))}\b", str(error)) for key in given}
    named = {key: match.start() for key, match in found.items() if match}
    return (min(named, key=lambda key: named[key]),) if named else ()


def _has(content: Any, keys: Sequence[str | int]) -> bool:
    for key in keys:
        if isinstance(key, int):
            if not isinstance(content, list) or len(content) <= key:
                return False
        elif not isinstance(content, Mapping) or key not in content:
            return False
        content = content[key]
    return True
