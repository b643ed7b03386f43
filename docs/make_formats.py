"""Writes the table of formats in ``formats.md`` from the registry."""

from pathlib import Path

from liftpose.io import formats

PAGE = Path(__file__).with_name("formats.md")
BEGIN, END = "<!-- formats: begin -->", "<!-- formats: end -->"
OURS = ("movement", "npz", "npy", "csv", "mat")
"""Formats of no tracker: those of our own, and of arrays that anyone may write."""


def table() -> str:
    """Lay out what can be read and written, a row a format."""
    rows = ["| format | name | read 2D | read 3D | write | hints |", "|---|---|---|---|---|---|"]
    for entry in formats():
        read = [_cell(entry, dims) for dims in (2, 3)]
        write = " and ".join(f"{dims}D" for dims in entry.writes) or "–"
        hints = ", ".join(f"`{hint}`" for hint in entry.hints) or "–"
        endings = ", ".join(f"`{suffix}`" for suffix in entry.suffixes)
        title = f"{entry.title} ({endings})" if endings else entry.title
        rows.append(f"| {title} | `{entry.name}` | {read[0]} | {read[1]} | {write} | {hints} |")
    return "\n".join(rows)


def _cell(entry, dims: int) -> str:
    if dims not in entry.reads:
        return "–"
    return "own files" if dims in entry.unproven else "✓"


def page(text: str) -> str:
    """Put the table into the text of the page."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
