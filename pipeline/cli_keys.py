"""`taxsync keys`: its sub-commands, as those of `cli`."""

import sys
from typing import Annotated, Any

import typer

from pipeline import console
from pipeline.cli_options import DataOption, JsonOption, data_of, now

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Read-only keys of exchanges.")

_CREDENTIALS_LIMIT = 200_000  # characters


@app.command("add")
def keys_add(
    exchange: Annotated[
        str, typer.Argument(metavar="EXCHANGE", help="Its name in the README's table: kraken, coinbase, ...")
    ],
    name: Annotated[
        str, typer.Option(metavar="NAME", help="The account's name; default: EXCHANGE.", show_default=False)
    ] = "",
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read one JSON object of credentials from standard input.")
    ] = False,
    allow_trade: Annotated[bool, typer.Option("--allow-trade", help="Take a key that may trade.")] = False,
    allow_unverified: Annotated[
        bool, typer.Option("--allow-unverified", help="Take a key whose rights the exchange can't tell.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Store a key that may only read. The exchange is asked what it may do, first.

    \b
    taxsync keys add kraken
    taxsync keys add kraken --name kraken-old --stdin < key.json

    On a terminal it asks for each credential, unseen; a key file may be pasted whole.
    """
    from pipeline.cli_access import access
    from pipeline.run import keys

    if stdin and sys.stdin.isatty():
        raise typer.BadParameter(
            "--stdin on a terminal would show the secret: leave it out, or give a file, --stdin < FILE"
        )
    person = console.is_terminal() and not stdin
    if not person and not stdin:
        raise typer.BadParameter("not a terminal: give --stdin and one JSON object on standard input")

    def given(plug_in: Any) -> str:
        if stdin:
            return sys.stdin.read(_CREDENTIALS_LIMIT)
        console.complain(keys.what_is_asked(plug_in))
        try:
            return keys.typed(plug_in, console.hidden)
        except (EOFError, KeyboardInterrupt):
            raise typer.Abort from None

    lines = keys.add(
        data_of(data), exchange, name, given, now(), access(), console.complain,
        trade=allow_trade, unverified=allow_unverified, confirm=typer.confirm if person else None,
    )  # fmt: skip
    console.say(*lines)


@app.command("list")
def keys_list(data: DataOption = None, as_json: JsonOption = False) -> None:
    """What is stored, and what to do about it; never the secret.

    \b
    taxsync keys list
    taxsync keys list --json
    """
    from pipeline import views_keys as views
    from pipeline.cli_access import access
    from pipeline.run import keys

    stored, missing = keys.stored(data_of(data), access(), now())
    console.say(*(views.keys_json(stored) if as_json else views.keys(stored)))
    console.complain(*missing)


@app.command("check")
def keys_check(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="One account; default: all.")] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask each exchange what its key may do today. Exits 1 when one may do more than read, or can't be used.

    \b
    taxsync keys check
    taxsync keys check kraken --json
    """
    from pipeline import views_keys as views
    from pipeline.cli_access import access
    from pipeline.run import keys

    checked, missing = keys.check(data_of(data), name, access(), now(), console.complain)
    console.say(*(views.rights_json(checked) if as_json else views.rights(checked)))
    console.complain(*missing)
    if not all(c.fine for c in checked):
        raise typer.Exit(1)


@app.command("remove")
def keys_remove(name: Annotated[str, typer.Argument(metavar="NAME")], data: DataOption = None) -> None:
    """Forget a key here, and say how to revoke it at the exchange.

    \b
    taxsync keys remove kraken
    """
    from pipeline.cli_access import access
    from pipeline.run import keys

    console.say(*keys.remove(data_of(data), name, access(), console.complain))
