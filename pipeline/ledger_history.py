"""What stands behind one transaction in the ledger: records as received, with every revision and what brought it."""

import json
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import or_, select

from pipeline.ledger_rows import RECORD_COLUMNS, BatchKept
from pipeline.ledger_store import Store
from pipeline.model import RawRecord
from pipeline.schema import BATCH, RAW


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
        texts = [json.dumps(name, ensure_ascii=False) for name in names] if naming else []
        named = [RAW.c.payload.contains(text, autoescape=True) for text in texts]
        rows = self._rows(
            select(*RECORD_COLUMNS, RAW.c.revision, RAW.c.digest, *BATCH.c)
            .join_from(RAW, BATCH, RAW.c.batch == BATCH.c.id)
            .where(RAW.c.account == account, RAW.c.source == source, or_(RAW.c.source_id.in_(names), *named))
            .order_by(RAW.c.id)
        )
        width = len(RECORD_COLUMNS)
        return [
            RecordKept(RawRecord(*row[:width]), row[width], row[width + 1], BatchKept(*row[width + 2 :]))
            for row in rows
        ]
