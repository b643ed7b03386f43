"""``python -m benchmarks cameras``: everything about cameras, a part a module.

Each module of this package has ``lines()``, which yields the Markdown of its part line by line;
a line with ``**does not hold**`` says that a bar was missed. A part that draws has a ``PICTURE``,
the file that ``lines`` then takes.
"""

import argparse
import pkgutil
import warnings
from collections.abc import Sequence
from importlib import import_module

from benchmarks.report import write_section

MISSED = "**does not hold**"


def main(argv: Sequence[str]) -> int:
    """Print every part, or one, and say whether all bars hold."""
    modules = [found.name for found in pkgutil.iter_modules(__path__)]
    # What another interpreter runs is no part of its own.
    parts = sorted(name for name in modules if not name.endswith("_worker"))
    parser = argparse.ArgumentParser(prog="python -m benchmarks cameras", description=__doc__)
    parser.add_argument("--only", choices=parts, action="append", help="this part; may be repeated")
    parser.add_argument("--write", action="store_true", help="put it in docs/benchmarks.md")
    arguments = parser.parse_args(argv)
    missed = 0
    for name in arguments.only or parts:
        lines = []
        print(f"\n## {name}\n", flush=True)
        with warnings.catch_warnings():
            # Of two cameras that are left when one is held out, and the like.
            warnings.simplefilter("ignore", UserWarning)
            part = import_module(f"{__name__}.{name}")
            drawn = [part.PICTURE] if arguments.write and hasattr(part, "PICTURE") else []
            for line in part.lines(*drawn):
                print(line, flush=True)
                lines.append(line)
        missed += sum(MISSED in line for line in lines)
        if arguments.write:
            write_section(f"cameras-{name}", "\n".join(lines))
    print(f"\n{missed} bar(s) missed" if missed else "\nevery bar holds")
    return 1 if missed else 0
