"""Findings become one page that needs no other file and no network."""

from __future__ import annotations

import math
import re
from html import escape

from liftpose.plot.embedding import json_script, packed_script, web_text
from liftpose.plot.report.findings import (
    Advice,
    Column,
    Fact,
    Findings,
    Mark,
    Row,
    Section,
    Shown,
    Table,
)
from liftpose.plot.report.still import still, typical
from liftpose.plot.track import Track, chunks, header
from liftpose.terminal import plain

_SCRIPTS = ("boot.js", "player.js", "report.js")
_LIBRARIES = {"three": "vendor/three.min.js", "plotly": "vendor/plotly-basic.min.js"}
_LONG = 24  # rows of a table, above which it scrolls by itself


def page(findings: Findings) -> str:
    """Make the page of a report.

    Parameters
    ----------
    findings : Findings

    Returns
    -------
    str
        HTML, with everything in it: data, scripts and styles. What it says stands in it as text
        that any browser shows at once; scripts are unpacked after that.

    Examples
    --------
    >>> import numpy as np
    >>> from liftpose.plot.limbs import Limbs
    >>> from liftpose.plot.track import Track
    >>> track = Track({"pose": np.zeros((2, 1, 3))}, ("nose",), Limbs.resolve(1, [], None, None))
    >>> html = page(Findings("Walk <1>", "It is good.", (), (), track, {}))
    >>> "<h1>Walk &lt;1&gt;</h1>" in html
    True
    """
    frame = typical(findings.track)
    shown = {name: _section(section) for name, section in findings.sections.items()}
    filled = {
        "generator": "LiftPose",
        "title": escape(findings.title),
        "style": web_text("player.css") + web_text("report.css"),
        "answer": _words(findings.answer),
        "facts": _facts(findings.facts),
        "advice": _advice(findings.advice),
        "notes": _listed("notes", findings.notes),
        "still": still(findings.track, frame),
        "still_caption": escape(_caption(findings.track, frame)),
        "methods": _methods(findings),
        "provenance": _provenance(findings),
        "footer": "Made by LiftPose. This file needs no network and sends nothing.",
        "data": _data(findings),
        "script": "\n".join(map(web_text, _SCRIPTS)),
        **{name: shown.get(name, "") for name in ("good", "where", "believe", "done")},
    }
    # In one pass, so that braces in what is filled in are left alone.
    return re.sub(r"\{\{(\w+)\}\}", lambda found: filled[found[1]], web_text("report.html"))


