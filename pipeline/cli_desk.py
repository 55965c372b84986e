"""`taxsync compare` and `taxsync clients`: an accountant's desk."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline import console
from pipeline.cli_options import DataOption, JsonOption, data_of, folder_of, now


def compare(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="The other tool's gains or Form 8949, CSV or XLSX, in all its files."),
    ],
    year: Annotated[
        str, typer.Option(metavar="Y", help="2025, or 2024-25; default: that of most sales in it.", show_default=False)
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write DIR/compare-YEAR.xlsx; default: reports in the data folder.",
            show_default=False,
            parser=folder_of,
        ),
    ] = None,
    no_xlsx: Annotated[bool, typer.Option("--no-xlsx", help="Write no workbook.")] = False,
    dates: Annotated[
        str,
        typer.Option(metavar="mdy|dmy", help="How 03/04/2025 is meant, where no row tells.", show_default=False),
    ] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tie another tool's report of gains to ours: what differs, by how much, and the likely cause.

    \b
    taxsync compare koinly.csv
    taxsync compare short-term.csv long-term.csv
    taxsync compare form8949.csv --year 2025 --json

    Reads Koinly, CoinTracker, CoinLedger, TurboTax, CoinTracking, Coinbase, and any list with columns as on
    Form 8949. Nothing of it is kept. Exits 1 when figures differ.
    """
    from pipeline import views_desk as views
    from pipeline.run.comparing import compare

    if dates not in ("", "mdy", "dmy"):
        raise typer.BadParameter("--dates is mdy or dmy")
    done = compare(data_of(data), files, now(), year=year, order=dates, out=out, xlsx=not no_xlsx)
    console.say(*(views.compared_json(done) if as_json else views.compared(done)))
    console.complain(*done.remarks)
    if done.differs:
        raise typer.Exit(1)


def clients(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder with a folder for each client.")],
    as_json: JsonOption = False,
) -> None:
    """One line per client folder, worst first. Only reads: nothing is computed, changed or brought up to date.

    \b
    taxsync clients /srv/clients
    taxsync clients /srv/clients --json

    Open problems (errors+warnings) and the range of the gain are those of the last `taxsync report` of the newest
    year, as of its day; the remark says what came since. Worst: what can't be read, then errors, then no report
    yet, then figures that are out of date, then warnings; among these, no telling first, then the widest range in
    numbers, whatever the currency. Exits 1 when a folder can't be read.
    """
    from pipeline import views_desk as views
    from pipeline.run.clients import clients

    found = clients(folder)
    console.say(*(views.clients_json(found) if as_json else views.clients(found)))
    if any(one.problem for one in found):
        raise typer.Exit(1)
