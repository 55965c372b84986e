"""A ledger as it would be without some of its rows: what it would say had they never come.

    with Past.of(ledger) as past:
        past.leave_out({17: "kraken"})          # rows, by id; all others are there again
        refresh(past)                           # what was parsed of their accounts is parsed anew
        past.transactions()

It is in memory and reads the facts of the ledger's file, which it can't change; what it keeps goes with it.
"""

from collections.abc import Collection, Mapping
from typing import Any, Self

from sqlalchemy import Column, MetaData, Table, select

from pipeline.ledger import Ledger
from pipeline.ledger_access import PATIENCE, readable
from pipeline.schema import LEFT_OUT, METADATA, PARSED, TXN, past_of

_CACHE: tuple[tuple[Table, Column[Any]], ...] = ((TXN, TXN.c.said_by), (PARSED, PARSED.c.account))


class Past(Ledger):
    """Made by `Past.of`, closed by `with` or `close`."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._lacking: set[str] = set()  # accounts that lack rows, so that their cache is not the file's

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        engine = past_of(ledger.path, PATIENCE)
        with readable(ledger.path):
            past = cls(ledger.folder, engine, engine.connect(), ledger._clock)
        with past.transaction(), readable(past.path):
            METADATA.create_all(past._connection, tables=[TXN, PARSED])
            past._copy_cache()
        return past

    def leave_out(
        self, raw: Mapping[int, str] | None = None, price: Collection[int] = (), answer: Collection[int] = ()
    ) -> None:
        """From now on these rows are not there, and all others are. `raw`: with the account of each."""
        raw = raw or {}
        ids: dict[str, Collection[int]] = {"raw": raw.keys(), "price": price, "answer": answer}
        with self.transaction():
            self._run(LEFT_OUT.delete())
            self._run(LEFT_OUT.insert(), [{"name": name, "id": id} for name in ids for id in ids[name]])
            now = set(raw.values())
            for account in self._lacking | now:
                for table, by in _CACHE:
                    self._run(table.delete().where(by == account))
                if account not in now:
                    self._copy_cache(account)
            self._lacking = now

    def _copy_cache(self, account: str | None = None) -> None:
        """What the file's records were parsed to, of one account or all."""
        for table, by in _CACHE:
            kept = table.to_metadata(MetaData(), schema="kept")
            found = select(kept) if account is None else select(kept).where(kept.c[by.name] == account)
            self._run(table.insert().from_select(list(kept.c.keys()), found))
