"""The commands: arguments in, one call of `pipeline.run`, words or JSON out.

Exit codes: 0 done; 1 something failed or needs the user; 2 wrong usage. Errors go to standard error,
one readable line each, never a traceback and never a secret. What is heavy is imported where it is used.
"""

import atexit
import gc
import io
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from pipeline import __version__, bytecode, cli_desk, cli_explain, cli_folder, cli_keys, cli_years, console, process
from pipeline.cli_options import DataOption, JsonOption, as_given, data_of, file_of, folder_of, now
from pipeline.stop import Stop, Usage

app = typer.Typer(
    name="taxsync",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Crypto history over read-only keys and files into a local ledger; gains by your country's rules;\n"
    "tax-ready CSV and XLSX.\n\n"
    "\b\nA year's work:\n"
    "  taxsync import          fetch what is new\n"
    "  taxsync check           what is open, and what to do about it\n"
    "  taxsync review          the open questions as a workbook to answer\n"
    "  taxsync report          write the year's files\n"
    "  taxsync close 2025      keep a year as it was filed\n\n"
    "\b\nThe first time:\n"
    "  taxsync demo            see it all on an embedded sandbox exchange\n"
    "  taxsync init --country us\n"
    "  taxsync keys add kraken",
)
app.add_typer(cli_keys.app, name="keys")


def _ask(question: str, default: str) -> str:
    answer: str = typer.prompt(question, default=default)
    return answer.strip()


@app.command()
def init(
    country: Annotated[
        str,
        typer.Option(
            help="Whose tax rules: us, at, au, ca, ch, de, es, fr, generic, ie, jp, nl, se, uk.", show_default=False
        ),
    ] = "",
    currency: Annotated[str, typer.Option(help="Reporting currency; default: the country's.", show_default=False)] = "",
    timezone: Annotated[str, typer.Option(help="Your time zone; default: the country's.", show_default=False)] = "",
    method: Annotated[str, typer.Option(help="Lot method; default: the country's.", show_default=False)] = "",
    data: DataOption = None,
) -> None:
    """Write the settings (taxsync.toml) and an empty ledger.

    \b
    taxsync init --country us
    taxsync init --country us --timezone America/Los_Angeles --method hifo
    """
    from pipeline.rules.base import countries, rules_of
    from pipeline.run.project import DEMO, Choices, init
    from pipeline.settings import FILE

    folder = data_of(data)
    if (folder / DEMO).exists():
        raise Stop(f"{folder} is the demo's: choose another folder for your own data, `--data DIR` with every command")
    fresh = not (folder / FILE).exists()
    if fresh and not country:
        if not console.is_terminal():
            raise typer.BadParameter(f"say whose rules apply: --country {' or '.join(countries())}")
        country = _ask(f"Country ({', '.join(countries())})", "us")
    if fresh and console.is_terminal() and country in countries():
        rules = rules_of(country)
        currency = currency or _ask("Currency", rules.currency)
        timezone = timezone or _ask("Time zone", rules.timezone)
    settings = init(folder, Choices(country, currency, timezone, method))
    chosen = f"{settings.country}, {settings.currency}, {settings.timezone}"
    console.say(f"{folder / FILE}: {chosen}{', ' + settings.method if settings.method else ''}")


