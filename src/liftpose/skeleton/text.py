"""A skeleton to be read: a few lines for the terminal, a drawing and a table for Jupyter."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from liftpose.skeleton.diagram import as_svg, shades_of
from liftpose.skeleton.sides import pairs_of

if TYPE_CHECKING:
    from liftpose.skeleton import Skeleton


def as_text(skeleton: Skeleton) -> str:
    """Describe a skeleton in a few lines, however many joints it has.

    Parameters
    ----------
    skeleton : Skeleton

    Returns
    -------
    str

    Examples
    --------
    >>> from liftpose.skeleton import Skeleton
    >>> print(as_text(Skeleton(["hip", "knee"], roots=["hip"], target_sets=["knee"])))
    Skeleton of 2 joints
      joints  hip, knee
      root    hip: knee
    """
    lines = [_title(skeleton), f"  joints  {_listed(skeleton, range(skeleton.joint_count))}"]
    try:
        sets = skeleton.sets
    except ValueError as error:
        return "\n".join([*lines, f"  root    none: {error}"])
    found = "" if skeleton.target_sets else " (found from the bones)"
    lines += [
        f"  root    {skeleton.joints[root]}: {_listed(skeleton, members)}{found}"
        for root, members in zip(sets.roots, sets.sets, strict=True)
    ]
    return "\n".join(lines + ([f"  unused  {_listed(skeleton, sets.unused)}"] * bool(sets.unused)))


def as_html(skeleton: Skeleton) -> str:
    """Describe a skeleton as a drawing and a table with one row a joint.

    Parameters
    ----------
    skeleton : Skeleton

    Returns
    -------
    str
        HTML without scripts; names are escaped. Ink and paper are those of the page.

    Examples
    --------
    >>> from liftpose.skeleton import Skeleton
    >>> "<td>knee</td>" in as_html(Skeleton(["hip", "knee"]))
    True
    """
    roles = _roles(skeleton)
    partner = {a: b for pair in skeleton.pairs for a, b in (pair, pair[::-1])}
    left = {a for a, _ in pairs_of(skeleton)}
    marks = [_mark(shade, joint in left) for joint, shade in enumerate(shades_of(skeleton))]
    rows = []
    for joint, name in enumerate(skeleton.joints):
        joined = sorted(b for bone in skeleton.bones for a, b in (bone, bone[::-1]) if a == joint)
        cells = [
            str(joint),
            escape(name),
            ", ".join(escape(skeleton.joints[other]) for other in joined),
            roles[joint],
            f"{marks[joint]} {skeleton.limbs[joint]}" if skeleton.limbs else "",
            escape(skeleton.joints[partner[joint]]) if joint in partner else "",
        ]
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    titles = ("", "joint", "joined to", "predicted from", "limb", "other side")
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    return (
        '<div style="display:flex;flex-wrap:wrap;align-items:flex-start;gap:0 2em">'
        f"{as_svg(skeleton)}<table><caption>{escape(_title(skeleton))}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _title(skeleton: Skeleton) -> str:
    counts = [
        f"{count} {name if count != 1 else name[:-1]}"
        for count, name in (
            (skeleton.joint_count, "joints"),
            (len(skeleton.bones), "bones"),
            (len(set(skeleton.limbs)), "limbs"),
            (len(skeleton.pairs), "left-right pairs"),
        )
        if count
    ]
    said = f"{', '.join(counts[:-1])} and {counts[-1]}" if counts[1:] else counts[0]
    return f"Skeleton of {said}" + (f", in {skeleton.unit}" if skeleton.unit else "")


def _roles(skeleton: Skeleton) -> list[str]:
    roles = ["" for _ in skeleton.joints]
    try:
        sets = skeleton.sets
    except ValueError:
        return roles
    for joint, root in zip(sets.targets, sets.anchors, strict=True):
        roles[joint] = escape(skeleton.joints[root])
    for root in sets.roots:
        roles[root] = f"root; {roles[root]}" if roles[root] else "root"
    return roles


def _mark(color: str, hollow: bool) -> str:
    inside = "none" if hollow else color
    return (
        '<svg width="12" height="12" aria-hidden="true"><circle cx="6" cy="6" r="5.2" fill="none" '
        f'stroke="currentColor" stroke-opacity=".45"/><circle cx="6" cy="6" r="3.8" '
        f'fill="{inside}" stroke="{color}" stroke-width="2"/></svg>'
    )


def _listed(skeleton: Skeleton, joints: Sequence[int], most: int = 8) -> str:
    shown = ", ".join(skeleton.joints[joint] for joint in joints[:most])
    return shown + (f" and {len(joints) - most} more" if len(joints) > most else "")
