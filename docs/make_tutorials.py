"""Run the tutorials' sources, and keep what they show as notebooks beside them.

Each ``docs/tutorials/*.py`` is a script in cells ("percent format"), which can be read and run as
it is; the notebook of the same name holds its cells and what came out of them. Run it from the
project folder, for all or for some::

    python -m docs.make_tutorials
    python -m docs.make_tutorials 1-your-first-lift

It needs nbclient, nbformat and ipykernel. A second run gives the same files: times, counters and
random names of cells are left out.
"""

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from liftpose.files import replacing

FOLDER = Path(__file__).parent / "tutorials"
MARK = re.compile(r"^# %%(?: \[(markdown)\])?$")
SETTING_UP = """
import matplotlib

get_ipython().config.InlineBackend.print_figure_kwargs = {
    "bbox_inches": "tight", "metadata": {"Software": None}
}
matplotlib.rcParams.update({"figure.dpi": 100, "savefig.dpi": 100})
"""
"""Run before a tutorial's cells, and not kept."""
SETTINGS = {"OMP_NUM_THREADS": "1", "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
"""Of the kernel. One thread gives the same digits, however many cores there are."""
SECONDS = 600
"""After which a cell counts as stuck."""


class Cell(NamedTuple):
    """A cell of a tutorial: ``"markdown"`` or ``"code"``, and what is in it."""

    kind: str
    source: str


def sources() -> list[Path]:
    """Name the tutorials' sources, in their order."""
    return sorted(FOLDER.glob("*.py"))


def cells_of(text: str) -> list[Cell]:
    r"""Cut a source into its cells; what stands before the first is for tools, and left out.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of Cell

    Raises
    ------
    ValueError
        A line of a markdown cell that is no comment.

    Examples
    --------
    >>> cells_of("# %% [markdown]\n# # Title\n#\n# Words.\n\n# %%\n1 + 1\n")
    [Cell(kind='markdown', source='# Title\n\nWords.'), Cell(kind='code', source='1 + 1')]
    """
    found: list[tuple[str, list[str]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        mark = MARK.match(line)
        if mark:
            found.append((mark[1] or "code", []))
        elif found:
            kind, lines = found[-1]
            lines.append(_uncommented(line, number) if kind == "markdown" else line)
    return [Cell(kind, "\n".join(lines).strip("\n")) for kind, lines in found]


def _uncommented(line: str, number: int) -> str:
    if line and not line.startswith("#"):
        raise ValueError(f"line {number} is in a markdown cell and no comment: {line!r}.")
    return line.removeprefix("#").removeprefix(" ")


def read_notebook(path: Path) -> dict[str, Any]:
    """Read a notebook as the JSON that it is."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def cells_in(notebook: dict[str, Any]) -> list[Cell]:
    """Give a notebook's cells without what came out of them."""
    return [Cell(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]


def executed(cells: Iterable[Cell], folder: Path) -> Any:
    """Run cells as a notebook.

    Parameters
    ----------
    cells : iterable of Cell
    folder : Path
        Where they run, and write their files.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell raised an error.
    """
    import nbformat.v4 as v4
    from nbclient import NotebookClient

    made = {"markdown": v4.new_markdown_cell, "code": v4.new_code_cell}
    notebook = v4.new_notebook(
        cells=[v4.new_code_cell(SETTING_UP), *(made[cell.kind](cell.source) for cell in cells)]
    )
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=SECONDS,
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,
        # Errors only: it warns that what it says could be read on this machine.
        extra_arguments=["--log-level=40"],
    )
    client.execute(env=os.environ | SETTINGS)
    del notebook.cells[0]
    return settled(notebook)


def settled(notebook: Any) -> Any:
    """Leave out of a notebook what differs between two runs."""
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number}"
        cell.metadata.clear()
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(codes, 1):
        cell.execution_count = number
        cell.outputs = joined(cell.outputs)
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = number
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def joined(outputs: list[Any]) -> list[Any]:
    """Put together what was printed in pieces, which are cut where the clock happened to be."""
    kept: list[Any] = []
    for output in outputs:
        before = kept[-1] if kept else None
        stream = output.output_type == "stream"
        if stream and before is not None and before.get("name") == output.name:
            before.text += output.text
        else:
            kept.append(output)
    return kept


def make(source: Path) -> Path:
    """Run a source and write its notebook beside it."""
    import nbformat

    cells = cells_of(source.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        notebook = executed(cells, Path(folder))
    target = source.with_suffix(".ipynb")
    with replacing(target) as beside:
        beside.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    return target


def main(argv: list[str]) -> int:
    """Make the notebooks that are named, or all."""
    known = {source.stem: source for source in sources()}
    unknown = sorted(set(argv) - set(known))
    if unknown:
        print(f"there is no tutorial {unknown[0]!r}; there are {', '.join(known)}.")
        return 2
    for name in argv or known:
        target = make(known[name])
        print(f"{target.name}: {target.stat().st_size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
