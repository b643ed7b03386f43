"""``python -m benchmarks trust``: what makes a result one to rely on, a part a module.

Each module of this package has ``lines()``, which yields the Markdown of its part line by line,
and is found by being there. A line with ``**missed**`` says that a bar does not hold.
"""

import argparse
import pkgutil
from collections.abc import Sequence
from importlib import import_module

from benchmarks.report import write_section

HOLDS, MISSED = "holds", "**missed**"


def parts() -> list[str]:
    """Give the names of all parts."""
    modules = [found.name for found in pkgutil.iter_modules(__path__)]
    # What several parts share, or another interpreter runs, is no part of its own.
    return sorted(n for n in modules if not n.startswith("_") and not n.endswith("_worker"))


def main(argv: Sequence[str]) -> int:
    """Print every part, or some, and say whether all bars hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks trust", description=__doc__)
    parser.add_argument("--only", choices=parts(), action="append", help="may be repeated")
    parser.add_argument("--write", action="store_true", help="put it in docs/benchmarks.md")
    arguments = parser.parse_args(argv)
    missed = 0
    for name in arguments.only or parts():
        lines = []
        print(f"\n## {name}\n", flush=True)
        for line in import_module(f"{__name__}.{name}").lines():
            print(line, flush=True)
            lines.append(line)
        missed += sum(MISSED in line for line in lines)
        if arguments.write:
            write_section(f"trust-{name}", "\n".join(lines))
    print(f"\n{missed} bar(s) missed" if missed else "\nevery bar holds")
    return 1 if missed else 0
