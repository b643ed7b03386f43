"""Who may import whom: the floors of the house, read from the source."""

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
SOURCE = PROJECT / "src"

# Rooms import downward only. On the ground floor they may import each other; above it, rooms of
# one floor stand side by side.
FLOORS = (
    (
        "skeleton",
        "names",
        "metrics",
        "geometry",
        "files",
        "terminal",
    ),
    ("poses",),
    ("lifter", "io", "plot"),
    ("datasets", "params", "preprocess", "postprocess"),
    (
        "main",
        "library",
        "evaluate",
        "demo",
        "view",
        "lifting",
        "converting",
        "picturing",
        "filming",
        "reporting",
        "refining",
        "triangulating",
        "about",
    ),
    ("cli",),
    ("__main__",),
)
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
ARRAYS_ONLY = FLOORS[0]


@dataclass(frozen=True)
class Import:
    """One import: who, what, and whether it is carried out when the importer is imported."""

    importer: str
    imported: str
    at_import_time: bool


def sources(folder: Path) -> dict[str, str]:
    """Source of every module below a folder, by dotted name."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text()
    return found


def imports_of(name: str, source: str, modules: set[str], is_package: bool) -> list[Import]:
    """Everything a module imports, inside functions too."""
    return [
        Import(name, imported, at_import_time)
        for node, at_import_time in _statements(ast.parse(source).body, True)
        for imported in _names(node, name, modules, is_package)
    ]


def _statements(nodes: list[ast.stmt], now: bool) -> Iterator[tuple[ast.stmt, bool]]:
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, now
            continue
        inside = now and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _statements(node.body, False)
            yield from _statements(node.orelse, now)
            continue
        for field in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(node, field, []), inside)
        for handler in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
            yield from _statements(handler.body, inside)


def _names(node: ast.stmt, importer: str, modules: set[str], is_package: bool) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parts = importer.split(".") + ([""] if is_package else [])
            above = ".".join(parts[: -node.level])
            base = f"{above}.{base}" if base else above
        for alias in node.names:
            module = f"{base}.{alias.name}"
            yield module if module in modules else base


def graph(found: dict[str, str]) -> list[Import]:
    modules = set(found)
    packages = {name.rpartition(".")[0] for name in modules}
    return [
        edge
        for name, source in found.items()
        for edge in imports_of(name, source, modules, name in packages)
    ]


def room(module: str) -> str:
    """The first part of a module's name below the package; nothing for the package itself."""
    return [*module.split("."), ""][1]


def misplaced(edges: list[Import]) -> list[str]:
    """What breaks the floors, in words."""
    wrong = []
    for edge in edges:
        if edge.imported.split(".")[0] != "liftpose":
            continue
        here, there = room(edge.importer), room(edge.imported)
        for module, name in ((edge.importer, here), (edge.imported, there)):
            if name and name not in FLOOR_OF:
                wrong.append(f"{module} is on no floor; give the room {name!r} one in FLOORS")
        if here == there or not there or {here, there} - {"", *FLOOR_OF}:
            continue
        if not here:
            wrong.append(f"liftpose itself imports {edge.imported}; load it when it is first used")
        elif FLOOR_OF[there] > FLOOR_OF[here]:
            wrong.append(f"{edge.importer} imports {edge.imported}, which is on a higher floor")
        elif FLOOR_OF[there] == FLOOR_OF[here] > 0:
            wrong.append(f"{edge.importer} imports {edge.imported}, which stands beside it")
    return wrong


def circle(edges: list[Import]) -> list[str]:
    """Modules that need each other in order to be imported; empty where there are none."""
    needs: dict[str, set[str]] = {}
    for edge in edges:
        if edge.at_import_time and edge.importer != edge.imported:
            needs.setdefault(edge.importer, set()).add(edge.imported)
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


@pytest.fixture(scope="module")
def edges():
    return graph(sources(SOURCE))


def test_every_module_is_on_a_floor():
    rooms = {room(module) for module in sources(SOURCE)} - {""}
    homeless = sorted(rooms - set(FLOOR_OF))
    assert not homeless, f"on no floor: {homeless}. Add each to FLOORS in {Path(__file__).name}."


