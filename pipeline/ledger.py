"""The ledger: the facts of one taxpayer, and a cache of what they say.

    with import_lock(folder, "taxsync import", print), Ledger.open(folder, create=True) as ledger:
        with ledger.transaction():
            batch = ledger.begin_batch("file", "trades.csv", digest)
            ledger.keep(page, batch, refuse_revisions=True)

Facts (records, prices, answers) are only ever added; the newest counts, the older stay. What is kept
in one transaction is there as a whole or not at all, also after a kill or a power cut. What the
ledger can't do leaves as a LedgerError, a text that can't be stored as a ValueError, of one line
each. For one thread.
"""

import hashlib
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from msgspec import Struct

from pipeline import __version__
from pipeline.ledger_access import PATIENCE, LedgerError, ReadOnly, import_lock, readable
from pipeline.ledger_history import Histories, RecordKept
from pipeline.ledger_rows import (
    ANSWER_COLUMNS,
    BATCH_COLUMNS,
    PRICE_COLUMNS,
    PRICE_ROW,
    RAW_ROW,
    RECORD_COLUMNS,
    AnswerKept,
    BatchKept,
    Source,
    Span,
    answer_of,
    batch_of,
    json_text,
    price_key,
    price_of,
    price_row,
    prices_text,
    record_row,
    record_text,
)
from pipeline.ledger_store import marks
from pipeline.ledger_whole import Whole
from pipeline.model import Page, Price, RawRecord, instant_text
from pipeline.sqlite import insert_into

__all__ = [
    "PATIENCE", "AnswerKept", "BatchKept", "Kept", "Ledger", "LedgerError", "ReadOnly", "RecordKept", "RevisedPrices",
    "RevisedRecord", "Source", "Span", "import_lock",
]  # fmt: skip

CHUNK = 5_000  # rows or bound values per statement; SQLite allows 32,766 of the latter
_BATCH = insert_into("batch", ("kind", "name", "digest", "at", "program"))
_STREAM = "account = ? AND source = ? AND stream = ?"  # the rows of one

T = TypeVar("T")
Identity = tuple[str, str, str, str]


class Kept(Struct, frozen=True):
    """What `keep` found: records not seen before, changed ones, and ones that are there already."""

    new: int
    revised: int
    known: int

    def plus(self, more: "Kept") -> "Kept":
        return Kept(self.new + more.new, self.revised + more.revised, self.known + more.known)


class RevisedRecord(Exception):
    """A record that is kept with other contents, where those may not change; nothing was kept."""

    def __init__(self, old: RawRecord, new: RawRecord) -> None:
        super().__init__(f"{new.origin}: {new.source_id} is kept already, with other contents, from {old.origin}")
        self.old, self.new = old, new


class RevisedPrices(Exception):
    """Prices that are kept with other figures, where those may not change: old and new ones. Nothing was kept."""

    def __init__(self, pairs: Sequence[tuple[Price, Price]]) -> None:
        super().__init__(f"{len(pairs)} prices are kept already with other figures")
        self.pairs = pairs


