"""The cache of a ledger: what its records say, as their parsers read them last.

Everything in it can be made anew from the records. It is sealed like these, since figures are computed from it: what
a failing disk, or a hand, has changed there is told, forgotten and read anew, and no figure rests on it.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from pipeline.issues import Issue
from pipeline.ledger_access import LedgerError, readable
from pipeline.ledger_rows import (
    PARSED_ROW,
    SAID_ROW,
    Span,
    balances_of,
    balances_text,
    cache_seal,
    instant_of,
    issues_of,
    issues_text,
    page_seal,
    prices_of,
    prices_text,
    said_row,
)
from pipeline.ledger_store import Store, marks
from pipeline.model import Balance, Parsed, Price, SaidPage, Transaction, instant_text
from pipeline.said import COLUMNS, columns_of, pages_of, row_of, transactions_of
from pipeline.sqlite import CACHE

T = TypeVar("T")
_AT, _ID = COLUMNS.index("at"), COLUMNS.index("id")
_SOURCE, _SOURCE_ID = COLUMNS.index("source"), COLUMNS.index("source_id")


class Cached(Store):
    """What a ledger knows of what its records say."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        # account -> its last row when `records` was first asked for it: what a parse of them has seen,
        # although another process may have kept more by the time it ends
        self._read_up_to: dict[str, int] = {}

    def last_rows(self) -> dict[str, dict[str, int]]:
        """Account -> source -> the last row of its records."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        last = "SELECT account, source, max(id) FROM raw GROUP BY account, source ORDER BY account, source"
        for account, source, row in self._rows(last):
            found[account][source] = row
        return found

    def parsed_to(self) -> dict[str, tuple[str, int]]:
        """Account -> the stamp of the parser that has read its records, and the last row of them."""
        return {
            account: (stamp, row) for account, stamp, row in self._rows("SELECT account, stamp, last_row FROM parsed")
        }

    def _last_row(self, account: str) -> int:
        return int(self._rows("SELECT coalesce(max(id), 0) FROM raw WHERE account = ?", account)[0][0])

    # ---- keeping ------------------------------------------------------------------------------

    def replace_parsed(self, account: str, parts: Iterable[Parsed], stamp: str) -> None:
        """What the records of `account` say, as `records` gave them, according to the parser named by `stamp`."""
        rest, number = Parsed(), 0

        def each() -> Iterator[Transaction]:
            for part in parts:
                for one in part.transactions:
                    if one.account != account:
                        raise ValueError(f"a record of {account} says a transaction of {one.account}")
                    yield one
                rest.issues.extend(part.issues)
                rest.balances.extend(part.balances)
                rest.prices.extend(part.prices)

        with self.transaction():
            self._run("DELETE FROM said WHERE account = ?", account)
            with readable(self.path):
                for page in pages_of(account, map(row_of, each())):
                    self.add_said(page, number)
                    number += page.count
            self.stamp_parsed(account, stamp, rest)

    def add_said(self, page: SaidPage, number: int) -> None:
        """Adds a page; `number`: of its first transaction, among those of its account."""
        with self.transaction():
            self._insert("said", SAID_ROW, [said_row(page, number)])

    def stamp_parsed(self, account: str, stamp: str, rest: Parsed) -> None:
        """Says that the transactions are there as the parser named by `stamp` reads all records of `account`;
        `rest` is what else it says."""
        last_row = self._read_up_to.pop(account, None)
        texts = (issues_text(rest.issues), balances_text(rest.balances), prices_text(rest.prices))
        with self.transaction():
            seals = self._rows("SELECT seal FROM said WHERE account = ? ORDER BY number", account)
            seal = cache_seal((seal for (seal,) in seals), *texts)
            row = (account, stamp, self._last_row(account) if last_row is None else last_row, *texts, seal)
            self._run("DELETE FROM parsed WHERE account = ?", account)
            self._insert("parsed", PARSED_ROW, [row])

    def drop_cache(self) -> None:
        """Forgets what was parsed; the records say it again."""
        with self.transaction():
            for table in CACHE:
                self._run(f"DELETE FROM {table}")  # noqa: S608 - our own

    # ---- asking -------------------------------------------------------------------------------

    def transactions(self, accounts: Collection[str] = ()) -> list[Transaction]:
        """All parsed transactions, or those of these accounts, by instant and account, then in the parser's order.
        Raises LedgerError where any of it is not as it was kept, as all that asks here does."""
        found: list[Transaction] = []
        with self._as_parsed(accounts):
            for account, content in self._said(accounts):
                found += transactions_of(account, content)
        found.sort(key=attrgetter("at"))  # they came by account, in its order, which stays among those of one instant
        return found

    def span(self, account: str, besides: str = "") -> Span:
        """From when to when the transactions of an account are, and how many; without those of one source."""
        instants: list[str] = []
        with self._as_parsed([account]):
            for _, content in self._said([account]):
                columns = columns_of(content)
                pairs = zip(columns[_AT], columns[_SOURCE], strict=True)
                instants += [at for at, source in pairs if not besides or source != besides]
        first, last = min(instants, default=None), max(instants, default=None)
        return Span(instant_of(first), instant_of(last), len(instants))

    def last_after(self, instant: datetime) -> dict[str, datetime]:
        """Account -> when its last transaction is, of those that have one after this instant, sorted."""
        later = 'SELECT account, max("last") FROM said WHERE "last" > ? GROUP BY account ORDER BY account'
        with self._as_parsed():
            found = self._rows(later, instant_text(instant))
        return {account: at for account, last in found if (at := instant_of(last)) is not None}

    def contents_until(self, end: datetime) -> dict[str, tuple[str, int]]:
        """Of each transaction before `end`: when it was, as `instant_text` has it, and what tells its contents from
        others, in this process."""
        until, found = instant_text(end), {}
        with self._as_parsed():
            for account, content in self._said():
                for row in zip(*columns_of(content), strict=True):
                    if row[_AT] < until:
                        found[row[_ID]] = (row[_AT], hash((account, *row)))
        return found

    def _unfounded(self) -> Iterator[tuple[str, str]]:
        """Transactions whose record is gone, inside the caller's snapshot: account, and the source's id. None from
        where the cache is damaged, too."""
        there = set(self._stream("SELECT account, source, source_id FROM raw"))
        with suppress(_Changed):
            for account, content in self._said():
                columns = columns_of(content)
                for source, source_id in zip(columns[_SOURCE], columns[_SOURCE_ID], strict=True):
                    if (account, source, source_id) not in there:
                        yield account, source_id

    def parsed_issues(self) -> list[Issue]:
        return self._parsed("issues", issues_of)

    def parsed_prices(self) -> list[Price]:
        """Prices that the records themselves state."""
        return self._parsed("prices", prices_of)

    def balances(self) -> list[Balance]:
        """What the exchanges said the accounts hold."""
        return self._parsed("balances", balances_of)

    def _parsed(self, column: str, read: Callable[[str], list[T]]) -> list[T]:
        with self._as_parsed():
            rows = self._rows(f"SELECT {column} FROM parsed ORDER BY account")  # noqa: S608 - our own
        return [item for (text,) in rows for item in read(text)]

    # ---- damage -------------------------------------------------------------------------------

    @contextmanager
    def _as_parsed(self, accounts: Collection[str] = ()) -> Iterator[None]:
        """A snapshot to read of what was parsed of these accounts, or all, as it was kept. Where it is not, that is
        forgotten, so that it is read anew, and LedgerError says so."""
        try:
            with self.snapshot():
                pages: dict[str, list[str]] = defaultdict(list)
                for account, seal in self._these("account, seal", "said", accounts, ", number"):
                    pages[account].append(seal)
                for account, *texts, seal in self._these("account, issues, balances, prices, seal", "parsed", accounts):
                    if cache_seal(pages.pop(account, ()), *texts) != seal:
                        raise _Changed(account)
                if pages:
                    raise _Changed(next(iter(pages)))
                yield
        except _Changed as changed:
            raise self._forgotten(changed.account) from None

    def _said(self, accounts: Collection[str] = ()) -> Iterator[tuple[str, str]]:
        """Account and content of pages in their order, inside the caller's snapshot."""
        for account, number, last, seal, content in self._these(", ".join(SAID_ROW), "said", accounts, ", number"):
            if page_seal(account, number, last, content) != seal:
                raise _Changed(account)
            yield account, content

    def _these(self, columns: str, table: str, accounts: Collection[str], more: str = "") -> Iterator[tuple[Any, ...]]:
        """Rows of a table, of these accounts, or all, by account."""
        these = f"WHERE account IN ({marks(len(accounts))})" if accounts else ""
        return self._stream(f"SELECT {columns} FROM {table} {these} ORDER BY account{more}", *accounts)  # noqa: S608

    def _forgotten(self, account: object) -> LedgerError:
        """Forgets what was parsed of an account, where that can be done now; what is to be said of it."""
        found = (
            f"{self.path} is damaged (what was read of the records of {account} was changed, by a failing disk or "
            "another program)"
        )
        if not self._depth:
            with suppress(LedgerError), self.transaction():  # a ledger that can only be read
                for table in CACHE:
                    self._run(f"DELETE FROM {table} WHERE account = ?", account)  # noqa: S608 - our own
                return LedgerError(
                    f"{found}: run again, and it is read anew; then make a backup: `taxsync backup FILE`"
                )
        return LedgerError(f"{found}: run `taxsync status` where it can be written, and again: it is read anew")


class _Changed(Exception):
    """Something of the cache is not as it was kept."""

    def __init__(self, account: object) -> None:
        super().__init__(account)
        self.account = account
