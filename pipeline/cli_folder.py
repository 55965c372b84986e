"""`taxsync backup`, `restore` and `move`: the data folder as one file, and back; its ledger elsewhere."""

import os
from pathlib import Path
from typing import Annotated

import typer

from pipeline import console
from pipeline.cli_options import DataOption, data_of
from pipeline.stop import Stop

NEEDED = "a passphrase is needed for the backup: set TAXSYNC_PASSPHRASE, or run this on a terminal"


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")],
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Also the stored keys, as encrypted as they are.")
    ] = False,
    records: Annotated[
        bool, typer.Option("--records", help="JSON lines of all that can be read, not encrypted; also if damaged.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a FILE that is there.")] = False,
    data: DataOption = None,
) -> None:
    """One encrypted copy of ledger, settings and reports, also while in use. Asks for a passphrase.

    \b
    taxsync backup taxes.backup
    taxsync backup taxes.backup --with-keys --force
    taxsync backup ledger.jsonl --records

    Without the passphrase (TAXSYNC_PASSPHRASE, or asked for) nobody can open it: keep it apart from the file.
    With --records it exits 1 when something can't be read; the rest is in FILE.
    """
    from pipeline.run import backing

    if records and with_keys:
        raise typer.BadParameter("--records is not encrypted, so no keys go with it: leave out --with-keys")
    if records:
        done = backing.save_records(data_of(data), file, force=force)
    else:
        done = backing.backup(data_of(data), file, _passphrase, with_keys=with_keys, force=force)
    console.say(*done.said)
    console.complain(*done.remarks)
    if not done.whole:
        raise typer.Exit(1)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `taxsync backup` wrote.")],
    data: DataOption = None,
) -> None:
    """Make a data folder of a backup: a new one, or one that is empty.

    \b
    taxsync restore taxes.backup
    taxsync restore taxes.backup --data restored

    Nothing is written unless all of it is as it was.
    """
    from pipeline.run import backing

    done = backing.restore(file, data_of(data), _passphrase)
    console.say(*done.said)
    console.complain(*done.remarks)


def move(
    to: Annotated[str, typer.Option("--to", metavar="WHERE", help="postgresql, sqlite, or here.", show_default=False)],
    data: DataOption = None,
) -> None:
    """Move a folder's ledger from its file into the PostgreSQL that TAXSYNC_LEDGER_URL names, or back.

    \b
    taxsync move --to postgresql
    taxsync move --to sqlite
    taxsync move --to here

    All of it is compared before anything is set aside; what was left stays under another name. `here` says that this
    folder, of several copies, is the one that its ledger belongs to.
    """
    from pipeline.run import moving

    if to not in moving.WAYS:
        raise typer.BadParameter("--to is postgresql, sqlite or here; the address is TAXSYNC_LEDGER_URL's")
    console.say(*moving.move(data_of(data), to, console.complain))


def _passphrase(new: bool) -> str:
    """The environment's, or what a person types: twice if it is `new`."""
    from pipeline.settings import read_environment

    given = read_environment(os.environ).passphrase
    if given is not None:
        return given.reveal()
    if not console.is_terminal():
        raise Stop(NEEDED)
    what = "New passphrase for the backup" if new else "Passphrase of the backup"
    passphrase: str = typer.prompt(what, hide_input=True, confirmation_prompt=new, err=True)
    return passphrase