def test_imports_run_downward_only(edges):
    assert misplaced(edges) == []


def test_no_modules_need_each_other_to_be_imported(edges):
    assert circle(edges) == []


def test_the_ground_floor_imports_no_torch_and_no_xarray(edges):
    heavy = [
        f"{edge.importer} imports {edge.imported}"
        for edge in edges
        if room(edge.importer) in ARRAYS_ONLY and edge.imported.split(".")[0] in ("torch", "xarray")
    ]
    assert heavy == []


def test_nothing_in_src_imports_what_stands_beside_it(edges):
    beside = {"benchmarks", "examples", "tests", "docs"}
    assert [edge for edge in edges if edge.imported.split(".")[0] in beside] == []


def test_benchmarks_examples_and_docs_import_public_names_only():
    modules = set(sources(SOURCE))
    private = []
    for folder in ("benchmarks", "examples", "docs"):
        for path in sorted((PROJECT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    names = [*_names(node, folder, modules, True)]
                    names = [name for name in names if name.split(".")[0] == "liftpose"]
                    names += [a.name for a in node.names] if names else []
                    private += [
                        f"{path.relative_to(PROJECT)}:{node.lineno} {name}"
                        for name in names
                        if any(part.startswith("_") for part in name.split("."))
                    ]
    assert private == []


def new_modules(statement: str) -> set[str]:
    """Top-level names of what a statement loads in a fresh interpreter."""
    code = (
        f"import sys; before = set(sys.modules); {statement}; "
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    return set(result.stdout.split())


def test_importing_the_package_loads_the_standard_library_only():
    assert new_modules("import liftpose") <= {"liftpose", *sys.stdlib_module_names}


def test_the_ground_floor_loads_without_torch_and_xarray():
    statement = "import " + ", ".join(f"liftpose.{room}" for room in ARRAYS_ONLY)
    loaded = new_modules(statement)
    assert "numpy" in loaded
    assert not loaded & {"torch", "xarray"}


def checked(**modules: str) -> tuple[list[str], list[str]]:
    found = {"liftpose": ""} | {
        f"liftpose.{name.replace('__', '.')}": source for name, source in modules.items()
    }
    edges = graph(found)
    return misplaced(edges), circle(edges)


@pytest.mark.parametrize(
    ("importer", "source", "words"),
    [
        ("poses", "import liftpose.lifter.opt", "higher floor"),
        ("poses", "from liftpose import main", "higher floor"),
        ("metrics", "def f():\n    from liftpose.poses import Poses", "higher floor"),
        ("plot__pose", "from liftpose.lifter.opt import Options", "beside it"),
        ("io__csv", "from ..plot import pose", "beside it"),
        ("helpers", "import liftpose.poses", "on no floor"),
        ("poses", "if TYPE_CHECKING:\n    import liftpose.cli", "higher floor"),
        ("poses", "try:\n    pass\nexcept E:\n    import liftpose.cli", "higher floor"),
        ("poses", "match 1:\n    case 1:\n        import liftpose.cli", "higher floor"),
    ],
)
def test_a_wrong_import_is_found(importer, source, words):
    modules = {"main": "", "plot": "", "lifter__opt": "", "cli": "", "io": "", "poses": ""}
    wrong, _ = checked(**modules | {importer: source})
    assert len(wrong) == 1
    assert words in wrong[0]


def test_right_imports_are_let_through():
    wrong, around = checked(
        skeleton="import numpy",
        poses="from liftpose import skeleton\nimport liftpose",
        lifter="",
        lifter__opt="",
        lifter__lifter="from liftpose.lifter.opt import x\nfrom .opt import y",
        main="def f():\n    from liftpose.lifter import lifter",
    )
    assert wrong == []
    assert around == []


def test_a_circle_is_found_unless_a_function_breaks_it():
    there = "from liftpose.lifter.b import x"
    _, around = checked(lifter__a=there, lifter__b="import liftpose.lifter.a")
    assert set(around) == {"liftpose.lifter.a", "liftpose.lifter.b"}
    _, broken = checked(lifter__a=there, lifter__b="def f():\n    import liftpose.lifter.a")
    assert broken == []
