"""Reads damaged copies of a file over and over, in a process of its own that may die of it.

``python fuzz_worker.py FILE COUNT SEED`` prints, as JSON, what went wrong: anything but poses or a
`ValueError` of one line that names the file. Memory is limited, so that a reader that believes
what a damaged file claims to hold fails here and not on somebody's laptop.
"""

import json
import os
import random
import resource
import shutil
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

ROOM = 1 << 30
"""Bytes of address space that reading may take, beyond what the process and its libraries have."""


def damaged(content: bytes, dice: random.Random) -> bytes:
    """Some content with one kind of damage: cut, bytes changed, a span repeated or blanked."""
    kind = dice.randrange(5)
    # Damage hurts most where a file says how it is laid out: at its beginning.
    place = dice.randrange(min(len(content), dice.choice((64, 1024, 1 << 14, len(content)))))
    span = dice.choice((1, 2, 4, 8, 64, 1024))
    if kind == 0:
        return content[: place or 1]
    if kind == 1:
        return content[:place] + bytes(dice.randrange(256) for _ in range(span)) + content[place:]
    if kind == 2:
        return content[:place] + content[place + span :]
    if kind == 3:
        return content[:place] + bytes([dice.choice((0, 255))] * span) + content[place + span :]
    changed = bytearray(content)
    for _ in range(dice.randint(1, 8)):
        changed[min(place + dice.randrange(span), len(content) - 1)] = dice.randrange(256)
    return bytes(changed)


def complaint(source: Path, hints: dict) -> str | None:
    """What is wrong with how a damaged file is read; None where all is as it should be."""
    from liftpose.io import read_poses

    try:
        read_poses(source, **hints)
    except (ValueError, IsADirectoryError) as error:
        said = str(error)
        if "MemoryError" in said:
            return f"it took all memory: {said}"
        if "\n" in said or source.name not in said:
            return f"not one line that names the file: {said!r}"
    except BaseException:
        return traceback.format_exc(limit=-6)
    return None


def main(path: Path, count: int, seed: int, hints: dict) -> list[str]:
    from liftpose.io import read_poses

    warnings.simplefilter("ignore")
    read_poses(path, **hints)  # loads what it needs
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + ROOM, now + ROOM))
    dice, found = random.Random(f"{seed} {path.name}"), []
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / path.name
        if path.is_dir():
            shutil.copytree(path, copy)
        for number in range(count):
            victim = copy / dice.choice(sorted(os.listdir(path))) if path.is_dir() else copy
            whole = (path / victim.name if path.is_dir() else path).read_bytes()
            victim.write_bytes(damaged(whole, dice) or b"\0")
            print(number, file=sys.stderr, flush=True)
            said = complaint(copy, hints)
            victim.write_bytes(whole)
            if said is not None:
                found.append(f"damage {number}: {said}")
    return found


if __name__ == "__main__":
    _, name, count, seed, hints = sys.argv
    print(json.dumps(main(Path(name), int(count), int(seed), json.loads(hints))))
