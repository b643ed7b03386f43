"""What each part of ours is worth: the same with one part switched off, on every recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.record.accuracy import Row, measured
from benchmarks.record.bars import geometric_mean, over_recordings
from benchmarks.record.cases import CASES
from benchmarks.record.fitting import How
from benchmarks.record.methods import METHODS, Method
from benchmarks.record.tables import number
from benchmarks.report import write_section

VARIANTS: tuple[Method, ...] = (
    Method("as it is", "as it is", "ours", given=True),
    Method("no bone fit", "no bone fit", "ours", {"bone_fit": False}, given=True),
    Method("no mirror images", "no mirror images", "ours", {"mirror": False}, given=True),
    Method("no skeleton, no camera", "no skeleton, no camera", "ours"),
    Method("no networks", "no networks", "ours", {"network": "kernel"}, given=True),
    Method(
        "no place in the image",
        "no place in the image",
        "ours",
        given=True,
        changes={"liftpose.lifter.normalization:TRAVELS": 1e9},
    ),
    Method(
        "inputs as they are in the kernel's distance",
        "inputs as they are in the kernel's distance",
        "ours",
        given=True,
        changes={"liftpose.lifter.members.kernel:SHARE": 0.0},
    ),
)
"""The default effort, and what is changed of it: options by name, or constants of the package."""


def run(names: Sequence[str] | None, how: How, write: bool) -> int:
    """Run every variant and print what it does to error and cost.

    Parameters
    ----------
    names : sequence of str, optional
        Of `CASES`; by default one camera of every recording.
    how : How
        Seeds, and what of earlier runs is used.
    write : bool
        Whether the table goes to ``docs/``.

    Returns
    -------
    int
        Exit status: 1 where something failed.
    """
    ridge = next(method for method in METHODS if method.name == "ridge")

    def tell(line: str) -> None:
        print(line, flush=True)

    rows = measured(names or one_camera_each(), [ridge, *VARIANTS], how, tell)
    text = "\n".join(table(rows))
    print(f"\n{text}")
    failed = [f"{row.name}, {what}: {said}" for row in rows for what, said in row.failed.items()]
    for line in failed:
        print(f"FAILED: {line}")
    if write:
        write_section("record-ablation", text)
    return int(bool(failed))


def one_camera_each() -> list[str]:
    """Give the first case of every recording that has a bar.

    Returns
    -------
    list of str
        Names of cases.
    """
    first: dict[str, str] = {}
    for name, make in CASES.items():
        case = make()
        if case.barred:
            first.setdefault(case.group, name)
    return list(first.values())


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the table: a row a variant, a column a recording, errors as multiples of ridge.

    Parameters
    ----------
    rows : sequence of Row
        What was measured, with the variants by their names.

    Yields
    ------
    str
    """
    groups = list(dict.fromkeys(row.group for row in rows))
    yield f"| | {' | '.join(groups)} | geometric mean | CPU s |"
    yield "|---" + "|---:" * (len(groups) + 2) + "|"
    for variant in VARIANTS:
        ratios = {
            group: geometric_mean(
                row.ratio(variant.name)
                for row in rows
                if row.group == group and variant.name in row.scored
            )
            for group in groups
        }
        cells = [number(ratios[group]) for group in groups]
        mean = geometric_mean(over_recordings(rows, variant.name).values())
        cpu = geometric_mean(
            row.median(variant.name, "cpu_seconds") for row in rows if variant.name in row.scored
        )
        yield f"| {variant.label} | {' | '.join(cells)} | {number(mean)} | {number(cpu)} |"
