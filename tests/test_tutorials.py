"""Tutorials are in step with their sources, show no error, and run."""

import os
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from docs.make_tutorials import (
    Cell,
    cells_in,
    cells_of,
    executed,
    joined,
    main,
    read_notebook,
    sources,
)

SOURCES = sources()
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"


def test_there_are_five_tutorials_and_each_has_its_notebook():
    assert [path.name[0] for path in SOURCES] == ["1", "2", "3", "4", "5"]
    notebooks = sorted(path.stem for path in SOURCES[0].parent.glob("*.ipynb"))
    assert notebooks == [path.stem for path in SOURCES]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
class TestNotebook:
    def test_it_has_the_cells_of_its_source(self, source):
        notebook = read_notebook(source.with_suffix(".ipynb"))
        assert cells_in(notebook) == cells_of(source.read_text(encoding="utf-8")), (
            f"run python -m docs.make_tutorials {source.stem}"
        )

    def test_every_cell_was_run_without_error_or_warning(self, source):
        notebook = read_notebook(source.with_suffix(".ipynb"))
        codes = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert [cell["execution_count"] for cell in codes] == list(range(1, len(codes) + 1))
        for cell in codes:
            for output in cell["outputs"]:
                assert output["output_type"] != "error", output
                assert output.get("name") != "stderr", output

    def test_it_shows_the_poses_moving_and_a_figure(self, source):
        cells = read_notebook(source.with_suffix(".ipynb"))["cells"]
        kinds = [
            set(output.get("data", {})) for cell in cells for output in cell.get("outputs", [])
        ]
        assert any("text/html" in kind for kind in kinds)
        assert any("image/png" in kind for kind in kinds)

    def test_nothing_in_it_is_of_the_run_that_made_it(self, source):
        text = source.with_suffix(".ipynb").read_text(encoding="utf-8")
        assert "iopub" not in text
        assert "/tmp/" not in text
        notebook = read_notebook(source.with_suffix(".ipynb"))
        assert [cell["metadata"] for cell in notebook["cells"]] == [{}] * len(notebook["cells"])

    def test_it_is_small_enough_to_load_at_once(self, source):
        assert source.with_suffix(".ipynb").stat().st_size < 1_500_000

    def test_it_leads_on_to_the_next(self, source):
        number = SOURCES.index(source) + 1
        text = source.read_text(encoding="utf-8")
        assert number == len(SOURCES) or f"utorial {number + 1}, *" in text


def test_the_first_runs_as_a_script(tmp_path, monkeypatch):
    mpl.use("Agg")
    monkeypatch.chdir(tmp_path)
    text = SOURCES[0].read_text(encoding="utf-8")
    names: dict[str, object] = {"__name__": "__main__"}
    exec(compile(text, str(SOURCES[0]), "exec"), names)
    plt.close("all")
    assert (tmp_path / "rat.lifter").exists()
    assert (tmp_path / "rat_9_3d.nc").exists()


@pytest.mark.skipif(not THOROUGH, reason="minutes long; HYPOTHESIS_PROFILE=thorough runs it")
@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_run_says_what_the_notebook_says(source, tmp_path):
    """Run everything again; figures and players may differ by the machine, words may not."""
    pytest.importorskip("nbclient", reason="the extra docs is not installed")
    cells = cells_of(source.read_text(encoding="utf-8"))
    now = executed(cells, tmp_path)
    kept = read_notebook(source.with_suffix(".ipynb"))
    for fresh, stored in zip(now.cells, kept["cells"], strict=True):
        assert [sorted(output.get("data", {})) for output in fresh.get("outputs", [])] == [
            sorted(output.get("data", {})) for output in stored.get("outputs", [])
        ]
        assert without_numbers(fresh.get("outputs", [])) == without_numbers(
            stored.get("outputs", [])
        )


def without_numbers(outputs):
    """Words that a cell printed; the last digits of numbers differ between processors."""
    texts = ["".join(output["text"]) for output in outputs if output["output_type"] == "stream"]
    return [
        "".join(letter for letter in text if letter.isalpha() or letter == "\n").replace("\n\n", "")
        for text in texts
        if "digest" not in text
    ]


def test_a_source_is_cut_at_its_marks():
    words = "# for tools\n# %% [markdown]\n# # Title\n#\n# Words.\n\n"
    text = words + "# %%\na = 1\n\n\nb = 2\n\n# %%\nb\n"
    assert cells_of(text) == [
        Cell("markdown", "# Title\n\nWords."),
        Cell("code", "a = 1\n\n\nb = 2"),
        Cell("code", "b"),
    ]


def test_code_in_a_markdown_cell_is_an_error_that_names_the_line():
    with pytest.raises(ValueError, match=r"line 2 .* no comment: 'a = 1'"):
        cells_of("# %% [markdown]\na = 1\n")


def test_an_unknown_tutorial_is_named(capsys):
    assert main(["6-more"]) == 2
    assert "no tutorial '6-more'; there are 1-your-first-lift" in capsys.readouterr().out


def test_what_was_printed_in_pieces_is_put_together():
    nbformat = pytest.importorskip("nbformat", reason="the extra docs is not installed")
    pieces = [
        nbformat.from_dict({"output_type": "stream", "name": name, "text": text})
        for name, text in [("stdout", "a\n"), ("stdout", "b\n"), ("stderr", "c"), ("stdout", "d")]
    ]
    assert [(one.name, one.text) for one in joined(pieces)] == [
        ("stdout", "a\nb\n"),
        ("stderr", "c"),
        ("stdout", "d"),
    ]


def test_a_notebook_is_run_in_its_folder_and_keeps_nothing_of_the_clock(tmp_path):
    pytest.importorskip("nbclient", reason="the extra docs is not installed")
    pytest.importorskip("ipykernel", reason="the extra docs is not installed")
    cells = [
        Cell("markdown", "# A title"),
        Cell("code", "from pathlib import Path\n\nPath('here').write_text('x')"),
        Cell("code", "print(6 * 7)"),
    ]
    made = executed(cells, tmp_path)
    assert (tmp_path / "here").read_text() == "x"
    assert [cell.id for cell in made.cells] == ["cell-1", "cell-2", "cell-3"]
    assert made.cells[1].outputs[0].data["text/plain"] == "1"
    assert made.cells[2].outputs[0].text == "42\n"
    assert made.cells[2].execution_count == 2
    assert all(not cell.metadata for cell in made.cells)


def test_pages_that_are_named_in_the_tutorials_are_there():
    page = Path(__file__).parents[1] / "docs" / "tutorials.md"
    text = page.read_text(encoding="utf-8")
    for source in SOURCES:
        assert f"tutorials/{source.stem}.ipynb" in text
        assert f"tutorials/{source.name}" in text