class Ledger(Whole, Histories):
    """An open ledger. Made by `Ledger.open`, closed by `with` or `close`."""

    # ---- facts: records -----------------------------------------------------------------------

    def begin_batch(self, kind: str, name: str, digest: str = "") -> int:
        """Notes an import ("file" with the digest of its bytes, or "api"); the id its records get."""
        row = (kind, name, digest, instant_text(self._clock()), __version__)
        with self.transaction(), readable(self.path):
            return self._database.inserted(_BATCH, row)

    def batches(self) -> list[BatchKept]:
        return [batch_of(row) for row in self._rows(f"SELECT {BATCH_COLUMNS} FROM batch ORDER BY id")]  # noqa: S608

    def has_file(self, digest: str) -> bool:
        """Whether a file of these very bytes is kept."""
        return bool(self._rows("SELECT id FROM batch WHERE kind = 'file' AND digest = ? LIMIT 1", digest))

    def keep(self, page: Page, batch: int, *, refuse_revisions: bool = False) -> Kept:
        """Adds the records that are not there yet, and moves their stream's cursor, in one transaction.

        A record whose newest contents differ becomes a new revision, or raises RevisedRecord.
        """
        with self.transaction():
            rows = [record_row(record, record.digest, 0, batch) for record in page.records]
            try:
                if self._insert_new("raw", RAW_ROW, rows):  # most pages are all new: nothing is asked for first
                    self._chain(rows)
                    kept = Kept(len(rows), 0, 0)
                else:
                    kept = self._keep_some(page.records, batch, refuse_revisions)
            except (LedgerError, ValueError):
                self._require_storable(page.records)
                raise
            if page.cursor is not None:
                self.set_cursor(*_stream_of(page.records), page.cursor)
        return kept

    def _require_storable(self, records: Iterable[RawRecord]) -> None:
        """Raises ValueError, or LedgerError for what another database could keep, naming the first of `records`."""
        for r in records:
            where = r.origin.encode("ascii", "backslashreplace").decode()
            text = f"{r.source}{r.account}{r.stream}{r.source_id}{r.origin}{r.payload}"
            try:
                text.encode()
            except UnicodeEncodeError:
                raise ValueError(f"{where}: holds half a character (a lone surrogate), which can't be kept") from None
            if why := self._database.unkeepable(text):
                raise LedgerError(f"{where}: {self.path} {why}")

    def _keep_some(self, records: list[RawRecord], batch: int, refuse_revisions: bool) -> Kept:
        """Adds those of `records` that are new or changed."""
        newest = self._newest(records)
        rows: list[tuple[Any, ...]] = []
        new = known = 0
        for record in records:
            identity, digest = _identity(record), record.digest
            revision, before = newest.get(identity, (-1, None))
            if before == digest:
                known += 1
                continue
            if before is None:
                new += 1
            elif refuse_revisions:
                raise RevisedRecord(self._kept(identity, records), record)
            newest[identity] = (revision + 1, digest)
            rows.append(record_row(record, digest, revision + 1, batch))
        self._insert("raw", RAW_ROW, rows)
        self._chain(rows)
        return Kept(new, len(rows) - new, known)

    def _newest(self, records: Iterable[RawRecord]) -> dict[Identity, tuple[int, str]]:
        """The newest revision and digest of those of `records` that are kept."""
        wanted: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for record in records:
            wanted[record.account, record.source, record.stream].append(record.source_id)
        newest = {}
        for stream, ids in wanted.items():
            for some in _chunks(ids):
                found = f"SELECT source_id, revision, digest FROM raw WHERE {_STREAM} AND source_id IN "  # noqa: S608
                rows = self._rows(f"{found} ({marks(len(some))}) ORDER BY id", *stream, *some)
                newest.update({(*stream, source_id): (revision, digest) for source_id, revision, digest in rows})
        return newest

    def _kept(self, identity: Identity, page: list[RawRecord]) -> RawRecord:
        """The record that is kept under an identity, or the first of it in the page itself."""
        kept = f"SELECT {RECORD_COLUMNS} FROM raw WHERE {_STREAM} AND source_id = ? ORDER BY id DESC LIMIT 1"  # noqa: S608
        rows = self._rows(kept, *identity)
        return RawRecord(*rows[0]) if rows else next(r for r in page if _identity(r) == identity)

    def records(self, account: str, source: str | None = None) -> Iterator[RawRecord]:
        """The newest revision of each record of an account, in its source's order (by source, stream,
        position, then as received). Streams: records kept while it runs are not among them."""
        of, values = ("account = ?", [account]) if source is None else ("account = ? AND source = ?", [account, source])
        newest = f"SELECT max(id) FROM raw WHERE {of} GROUP BY source, stream, source_id"  # noqa: S608 - our own
        order = f"SELECT id FROM raw WHERE id IN ({newest}) ORDER BY source, stream, position, id"  # noqa: S608
        with self.snapshot():
            self._read_up_to.setdefault(account, self._last_row(account))
            ids = array("q", (id for (id,) in self._stream(order, *values)))  # a tenth of a list of a million
        for some in _chunks(ids):  # rows never change, so that ids are a snapshot
            rows = self._rows(f"SELECT {RECORD_COLUMNS}, id FROM raw WHERE id IN ({marks(len(some))})", *some)  # noqa: S608
            found = {row[-1]: row for row in rows}
            yield from (RawRecord(*found[number][:-1]) for number in some)

    def raw_count(self) -> int:
        """How many rows are kept, older revisions among them."""
        return int(self._rows("SELECT count(*) FROM raw")[0][0])

    def sources(self) -> list[Source]:
        """What is kept, by account, source and stream."""
        stream, sources = "account, source, stream", []
        found = f"SELECT {stream}, count(*), min(id), max(revision) FROM raw GROUP BY {stream} ORDER BY {stream}"  # noqa: S608
        with self.snapshot():
            for account, source, list_name, records, first, revised in self._rows(found):
                if revised:  # else each row is another record; to look for the same ones takes four times as long
                    of = f"SELECT count(DISTINCT source_id) FROM raw WHERE {_STREAM}"  # noqa: S608 - our own
                    records = self._rows(of, account, source, list_name)[0][0]
                sources.append(Source(account, source, list_name, records, first))
        return sources

    def extents(self, account: str, source: str) -> dict[str, tuple[int, int, int]]:
        """Stream -> how many records (revisions not counted), the first and the last position, of one source."""
        rows = self._rows(
            "SELECT stream, count(DISTINCT source_id), min(position), max(position) FROM raw "
            "WHERE account = ? AND source = ? GROUP BY stream ORDER BY stream",
            account, source,
        )  # fmt: skip
        return {stream: (records, first, last) for stream, records, first, last in rows}

    def accounts(self) -> list[str]:
        """The accounts that have records, sorted."""
        return [account for (account,) in self._rows("SELECT DISTINCT account FROM raw ORDER BY account")]

    def cursor(self, account: str, source: str, stream: str) -> str | None:
        """How far a stream is kept; None: not begun."""
        rows = self._rows(f"SELECT text FROM cursor WHERE {_STREAM}", account, source, stream)  # noqa: S608 - our own
        return str(rows[0][0]) if rows else None

    def cursors(self, account: str, source: str) -> dict[str, str]:
        """Stream -> how far it is kept, of every stream that was begun."""
        mine = "SELECT stream, text FROM cursor WHERE account = ? AND source = ? ORDER BY stream"
        return dict(self._rows(mine, account, source))

    def set_cursor(self, account: str, source: str, stream: str, text: str) -> None:
        key = (account, source, stream)
        with self.transaction():
            if not self._run(f"UPDATE cursor SET text = ? WHERE {_STREAM}", text, *key):  # noqa: S608 - our own
                self._insert("cursor", ("account", "source", "stream", "text"), [(*key, text)])

    # ---- facts: prices and answers ------------------------------------------------------------

    def keep_prices(
        self, prices: Iterable[Price], fetched_at: datetime, batch: int, *, refuse_revisions: bool = False
    ) -> int:
        """Adds prices, all at once; how many say something new. `source` begins with "file " for a file's.

        Where another price of the same asset, currency and time is kept, the newest counts, or RevisedPrices is raised.
        """
        with self.transaction():
            newest = {price_key(price): price for price in self.prices()}
            rows, revised = [], []
            for price in prices:
                row, key = price_row(price, fetched_at, batch), price_key(price)
                before = newest.get(key)
                if before is not None and before.price == price.price:
                    continue
                if before is not None:
                    revised.append((before, price))
                newest[key] = price
                rows.append(row)
            if revised and refuse_revisions:
                raise RevisedPrices(revised)
            self._insert("price", PRICE_ROW, rows)
        return len(rows)

    def prices(self) -> list[Price]:
        """The newest price of each asset, currency and time; a file's and a looked-up one are two."""
        kept = self._rows(f"SELECT {PRICE_COLUMNS} FROM price ORDER BY id")  # noqa: S608 - our own
        newest = {price_key(price): price for price in map(price_of, kept)}
        return [newest[key] for key in sorted(newest)]

    def keep_answer(self, kind: str, key: str, content: str, by: str) -> bool:
        """Keeps what the user says about `key`; False if that is what counts already."""
        with self.transaction():
            same = 'SELECT content FROM answer WHERE kind = ? AND "key" = ? ORDER BY id DESC LIMIT 1'
            if self._rows(same, kind, key) == [(content,)]:
                return False
            row = (kind, key, content, by, instant_text(self._clock()))
            self._insert("answer", ("kind", "key", "content", "by", "at"), [row])
            return True

    def answers(self, kind: str) -> dict[str, str]:
        """Key -> newest content of one kind of answer."""
        return {answer.key: answer.content for answer in self.answer_history() if answer.kind == kind}

    def answer_history(self) -> list[AnswerKept]:
        """Every answer ever given, oldest first."""
        return [answer_of(row) for row in self._rows(f"SELECT {ANSWER_COLUMNS} FROM answer ORDER BY id")]  # noqa: S608

    # ---- the whole ----------------------------------------------------------------------------

    def inputs_digest(self, extra: str | Callable[[], str], leave_out: Sequence[str] = ()) -> str:
        """What tells whether two reports rest on the same facts and `extra` (settings, version): 32 hex digits.

        `extra`, or what gives it: that is asked when all else is read.
        Over the newest records, prices and answers but those of the kinds `leave_out`; when they came
        does not matter, nor in which order, but that of a source's own rows.
        """
        digest = hashlib.sha256()
        with self.snapshot():
            records = self._newest_of_all()
            while some := list(islice(records, CHUNK)):
                digest.update(f"[{','.join(map(record_text, some))}]\n".encode())
            history = [answer for answer in self.answer_history() if answer.kind not in leave_out]
            answers = {(answer.kind, answer.key): answer.content for answer in history}
            prices = prices_text(self.prices())
        for part in (prices, sorted(answers.items()), extra if isinstance(extra, str) else extra()):
            digest.update(json_text(part).encode() + b"\n")
        return digest.hexdigest()[:32]

    def _newest_of_all(self) -> Iterator[tuple[Any, ...]]:
        """Identity, position and digest of the newest revision of each record, sorted, inside the caller's snapshot."""
        identity = "account, source, stream, source_id"
        newest: tuple[Any, ...] = ()
        for row in self._stream(f"SELECT {identity}, position, digest FROM raw ORDER BY {identity}, revision"):  # noqa: S608
            if newest and newest[:4] != row[:4]:
                yield newest
            newest = row
        if newest:
            yield newest


def _identity(record: RawRecord) -> Identity:
    return record.account, record.source, record.stream, record.source_id


def _stream_of(records: list[RawRecord]) -> tuple[str, str, str]:
    """The one stream that a page with a cursor is of."""
    streams = {_identity(record)[:3] for record in records}
    if len(streams) != 1:
        raise ValueError("a page with a cursor should be of one stream; without records, set_cursor moves it")
    return streams.pop()


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
