"""``python -m benchmarks record``: every method on every recording, with the bars.

Each method is run through its own real code: ours fits in a process of its own that is given the
training data and nothing else, and lifts when it is done; liftpose 0.22 and FMPose3D run in their
own environments. What came out is kept in ``.benchmarks/``, ours by the hash of the package's code,
so that a run that was stopped goes on where it was.
"""

import argparse
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.record import ablation, figures, scaling, tables
from benchmarks.record.accuracy import Row, measured
from benchmarks.record.bars import checked
from benchmarks.record.cases import CASES
from benchmarks.record.costs import CASE, Costs, measured_costs
from benchmarks.record.fitting import How
from benchmarks.record.methods import EFFORTS, METHODS, SEEDS, Method, chosen
from benchmarks.record.sources import KEPT_HERE, current
from benchmarks.report import write_section

OTHERS = ("ridge", "peer-best", "default", "best")
COSTLY = ("ridge", "peer-best", "martinez", "fmpose", *EFFORTS)
EVERYTHING = KEPT_HERE / "record.json"


def main(argv: Sequence[str]) -> int:
    """Run what is asked for; exit with 1 where a bar is missed or something failed."""
    parser = _parser()
    asked = parser.parse_args(argv)
    for name in asked.only or ():
        if name not in CASES:
            parser.error(f"there is no recording {name!r}; expected one of {', '.join(CASES)}.")
    try:
        methods = chosen(asked.methods, asked.effort)
        chosen(asked.earlier)
    except ValueError as error:
        parser.error(str(error))
    part = asked.scaling or asked.ablation
    if asked.write and not part and (asked.only or asked.methods or asked.effort):
        parser.error("--write is for the whole record, without --only, --methods and --effort")
    how = How(current(), asked.seeds, asked.fresh, tuple(asked.earlier or ()), asked.jobs)
    print(f"liftpose, code {how.code.version}", flush=True)
    if asked.scaling:
        return scaling.run(asked.effort or EFFORTS, asked.sizes, how, asked.write)
    if asked.ablation:
        return ablation.run(asked.only, how, asked.write)
    return _record(asked.only or list(CASES), methods, how, asked.write)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks record", description=__doc__)
    add = parser.add_argument
    add("--only", nargs="+", metavar="NAME", help=f"of {', '.join(CASES)}")
    add("--methods", nargs="+", metavar="NAME", help=", ".join(one.name for one in METHODS))
    add("--effort", nargs="+", metavar="EFFORT", help=f"of ours only these: {', '.join(EFFORTS)}")
    add("--seeds", type=int, default=SEEDS, help="at most so many trainings of each")
    add("--jobs", type=int, default=1, help="recordings at a time (for errors and CPU seconds)")
    add("--fresh", action="store_true", help="run again what is kept, peers too")
    add("--earlier", nargs="+", metavar="METHOD", help="whose results of earlier code will do")
    add("--write", action="store_true", help="put tables and figures into docs/")
    add("--scaling", action="store_true", help="what a fit costs by the size of the library")
    add("--sizes", nargs="+", type=int, default=list(scaling.SIZES), help="of libraries, frames")
    add("--ablation", action="store_true", help="what each part of ours is worth")
    return parser


def _record(names: Sequence[str], methods: Sequence[Method], how: How, write: bool) -> int:
    def tell(line: str) -> None:
        print(line, flush=True)

    rows = measured(names, methods, how, tell)
    wanted = [one for one in methods if one.name in ("ridge", *EFFORTS)]
    costs = measured_costs(wanted, how, tell) if CASE in names else Costs()
    found = checked(rows, costs)
    _keep(rows, costs, how)
    text = "\n".join(_page(rows, costs, methods, how))
    print(f"\n{text}\n")
    failed = {f"{row.name}, {what}": said for row in rows for what, said in row.failed.items()}
    failed |= costs.failed
    for what, said in failed.items():
        print(f"FAILED: {what}: {said}")
    missed = [bar for bar in found if bar.holds is False]
    unknown = [bar for bar in found if math.isnan(bar.value)]
    print(f"{len(missed)} bar(s) missed, {len(unknown)} not measured, {len(failed)} run(s) failed")
    if write:
        write_section("record", text)
        for path in figures.draw(rows, methods):
            print(f"drawn: {path}")
    return int(bool(missed or failed))


def _page(rows: Sequence[Row], costs: Costs, methods: Sequence[Method], how: How) -> Iterator[str]:
    """Yield the section of the page, line by line."""
    by_name = {one.name: one for one in methods}
    yield from tables.bars(checked(rows, costs))
    yield ""
    yield from tables.accuracy(rows, methods)
    yield ""
    yield from tables.other_measures(rows, [by_name[name] for name in OTHERS if name in by_name])
    yield ""
    yield "CPU seconds to train, and the peak memory of ours:"
    yield ""
    yield from tables.training_costs(rows, [by_name[name] for name in COSTLY if name in by_name])
    if costs.found:
        yield ""
        yield from tables.lifting_costs(costs, methods)
    if how.earlier:
        yield ""
        yield f"Of earlier code of ours, where there was a result: {', '.join(how.earlier)}."
    failed = [f"{row.name}: {what}" for row in rows for what in row.failed]
    if failed:
        yield ""
        yield f"Failed: {'; '.join(failed)}."


def _keep(rows: Sequence[Row], costs: Costs, how: How) -> None:
    """Keep every number, joint by joint, where another program can read it."""
    lifting = [{"method": m, "threads": t, **found} for (m, t), found in costs.found.items()]
    content: dict[str, Any] = {
        "code": how.code.version,
        "cases": [asdict(row) for row in rows],
        "lifting": lifting,
    }
    path = Path(EVERYTHING)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1))
