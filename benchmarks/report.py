"""Figures that a benchmark printed, kept in ``docs/benchmarks.md``."""

from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def write_section(name: str, text: str) -> None:
    """Put a benchmark's output between its two marks on the page.

    Parameters
    ----------
    name : str
        Of the benchmark: the marks are ``<!-- name -->`` and ``<!-- /name -->``.
    text : str
        Markdown.

    Raises
    ------
    ValueError
        If the page lacks the marks.
    """
    page = PAGE.read_text()
    before, start, rest = page.partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    if not start or not end:
        raise ValueError(f"{PAGE.name} has no place marked for {name!r}.")
    PAGE.write_text(f"{before}{start}{text}\n{end}{after}")