@app.command("import")
def import_(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE or FOLDER]...", help="CSV or XLSX files, or folders of them.", parser=file_of),
    ] = None,
    account: Annotated[
        str,
        typer.Option(metavar="NAME", help="The account of rows that name none; only with files.", show_default=False),
    ] = "",
    since: Annotated[
        str,
        typer.Option(metavar="DATE", help="Fetch no history before this day; only without files.", show_default=False),
    ] = "",
    again: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Ask this account's API for all of its history once more.", show_default=False
        ),
    ] = "",
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--map", metavar="FILE.toml", help="Which column is which, for tables of any layout.", show_default=False
        ),
    ] = None,
    revise: Annotated[
        bool, typer.Option("--revise", help="Rows of a file may replace earlier ones that they contradict.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Fetch what is new from every account's API and look up missing prices; or read files.

    \b
    taxsync import
    taxsync import trades.csv prices.csv
    taxsync import ~/exports --account Ledger
    taxsync import table.csv --map mapping.toml
    """
    from pipeline.run.importing import Notes, files

    folder = data_of(data)
    if paths and (since or again):
        raise typer.BadParameter("--since and --again are for accounts behind an API; a file is read whole")
    if not paths and (account or revise or mapping):
        raise typer.BadParameter("--account, --map and --revise go with files")
    with console.progress() as progress:
        notes = Notes(console.complain, progress)
        if paths:
            outcome = files(folder, paths, account, notes, revise=revise, mapping=mapping)
        else:
            from pipeline.cli_access import access
            from pipeline.run.syncing import sync

            outcome = sync(folder, now(), notes, access(), since=since, again=again)
    console.say(*outcome.lines)
    console.complain(*outcome.failures)
    if outcome.failures:
        raise typer.Exit(1)


@app.command()
def report(
    year: Annotated[
        str, typer.Option(metavar="Y", help="2025, or 2024-25; default: the last that has ended.", show_default=False)
    ] = "",
    country: Annotated[
        str, typer.Option(metavar="C", help="Another country's rules, this once.", show_default=False)
    ] = "",
    method: Annotated[str, typer.Option(metavar="M", help="Another lot method, this once.", show_default=False)] = "",
    lot_scope: Annotated[
        str,
        typer.Option("--lot-scope", metavar="S", help="account or global; default: the country's.", show_default=False),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write DIR/YEAR; default: reports in the data folder.",
            show_default=False,
            parser=folder_of,
        ),
    ] = None,
    no_xlsx: Annotated[bool, typer.Option("--no-xlsx", help="CSV files only.")] = False,
    pack: Annotated[
        bool, typer.Option("--pack", help="Also one ZIP for the accountant: all files, the records, what is what.")
    ] = False,
    reallocate: Annotated[
        bool, typer.Option("--reallocate", help="Settle anew what each account held when lots became per account.")
    ] = False,
    recompute: Annotated[
        bool, typer.Option("--recompute", help="From all records, not from the lots of the last closed year.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Compute a tax year and write its files. Never touches the network.

    \b
    taxsync report
    taxsync report --year 2024 --lot-scope account
    taxsync report --pack
    """
    from pipeline import views
    from pipeline.run.project import Choices
    from pipeline.run.reporting import report

    choices = Choices(country=country, method=method, lot_scope=lot_scope)
    if pack and no_xlsx:
        raise typer.BadParameter("--pack holds the workbook: leave out --no-xlsx")
    with console.progress(ticks=0) as progress:
        written = process.ends_with(report(
            data_of(data), now(), year=year, choices=choices, out=out, xlsx=not no_xlsx, reallocate=reallocate,
            recompute=recompute, pack=pack, waiting=console.complain, progress=progress,
        ))  # fmt: skip
    console.say(*views.report(written), *views.next_step(written))
    console.complain(*written.remarks)


@app.command()
def status(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Holdings with cost and value, accounts, how far each list reaches, balances side by side, what to do next.

    \b
    taxsync status
    taxsync status --json
    """
    from pipeline import views_status
    from pipeline.run.overview import status

    one = process.ends_with(status(data_of(data), now()))
    console.say(*(views_status.status_json(one) if as_json else views_status.status(one)))


@app.command()
def check(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Every open problem, what to do about it, and what it may cost in tax base.

    \b
    taxsync check
    taxsync check --json

    Exits 1 while one would change a tax figure.
    """
    from pipeline import views
    from pipeline.issues import Severity
    from pipeline.run.overview import check

    issues = process.ends_with(check(data_of(data)))
    console.say(*(views.issues_json(issues) if as_json else views.issues(issues)))
    if any(i.severity is Severity.ERROR for i in issues):
        raise typer.Exit(1)


@app.command()
def label(
    transaction: Annotated[
        str, typer.Argument(metavar="ID", help="The transaction's id, as `check` and reports show it.")
    ],
    word: Annotated[
        str,
        typer.Argument(
            metavar="LABEL",
            help="reward, gift, spend, ...; `transfer`; `worthless`; or `none`, which takes a label back.",
        ),
    ],
    note: Annotated[str, typer.Option(metavar="TEXT", help="Why; kept with it.", show_default=False)] = "",
    data: DataOption = None,
) -> None:
    """Say what a transaction was. Kept apart from the records; the newest counts.

    \b
    taxsync label 5d41402abc4b2a76 gift --note "for my sister"
    taxsync label 5d41402abc4b2a76 none
    """
    from pipeline.run.answering import label

    console.say(label(data_of(data), transaction, word, note, console.say))


@app.command()
def review(
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.xlsx", help="Where to write it; default: review.xlsx in the data folder.", show_default=False
        ),
    ] = None,
    data: DataOption = None,
) -> None:
    """Write the open questions as a workbook to answer; `taxsync import FILE.xlsx` takes the answers.

    \b
    taxsync review
    taxsync review --out questions.xlsx
    """
    from pipeline.run.review import review

    console.say(*review(data_of(data), now(), out).lines())


app.command()(cli_explain.explain)
app.command()(cli_years.close)
app.command()(cli_years.changes)
app.command()(cli_folder.backup)
app.command()(cli_folder.restore)
app.command()(cli_folder.move)
app.command()(cli_desk.compare)
app.command()(cli_desk.clients)


@app.command()
def demo(data: DataOption = None) -> None:
    """See the whole way on an embedded sandbox exchange: needs no key, no network.

    \b
    taxsync demo
    taxsync demo --data demo
    """
    from pipeline import views
    from pipeline.run.demo import demo

    with console.progress() as progress:
        shown = demo(data_of(data), console.say, console.complain, progress)
    console.say("", *views.report(shown.written), "", *views.issues(shown.issues), "", *shown.closing)


def _version(value: bool) -> None:
    if value:
        console.say(f"taxsync {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of the program itself."""


def main(arguments: list[str] | None = None) -> None:
    """One command. Every way out is an exit code and at most a few readable lines."""
    console.reopen()
    gc.disable()  # a run is short and makes no circles to speak of; looking for them took a fifth of its time
    if isinstance(sys.stdout, io.TextIOWrapper):  # a name that the terminal's encoding lacks is written as an escape
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(_run(lambda: as_given(typer.main.get_command(app))(arguments, prog_name="taxsync", standalone_mode=False)))


def program() -> NoReturn:
    """The console script itself: `main`, and out at once. To take apart what a big run has in memory takes a tenth of
    its time, and changes nothing: files are closed by whoever opened them, and what is said is said at once."""
    code: object = 1
    process.begin()
    try:
        main()
    except SystemExit as end:
        code = end.code
    except (OSError, KeyboardInterrupt):  # in the middle of a last word: standard error takes none, or a second Ctrl-C
        pass
    try:
        atexit._run_exitfuncs()  # of libraries: logs are flushed
        sys.stdout.flush()  # of typer's own words
    except (OSError, ValueError):
        code = 1
    os._exit(code if isinstance(code, int) else 1)


# The class behind every wrong use of the command line, wherever typer keeps its copy of click.
_WrongUsage: type[Exception] = typer.BadParameter.__mro__[1]


INTERRUPTED = 130  # by a signal, as shells count it
STOPPED = "stopped; what was complete is kept, run the command again to go on"


def _run(command: Callable[[], object]) -> int:
    process.leave_no_core()
    os.environ.pop("SSLKEYLOGFILE", None)  # where TLS would write what opens the requests, signatures and all
    try:
        done = command()
    except Usage as error:
        console.complain(str(error))
        return 2
    except Stop as error:
        console.complain(str(error))
        return 1
    except _WrongUsage as error:
        console.complain(_usage(error))
        return 2
    except (typer.Abort, KeyboardInterrupt) as end:
        if isinstance(end.__cause__, EOFError):  # no prompt: these raise Abort alone
            console.complain(_fault(end.__cause__))
            return 1
        begin = "\n" if sys.stderr.isatty() else ""  # the terminal has shown ^C without a line's end
        console.complain(f"{begin}{STOPPED}")
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        console.complain(_system(error))
        return 1
    except MemoryError:
        console.complain("not enough memory; nothing was lost: close something, run again")
        return 1
    except Exception as error:  # noqa: BLE001 - the one boundary: no traceback, no text that may hold a secret
        console.complain(_fault(error))
        return 1
    if done == INTERRUPTED:  # typer's own way to end a command at Ctrl-C
        console.complain(STOPPED)
        return 1
    return done if isinstance(done, int) else 0


def _usage(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "taxsync"
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    if message.startswith("Usage:"):  # no command at all: the help as it is
        return message
    if path == "taxsync keys add":  # what is too much may be a secret in the wrong place
        message = re.sub(r"(extra argument\S*) \(.*\)", r"\1; credentials are never arguments", message)
    return f"{path}: {' '.join(message.split())} (see {path} --help)"


def _system(error: OSError) -> str:
    """What the system refused, where it names a file; else it is a fault like any other."""
    if error.filename is None or error.strerror is None:
        return _fault(error)
    return (
        f"{str(error.filename)[:200]}: {error.strerror.lower()}; nothing was lost: put it right, or use another folder"
    )


def _fault(error: Exception) -> str:
    told = bytecode.cut(error)
    return told or f"a fault in taxsync ({_place(error)}); nothing was lost; please report it with this line"


def _place(error: Exception) -> str:
    """The type and the line of our own code; never the message, which may hold anything."""
    here = Path(__file__).parent.parent
    place = ""
    trace = error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.is_relative_to(here) and "site-packages" not in file.relative_to(here).parts:
            place = f" at {file.relative_to(here).as_posix()}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}{place}, version {__version__}"


if __name__ == "__main__":
    program()
