"""`taxsync move`: a client's ledger from its file into PostgreSQL, and back.

All facts are copied with their numbers and compared on the other side before anything is set aside; what parsers made
of them is made anew by the next command. The ledger that was left stays, under another name: nothing is deleted.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pipeline.folder import replace_private
from pipeline.issues import Stop
from pipeline.ledger import Ledger, import_lock
from pipeline.ledger_mark import new_mark, write_mark
from pipeline.ledger_on_postgresql import OnPostgreSQL
from pipeline.ledger_on_sqlite import FILE, OnSQLite
from pipeline.ledger_place import Place, free_name, is_in_file, place_of, server_asked
from pipeline.ledger_server import VARIABLE, Server
from pipeline.settings import load

WHAT = "taxsync move"
WAYS = ("postgresql", "sqlite", "here")


def move(folder: Path, to: str, waiting: Callable[[str], None]) -> list[str]:
    """Moves the ledger of a data folder; `to`: one of WAYS, of which "here" gives a folder the ledger that belongs to
    another one. Lines of what was done."""
    load(folder)
    at = server_asked()
    if at is None:
        raise Stop(f"set {VARIABLE} to the address of the database first: postgresql://USER@HOST/DATABASE")
    try:
        return {"postgresql": _to_server, "sqlite": _to_file, "here": _to_here}[to](folder, at, waiting)
    except OSError as error:
        raise Stop(
            f"{folder} can't be written: {error.strerror or error}; the ledger is where it was: put it right, run again"
        ) from None


def into_server(work: Path, at: Server, home: Path) -> None:
    """Puts the ledger of a new folder `work`, which will be `home`, into PostgreSQL; its file is no ledger then."""
    place = OnPostgreSQL(work, at, home)
    mark = new_mark()
    with Ledger.at(OnSQLite(work), create=False) as old:
        write_mark(place.path, mark)
        _fill(old, place)
    write_mark(place.path, mark._replace(state=""))


def _to_server(folder: Path, at: Server, waiting: Callable[[str], None]) -> list[str]:
    if not is_in_file(folder):
        place_of(folder).prepare(create=False)  # tells what is wrong, where something is
        raise Stop(f"the ledger of {folder} is in PostgreSQL already: leave it there, or name another folder")
    file, place = OnSQLite(folder), OnPostgreSQL(folder, at)
    aside = free_name(file.path)
    mark = new_mark(aside=aside.name)
    with (
        import_lock(folder, WHAT, waiting, place=file),
        Ledger.at(file, create=False) as old,
        old.transaction(),  # nobody else keeps anything meanwhile
    ):
        old.check_integrity()
        write_mark(place.path, mark)
        try:
            _fill(old, place)
        except BaseException:
            with suppress(OSError):
                place.path.unlink()
            raise
        write_mark(place.path, mark._replace(state=""))  # from here on the schema counts
        with suppress(FileNotFoundError):  # whoever looked meanwhile has done it
            replace_private(file.path, aside)
    return [
        f"{folder}: the ledger is in PostgreSQL now, in the schema {mark.schema}; commands need {VARIABLE} from now on",
        f"{aside} is the file as it was: keep it until a backup has been tried",
    ]


def _to_file(folder: Path, at: Server, waiting: Callable[[str], None]) -> list[str]:
    if is_in_file(folder):
        raise Stop(f"the ledger of {folder} is in a file already; unset {VARIABLE} to use it")
    place, file = OnPostgreSQL(folder, at), OnSQLite(folder, f"{FILE}.moving")
    aside = free_name(place.path)
    with import_lock(folder, WHAT, waiting, place=place), Ledger.at(place, create=False) as old, old.transaction():
        old.check_integrity()
        _clear(file.path)  # of a move that was killed
        try:
            _fill(old, file)
            old.leave()
            mark = place.mark()
            (folder / f"{FILE}-journal").unlink(missing_ok=True)  # of a file that is not there
            write_mark(place.path, mark._replace(state="moved"))
            replace_private(file.path, folder / FILE)  # from here on the file counts
            place.path.rename(aside)
        finally:
            _clear(file.path)
    return [
        f"{folder}: the ledger is in {folder / FILE} now; unset {VARIABLE} for this folder",
        f"the schema {mark.schema} stays in the database as it was ({aside} names it): drop it when a backup has been "
        "tried",
    ]


def _to_here(folder: Path, _at: Server, waiting: Callable[[str], None]) -> list[str]:
    place = place_of(folder)
    place.prepare(create=False)
    with import_lock(folder, WHAT, waiting, place=place):
        Ledger.take_home(place)
    return [f"{folder}: the ledger belongs to this folder; a copy of the folder elsewhere is refused from now on"]


def _clear(file: Path) -> None:
    """Removes a file that is no ledger yet, and what SQLite keeps beside it."""
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()


def _fill(old: Ledger, place: Place) -> None:
    """Makes the ledger at `place` of all that `old` holds, compared row by row and looked at; or makes nothing."""
    with Ledger.making(place) as new:
        old.copy_facts(new)
        if new.contents() != old.contents():
            raise Stop(
                f"{old.path} could not be copied as it is: the copy differs; nothing was changed: keep it where it is"
            )
        new.check_integrity()
