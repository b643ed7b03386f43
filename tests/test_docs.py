"""What the documents say is true: their code runs, their tables are those of the code."""

import ast
import json
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
import yaml
from safetensors import safe_open

import liftpose.lifter.opt
from liftpose import Options, Poses, main, write_calibration, write_poses
from liftpose.datasets import hexapod, mouse
from liftpose.plot import read_log_train

PROJECT = Path(__file__).parents[1]
README, CHINESE = PROJECT / "README.md", PROJECT / "README.zh-CN.md"
DOCUMENTS = [README, CHINESE, *sorted((PROJECT / "docs").glob("*.md"))]
PAGES = [*DOCUMENTS, *(PROJECT / name for name in ("CHANGELOG.md", "CONTRIBUTING.md"))]
OPTIONS = PROJECT / "docs" / "train-and-test.md"
CHINESE_OPTIONS = PROJECT / "docs" / "train-and-test.zh-CN.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(path: Path) -> list[tuple[str, str]]:
    """Language and content of every fenced block."""
    return BLOCK.findall(path.read_text(encoding="utf-8"))


def table(path: Path, first_row: str) -> list[list[str]]:
    """Cells of the rows of the table that begins with a row, under its head."""
    lines = path.read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(first_row))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


@pytest.fixture
def what_a_reader_has(tmp_path, monkeypatch):
    """A folder with the files that the documents speak of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    for number in (1, 2):
        animal = mouse(frames=300, seed=number, animal=number)
        as_deeplabcut_writes(animal, tmp_path / f"mouse_{number}DLC.csv")
        if number == 1:
            write_calibration({"top": animal.cameras[0]}, tmp_path / "rig.toml")
            poses = Poses.from_experiments(animal.poses_3d, joints=animal.joints, unit="mm")
            write_poses(poses, tmp_path / "mouse_1_3d.nc")
    for name, seed in (("walk", 1), ("other", 2)):
        animal = hexapod(frames=300, seed=seed, animal=seed)
        flat = Poses.from_experiments(animal.pose_2d, joints=animal.joints, fps=animal.fps)
        write_poses(flat, tmp_path / f"{name}_2d.nc")
        deep = Poses.from_experiments(animal.poses_3d, joints=animal.joints, unit="mm")
        write_poses(deep, tmp_path / f"{name}_3d.nc")
    of_0_22 = {
        "data": {"roots": list(animal.roots), "target_sets": [list(t) for t in animal.target_sets]},
        "vis": {"bones": [list(b) for b in animal.bones], "limb_id": list(animal.limb_id)},
    }
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(of_0_22))
    return tmp_path


def as_deeplabcut_writes(animal, path):
    """A table of predictions with its three lines of heading."""
    columns = [(joint, what) for joint in animal.joints for what in ("x", "y", "likelihood")]
    values = np.concatenate([animal.pose_2d, animal.confidence[0][..., None]], axis=2)
    lines = [
        ",".join(["scorer", *["DLC_resnet50"] * len(columns)]),
        ",".join(["bodyparts", *[joint for joint, _ in columns]]),
        ",".join(["coords", *[what for _, what in columns]]),
    ]
    for number, row in enumerate(values.reshape(len(values), -1)):
        lines.append(",".join([str(number), *["" if np.isnan(x) else repr(float(x)) for x in row]]))
    path.write_text("\n".join(lines) + "\n")


# The Chinese pages have the same code, which another test holds.
@pytest.mark.parametrize(
    "path", [page for page in DOCUMENTS if "zh-CN" not in page.name], ids=lambda path: path.name
)
def test_the_code_runs_as_it_stands(path, what_a_reader_has):
    mpl.use("Agg")
    names: dict[str, object] = {"__name__": "__main__"}
    lines = path.read_text(encoding="utf-8")
    for language, code in blocks(path):
        if language == "python":
            # So that a traceback names the line of the document.
            before = lines[: lines.index(code)].count("\n")
            exec(compile("\n" * before + code, str(path), "exec"), names)
        elif language == "sh" and code.startswith("liftpose "):
            for line in code.splitlines():
                run_command(line)
    plt.close("all")


def run_command(line: str) -> None:
    """Type a command of the documents."""
    words = shlex.split(line, comments=True)
    command = [sys.executable, "-m", *words]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{line}\n{result.stderr}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_block_says_what_it_is(path):
    assert {language for language, _ in blocks(path)} <= {"python", "sh", "text"}
    assert path.read_text(encoding="utf-8").count("\n```") == 2 * len(blocks(path))


def test_the_readmes_hold_code():
    assert len([code for language, code in blocks(README) if language == "python"]) >= 3


@pytest.mark.parametrize(
    ("english", "chinese"),
    [(README, CHINESE), (OPTIONS, CHINESE_OPTIONS)],
    ids=lambda path: path.name,
)
def test_the_chinese_pages_have_the_same_code(english, chinese):
    def meaning(language: str, code: str) -> str:
        """The code without its comments, which are in the language of the page."""
        return ast.unparse(ast.parse(code)) if language == "python" else code

    theirs, ours = (
        [(language, meaning(language, code)) for language, code in blocks(path)]
        for path in (english, chinese)
    )
    assert theirs == ours


@pytest.mark.parametrize("path", [README, CHINESE], ids=lambda path: path.name)
def test_the_first_commands_are_one_line_each_and_start_from_nothing(path):
    shell = [code for language, code in blocks(path) if language == "sh"]
    begin = "python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e "
    assert shell[0] == f"{begin}. && .venv/bin/liftpose demo\n"
    assert shell[1] == f'{begin}".[test]" && .venv/bin/python -m pytest\n'


def option_meanings() -> dict[str, str]:
    """The words under each option in the source."""
    source = Path(liftpose.lifter.opt.__file__).read_text()
    (found,) = (
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == "Options"
    )
    words, name = {}, ""
    for node in found.body:
        if isinstance(node, ast.AnnAssign):
            name = node.target.id
        elif name and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            words[name], name = " ".join(node.value.value.split()), ""
    return words


def test_the_table_of_options_is_that_of_the_code():
    meanings = option_meanings()
    expected = [
        [f"`{entry.name}`", f"`{entry.default!r}`", meanings[entry.name]]
        for entry in fields(Options)
    ]
    as_text = "\n".join("| " + " | ".join(row) + " |" for row in expected)
    assert table(OPTIONS, "| option |") == expected, f"the table of options should be\n{as_text}"


def test_the_chinese_table_has_the_same_options_and_defaults():
    expected = [[f"`{entry.name}`", f"`{entry.default!r}`"] for entry in fields(Options)]
    rows = table(CHINESE_OPTIONS, "| 选项 |")
    assert [row[:2] for row in rows] == expected
    assert all(re.search(r"[\u4e00-\u9fff]", row[2]) for row in rows)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A folder with every file that training and testing write."""
    folder = tmp_path_factory.mktemp("run")
    rng = np.random.default_rng(0)
    pose_3d = rng.normal(size=(240, 5, 3))
    pose_2d = pose_3d[..., :2] + 0.01 * rng.normal(size=(240, 5, 2))
    main.train(
        pose_2d, pose_2d, pose_3d, pose_3d, [0], [1, 2, 3], folder, training_kwargs={"epochs": 1}
    )
    main.test(folder)
    return folder


