"""A ledger as it would be without some of its rows: what it would say had they never come.

    with Past.of(ledger) as past:
        past.leave_out({17: "kraken"})          # rows, by id; all others are there again
        refresh(past)                           # what was parsed of their accounts is parsed anew
        past.transactions()

It is in SQLite's memory and reads the facts of the ledger, which it can't change; what it keeps goes with it.
"""

from collections.abc import Collection, Mapping
from typing import Any, Self

from pipeline.ledger import Ledger
from pipeline.ledger_access import PATIENCE, readable
from pipeline.ledger_on_sqlite import OnSQLite
from pipeline.sqlite import CACHE


class Past(Ledger):
    """Made by `Past.of`, closed by `with` or `close`."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._lacking: set[str] = set()  # accounts that lack rows, so that their cache is not the file's

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        with ledger.snapshot(), readable(ledger.path):
            past = ledger._place.past(ledger._database, PATIENCE)
            return cls(OnSQLite(ledger.folder, ledger.path.name), past, ledger._clock)

    def leave_out(
        self, raw: Mapping[int, str] | None = None, price: Collection[int] = (), answer: Collection[int] = ()
    ) -> None:
        """From now on these rows are not there, and all others are. `raw`: with the account of each."""
        raw = raw or {}
        ids: dict[str, Collection[int]] = {"raw": raw.keys(), "price": price, "answer": answer}
        with self.transaction():
            self._run("DELETE FROM left_out")
            self._insert("left_out", ("name", "id"), [(name, id) for name in ids for id in ids[name]])
            now = set(raw.values())
            for account in self._lacking | now:
                for table in CACHE:
                    self._run(f"DELETE FROM {table} WHERE account = ?", account)  # noqa: S608 - our own
                    if account not in now:  # what the file's records were parsed to
                        self._run(f"INSERT INTO {table} SELECT * FROM kept.{table} WHERE account = ?", account)  # noqa: S608
            self._lacking = now
