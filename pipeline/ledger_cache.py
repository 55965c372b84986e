"""The cache of a ledger: what its records say, as their parsers read them last.

Everything in it can be made anew from the records. It is sealed like these, since figures are computed from it: what
a failing disk, or a hand, makes of it is told as damage, and no figure rests on it.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from pipeline.issues import Issue
from pipeline.ledger_access import readable
from pipeline.ledger_rows import (
    PARSED_ROW,
    SAID_ROW,
    Span,
    balances_of,
    balances_text,
    cache_seal,
    changed,
    columns_kept,
    instant_of,
    issues_of,
    issues_text,
    prices_of,
    prices_text,
    said_row,
    transactions_kept,
)
from pipeline.ledger_store import Store, marks
from pipeline.model import Balance, Parsed, Price, SaidPage, Transaction, instant_text
from pipeline.said import COLUMNS, pages, row_of

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
                for page in pages(account, map(row_of, each())):
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
            self._run("DELETE FROM said")
            self._run("DELETE FROM parsed")

    # ---- asking -------------------------------------------------------------------------------

    def transactions(self, accounts: Collection[str] = ()) -> list[Transaction]:
        """All parsed transactions, or those of these accounts, by instant and account, then in the parser's order.
        Raises LedgerError where any of it is not as it was kept."""
        found: list[Transaction] = []
        seals: dict[str, list[str]] = defaultdict(list)
        with self.snapshot():
            for account, content, seal in self._said("account, content, seal", accounts):
                found += transactions_kept(account, content, seal)
                seals[account].append(seal)
            self._require_as_parsed(seals, accounts)
        found.sort(key=attrgetter("at"))  # they came by account, in its order, which stays among those of one instant
        return found

    def _require_as_parsed(self, seals: dict[str, list[str]], accounts: Collection[str]) -> None:
        """Raises LedgerError unless these pages, and what else the records say, are what was kept together."""
        for account, *texts, seal in self._these("account, issues, balances, prices, seal", "parsed", accounts):
            if cache_seal(seals.pop(account, ()), *texts) != seal:
                raise changed(f"what was read of the records of {account}")
        if seals:
            raise changed(f"what was read of the records of {next(iter(seals))}")

    def span(self, account: str, besides: str = "") -> Span:
        """From when to when the transactions of an account are, and how many; without those of one source."""
        instants = []
        with self.snapshot():
            for (content,) in self._said("content", [account]):
                columns = columns_kept(account, content)
                pairs = zip(columns[_AT], columns[_SOURCE], strict=True)
                instants += [at for at, source in pairs if not besides or source != besides]
        first, last = min(instants, default=None), max(instants, default=None)
        return Span(instant_of(first), instant_of(last), len(instants))

    def last_after(self, instant: datetime) -> dict[str, datetime]:
        """Account -> when its last transaction is, of those that have one after this instant, sorted."""
        later = 'SELECT account, max("last") FROM said WHERE "last" > ? GROUP BY account ORDER BY account'
        found = self._rows(later, instant_text(instant))
        return {account: at for account, last in found if (at := instant_of(last)) is not None}

    def contents_until(self, end: datetime) -> dict[str, tuple[str, int]]:
        """Of each transaction before `end`: when it was, as `instant_text` has it, and what tells its contents from
        others, in this process."""
        until, found = instant_text(end), {}
        with self.snapshot():
            for account, content in self._said("account, content"):
                for row in zip(*columns_kept(account, content), strict=True):
                    if row[_AT] < until:
                        found[row[_ID]] = (row[_AT], hash((account, *row)))
        return found

    def _unfounded(self) -> Iterator[tuple[str, str]]:
        """Transactions whose record is gone, inside the caller's snapshot: account, and the source's id."""
        there = set(self._stream("SELECT account, source, source_id FROM raw"))
        for account, content in self._said("account, content"):
            columns = columns_kept(account, content)
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
        rows = self._rows(f"SELECT {column} FROM parsed ORDER BY account")  # noqa: S608 - our own
        return [item for (text,) in rows for item in read(text)]

    def _said(self, columns: str, accounts: Collection[str] = ()) -> Iterator[tuple[Any, ...]]:
        """Pages in their order, inside the caller's snapshot."""
        return self._these(columns, "said", accounts, ", number")

    def _these(self, columns: str, table: str, accounts: Collection[str], more: str = "") -> Iterator[tuple[Any, ...]]:
        """Rows of a table, of these accounts, or all, by account."""
        these = f"WHERE account IN ({marks(len(accounts))})" if accounts else ""
        return self._stream(f"SELECT {columns} FROM {table} {these} ORDER BY account{more}", *accounts)  # noqa: S608