def entries_of(path: Path) -> set[str]:
    """Names on the first level of a file."""
    if path.suffix == ".json":
        return set(json.loads(path.read_text()))
    if path.name == "members.txt":
        head, *lines = path.read_text().splitlines()
        return {line[:18].strip() for line in (head, *lines)} | set(head[18:].split())
    if path.suffix == ".txt":
        return set(path.read_text().splitlines()[0].split("\t"))
    if path.suffix == ".lifter":
        with safe_open(path, framework="np") as file:
            return set(file.metadata())
    return set(torch.load(path, weights_only=True))


def sections(path: Path) -> dict[str, str]:
    """Text of every section, by its title."""
    parts = re.split(r"^## (.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_file_of_a_run_is_described_with_all_it_holds(run):
    described = sections(PROJECT / "docs" / "files.md")
    files = [path for path in run.iterdir() if not path.name.startswith(".")]
    assert len(files) >= 10
    for path in files:
        (text,) = (text for title, text in described.items() if f"`{path.name}`" in title)
        missing = sorted(entry for entry in entries_of(path) if f"`{entry}`" not in text)
        assert not missing, f"docs/files.md does not describe {missing} of {path.name}"


def test_every_file_that_is_described_is_written(run):
    titles = " ".join(sections(PROJECT / "docs" / "files.md"))
    described = set(re.findall(r"`([\w.]+\.(?:tar|json|txt|lifter))`", titles))
    assert described == {path.name for path in run.iterdir() if not path.name.startswith(".")}


def test_the_log_of_a_run_is_read_as_the_documents_say(run):
    epoch, *_ = read_log_train(run)
    assert epoch == [1]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_to_files_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text) + re.findall(r'src="([^"]+)"', text)
    broken = [
        target for target in targets if "://" not in target and not (path.parent / target).exists()
    ]
    assert not broken


@pytest.mark.parametrize(
    "path", sorted((PROJECT / "docs" / "images").iterdir()), ids=lambda p: p.name
)
def test_pictures_are_small_enough_to_load_at_once(path):
    assert path.stat().st_size < 1_000_000
