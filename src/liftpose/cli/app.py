"""The command itself: its name, its help in the order of work, and its exit statuses."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import liftpose
from liftpose.terminal import STATUS_MEANINGS

SECTIONS = {
    "Begin": ("demo", "info"),
    "Make files ready": ("convert", "convert-calibration", "triangulate", "library"),
    "Lift": ("train", "lift", "place"),
    "Judge": ("evaluate", "recalibrate"),
    "Refine": ("smooth", "fit-bones", "angles"),
    "Look": ("plot", "video", "report", "view"),
}
"""The verbs in the order in which they are needed."""

_ORDER = [verb for verbs in SECTIONS.values() for verb in verbs]


class _InOrderOfWork(TyperGroup):
    """Lists verbs by section; one that is in none comes last."""

    def list_commands(self, ctx: Any) -> list[str]:
        there = super().list_commands(ctx)
        return sorted(there, key=lambda verb: _ORDER.index(verb) if verb in _ORDER else len(_ORDER))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        left = self.list_commands(ctx)
        sections = {title: [verb for verb in verbs if verb in left] for title, verbs in _TITLED}
        sections["Also"] = [verb for verb in left if verb not in _ORDER]
        width = max(map(len, left))
        for title, verbs in sections.items():
            if verbs:
                rows = [(verb.ljust(width), self._short(ctx, verb, formatter)) for verb in verbs]
                with formatter.section(title):
                    formatter.write_dl(rows)

    def _short(self, ctx: Any, verb: str, formatter: Any) -> str:
        entry = self.get_command(ctx, verb)
        assert entry is not None
        return entry.get_short_help_str(formatter.width)


_TITLED = tuple(SECTIONS.items())
_STATUS = "\n".join(f"  {status:>3}  {meaning}" for status, meaning in STATUS_MEANINGS.items())

app = typer.Typer(
    name="liftpose",
    cls=_InOrderOfWork,
    help="3D poses of laboratory animals from the 2D keypoints of one camera.\n\n"
    "`liftpose demo` shows what it does, `liftpose info FILE` what is in a file of yours, and "
    "`liftpose VERB --help` what each verb takes, with examples.",
    # Rich's help is prettier and takes three times as long to appear.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"\b\nExit status:\n{_STATUS}",
)


def main() -> None:
    """Run the command that the command line names."""
    app(prog_name="liftpose")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"liftpose {liftpose.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Lift 2D keypoints of animals to 3D poses."""
