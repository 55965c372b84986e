"""`taxsync explain`: a figure, back to the record that it rests on."""

from typing import Annotated

import typer

from pipeline import console
from pipeline.cli_options import DataOption, JsonOption, data_of, now


def explain(
    ref: Annotated[
        str,
        typer.Argument(
            metavar="[ID]", help="Of a disposal, lot, income or transaction, as reports and `check` show it."
        ),
    ] = "",
    form: Annotated[
        str,
        typer.Option(
            metavar="LINE", help="In place of ID: I.3 (Form 8949, part I, line 3), 4, k4:4.", show_default=False
        ),
    ] = "",
    year: Annotated[
        str,
        typer.Option(metavar="Y", help="With --form: 2025, or 2024-25; default: the last ended.", show_default=False),
    ] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say how a figure came about: lots, transfers, prices, answers, records as received, with the arithmetic.

    \b
    taxsync explain 5d41402abc4b2a76
    taxsync explain 5d41402abc4b2a76.fee --json
    taxsync explain --form I.3 --year 2025
    """
    from pipeline import views_explain as views
    from pipeline.run.explain import explain

    if bool(ref.strip()) == bool(form.strip()):
        raise typer.BadParameter("name an ID, or a line with --form")
    if year and not form:
        raise typer.BadParameter("--year goes with --form: an ID says its year itself")
    found = explain(data_of(data), now(), ref, form=form, year=year)
    console.say(*(views.explained_json(found) if as_json else views.explained(found)))