def _words(text: str) -> str:
    """Text as HTML, what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _caption(track: Track, frame: int) -> str:
    name, row = track.place(frame)
    truth = "; grey: the truth" if "truth" in track.layers else ""
    rows = track.rows or track.frames
    return (
        f"A typical frame, {row:,} of {rows:,}{f', in {name}' if name else ''}{truth}. Joints of "
        "the left side are hollow."
    )


def _facts(facts: tuple[Fact, ...]) -> str:
    cells = [
        f'<div><dt>{escape(fact.label)}</dt><dd><span class="number" data-fact="{fact.name}"'
        f'{_value(fact.value)}>{escape(fact.text)}</span>'
        f'<div class="note">{escape(fact.note)}</div></dd></div>'
        for fact in facts
    ]  # fmt: skip
    return f'<dl class="facts">{"".join(cells)}</dl>' if cells else ""


def _value(value: float) -> str:
    return f' data-value="{value!r}"' if math.isfinite(value) else ""


def _advice(advice: tuple[Advice, ...]) -> str:
    lines = []
    for number, one in enumerate(advice):
        name = f"command-{number}"
        command = (
            f'<div class="command"><code id="{name}" tabindex="0">{escape(one.command)}</code>'
            f"{_copies(name, 'Copy')}</div>"
            if one.command
            else ""
        )
        lines.append(f"<li>{_words(one.text)}{command}</li>")
    return f'<h3>What to do next</h3><ol class="advice">{"".join(lines)}</ol>' if lines else ""


def _copies(name: str, label: str) -> str:
    return f'<button type="button" class="copy" data-copies="{name}" hidden>{label}</button>'


def _listed(kind: str, lines: tuple[str, ...]) -> str:
    entries = "".join(f"<li>{_words(line)}</li>" for line in lines)
    return f'<ul class="{kind}">{entries}</ul>' if entries else ""


def _section(section: Section) -> str:
    text = "".join(f"<p>{_words(line)}</p>" for line in section.text)
    return text + "".join(map(_figure, section.figures)) + "".join(map(_table, section.tables))


def _figure(shown: Shown) -> str:
    head = f"{shown.name}-head"
    return (
        f'<h3 id="{head}">{escape(shown.title)}</h3>'
        f'<figure aria-labelledby="{head}"><div class="plot waiting" data-figure="{shown.name}" '
        f'style="min-height:{shown.height}px">drawn in a moment</div>'
        f"<figcaption>{_words(shown.caption)}</figcaption></figure>"
    )


def _table(table: Table) -> str:
    name = f"table-{table.name}"
    heads = "".join(
        f'<th scope="col" data-kind="{"text" if column.digits is None else "number"}">'
        f"{escape(column.name)}</th>"
        for column in table.columns
    )
    body = "".join(_row(row, table.columns) for row in table.rows)
    long = " long" if len(table.rows) > _LONG else ""
    return (
        f'<div class="table"><h3 id="{name}-head">{escape(table.title)}</h3>'
        f'<div class="scroll{long}" tabindex="0" role="region" aria-labelledby="{name}-head">'
        f'<table id="{name}" class="sortable" aria-labelledby="{name}-head">'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
        f'<div class="under"><p>{_words(table.caption)}</p>'
        f"{_copies(name, 'Copy table')}</div></div>"
    )


def _row(row: Row, columns: tuple[Column, ...]) -> str:
    cells = []
    for place, (cell, column) in enumerate(zip(row.cells, columns, strict=True)):
        if isinstance(cell, str):
            text = escape(cell)
            if place == 0:
                text = _mark(row.mark) + text
                if row.frame is not None:
                    text = (
                        f'<button type="button" class="jump" data-frame="{row.frame}">{text}'
                        "</button>"
                    )
            start = '<th scope="row">' if place == 0 else '<td class="text">'
            cells.append(f"{start}{text}{'</th>' if place == 0 else '</td>'}")
        else:
            known = math.isfinite(cell)
            text = f"{cell:,.{column.digits or 0}f}" if known else "–"
            cells.append(f"<td{_value(float(cell))}>{text}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def _mark(mark: Mark | None) -> str:
    if mark is None:
        return ""
    side = "left" if mark.left else "right"
    fill = "transparent" if mark.left else mark.color
    return (
        f'<span class="mark" data-color="{mark.color}" data-side="{side}" aria-hidden="true" '
        f'style="border-color:{mark.color};background:{fill}"></span>'
    )


def _methods(findings: Findings) -> str:
    if not findings.methods:
        return ""
    citation = f"<p>{escape(findings.citation)}</p>" if findings.citation else ""
    return (
        '<h3>For your methods section</h3><div class="paste" id="methods">'
        f"<p>{escape(findings.methods)}</p>{citation}</div>{_copies('methods', 'Copy text')}"
    )


def _provenance(findings: Findings) -> str:
    parts = []
    for head, lines in findings.provenance:
        said = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in lines)
        parts.append(f'<h3>{escape(head)}</h3><dl class="said">{said}</dl>')
    return "".join(parts)


def _data(findings: Findings) -> str:
    figures = {
        shown.name: {
            "data": shown.data,
            "layout": shown.layout,
            "height": shown.height,
            "seeks": shown.seeks,
        }
        for section in findings.sections.values()
        for shown in section.figures
    }
    parts = [
        json_script("numbers", plain(findings.numbers)),
        json_script("figures", plain(figures)),
        json_script("track", header(findings.track)),
        *(packed_script(f"track-{i}", one) for i, one in enumerate(chunks(findings.track))),
        *(packed_script(name, web_text(file)) for name, file in _LIBRARIES.items()),
    ]
    return "\n".join(parts)
