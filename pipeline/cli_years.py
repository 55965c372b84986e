"""`taxsync close` and `taxsync changes`: what was filed, and what would differ today."""

from typing import Annotated

import typer

from pipeline import console
from pipeline.cli_options import DataOption, JsonOption, data_of, now

YEAR = "2025, or 2024-25."


def close(
    year: Annotated[str, typer.Argument(metavar="YEAR", help=YEAR)],
    with_problems: Annotated[
        bool, typer.Option("--with-problems", help="Close it with what is open, which is kept with it.")
    ] = False,
    reopen: Annotated[bool, typer.Option("--reopen", help="Close it anew; the old figures are kept, too.")] = False,
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why it is closed anew.", show_default=False)] = "",
    recompute: Annotated[
        bool, typer.Option("--recompute", help="From all records, not from the lots of the year filed before.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Keep a tax year as it was filed. Later years go on from its lots.

    \b
    taxsync close 2025
    taxsync close 2025 --reopen --why "amended return of 3 May"

    Records, prices and answers that come later change nothing of it: `taxsync changes` says what they would.
    """
    from pipeline import views_years as views
    from pipeline.run.closing import close

    closed = close(
        data_of(data), year, now(), console.complain, with_problems=with_problems, reopen=reopen, why=why,
        recompute=recompute, confirm=typer.confirm if console.is_terminal() else None,
    )  # fmt: skip
    console.say(*views.closed(closed))
    console.complain(*closed.remarks)


def changes(
    year: Annotated[str, typer.Argument(metavar="[YEAR]", help=f"{YEAR} Default: every closed year.")] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """What would differ today from what was filed, and why. Exits 1 when figures differ.

    \b
    taxsync changes
    taxsync changes 2024 --json
    """
    from pipeline import views_years as views
    from pipeline.run.changes import changes

    found = changes(data_of(data), year, now())
    console.say(*(views.changes_json(found) if as_json else views.changes(found)))
    if any(one.differences for one in found.years):
        raise typer.Exit(1)
