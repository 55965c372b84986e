"""What stands behind one transaction in the ledger: records as received, with every revision and what brought it."""

import json
from collections.abc import Collection
from typing import NamedTuple

from pipeline.ledger_rows import BATCH_COLUMNS, RECORD_COLUMNS, BatchKept, batch_of
from pipeline.ledger_store import Store, marks
from pipeline.model import RawRecord

_WIDTH = len(RECORD_COLUMNS.split(", "))


class RecordKept(NamedTuple):
    """One row of a record. `digest`: of what it says; `batch`: the import that brought it."""

    record: RawRecord
    revision: int
    digest: str
    batch: BatchKept


class Histories(Store):
    """What a ledger has kept of single records."""

    def record_history(
        self, account: str, source: str, names: Collection[str], *, naming: bool = False
    ) -> list[RecordKept]:
        """Every revision of the records of one source whose ids are among `names`, in the order in which they came;
        `naming`: of those, too, whose contents hold one of them as a text."""
        found = [f"source_id IN ({marks(len(names))})"]
        if naming:  # LIKE would take small letters for capitals
            found += ["replace(payload, ?, '') <> payload"] * len(names)
        texts = [json.dumps(name, ensure_ascii=False) for name in names] if naming else []
        batch = ", ".join(f"batch.{name}" for name in BATCH_COLUMNS.split(", "))
        record = ", ".join(f"raw.{name}" for name in RECORD_COLUMNS.split(", "))
        rows = self._rows(
            f"SELECT {record}, revision, raw.digest, {batch} FROM raw JOIN batch ON raw.batch = batch.id "  # noqa: S608
            f"WHERE account = ? AND source = ? AND ({' OR '.join(found)}) ORDER BY raw.id",
            account, source, *names, *texts,
        )  # fmt: skip
        return [
            RecordKept(RawRecord(*row[:_WIDTH]), row[_WIDTH], row[_WIDTH + 1], batch_of(row[_WIDTH + 2 :]))
            for row in rows
        ]
