"""What answers are checked against, and how the rows of a file of answers become what is kept."""

import difflib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from importers.base import RowError
from pipeline.gains.answered import renamed
from pipeline.ledger import Ledger
from pipeline.run.answers import ASSET, LOT, MATCH, Content, content_of, counting
from pipeline.run.project import basis_of
from pipeline.settings import Settings

Rows = Sequence[tuple[int, Any]]  # answers of one type, each with the number of its row


class Found(NamedTuple):
    """One answer to be kept, and the row that it stands in."""

    kind: str
    key: str
    content: Content
    row: int


class Known:
    """What answers are checked against: the transactions, and what is said already; `new` is what the file at hand
    has said so far, `place` how its rows are named."""

    def __init__(self, ledger: Ledger, settings: Settings, revise: bool, place: Callable[[int], str]) -> None:
        self.settings, self.basis, self.revise, self._place = settings, basis_of(settings), revise, place
        self.records = ledger.transactions()
        self.unread = frozenset(issue.ref for issue in ledger.parsed_issues() if issue.code == "unread_record")
        self.accounts = frozenset((*ledger.accounts(), *settings.accounts))
        self.kept = {(one.kind, one.key): one for one in counting(ledger)}
        self.new: dict[tuple[str, str], Found] = {}
        self._said = {question: content_of(one) for question, one in self.kept.items()}
        self._paired: dict[str, str] = {}  # both sides of each transfer by hand -> its withdrawal
        self._lots: dict[str, set[str]] = defaultdict(set)  # a receipt -> the opening lots that name it, now or before
        for (kind, key), content in self._said.items():
            self._note(kind, key, content)
        self.rename()

    def rename(self) -> None:
        """Takes the transactions as the assets are named now: `rows`, by id."""
        named = [content for (kind, _), content in self._said.items() if kind == ASSET and content]
        names = {(said["account"], said["asset"]): said["is"] for said in named}
        self.rows = {t.id: t for t in renamed(self.records, names)}

    def said(self, kind: str, key: str) -> Content:
        """What counts now."""
        return self._said.get((kind, key))

    def whence(self, kind: str, key: str) -> str:
        """By what that came."""
        new = self.new.get((kind, key))
        return self.kept[kind, key].by if new is None else self._place(new.row)

    def check_account(self, account: str) -> None:
        """An account of the ledger, or a new name that is not just a slip of the pen; else RowError."""
        if account in self.accounts:
            return
        by_word = {name.casefold(): name for name in sorted(self.accounts)}
        near = difflib.get_close_matches(account.casefold(), by_word, n=1, cutoff=0.8)
        if near:
            raise RowError("Account", account, f"is no account of this ledger; is it '{by_word[near[0]]}'?")

    def withdrawal_of(self, ref: str) -> str | None:
        """The withdrawal of the transfer by hand of which `ref` is a side."""
        return self._paired.get(ref)

    def add(self, found: Found) -> None:
        """Raises RowError where the file says something else already."""
        question = (found.kind, found.key)
        before = self.new.setdefault(question, found)
        if before.content != found.content:
            other = self._place(before.row)
            raise RowError("this row", "", f"says something else than {other}; keep one of them")
        if found.kind == MATCH:
            self.unpair(found.key)
        self._said[question] = found.content
        self._note(found.kind, found.key, found.content)

    def unpair(self, withdrawal: str) -> None:
        """What was said of it before counts no more."""
        before = self.said(MATCH, withdrawal)
        for ref in (withdrawal, before["other"]) if before else ():
            if self._paired.get(ref) == withdrawal:
                del self._paired[ref]

    def lots_by(self, receipt: str) -> set[str]:
        """The opening lots that name it, now or before."""
        return self._lots[receipt]

    @cached_property
    def records_of(self) -> Mapping[str, set[str]]:
        """The accounts that have records, and the assets in them, as the records name them."""
        found: dict[str, set[str]] = {}
        for t in self.records:
            found.setdefault(t.account, set()).update(side.asset for side in (t.sent, t.received, t.fee) if side)
        return found

    def _note(self, kind: str, key: str, content: Content) -> None:
        if kind == MATCH and content and content["other"]:
            self._paired[key] = self._paired[content["other"]] = key
        if kind == LOT and content:
            self._lots[content["arrived_by"]].add(key)


class Wrong(Exception):
    """An answer that can't be taken: the row, and why."""

    def __init__(self, row: int, error: RowError) -> None:
        super().__init__(str(error))
        self.row, self.column = row, error.column


def each(one: Callable[[Known, int, Any], Found], known: Known, rows: Rows) -> Iterator[Wrong]:
    """Reads answers that stand in one row each."""
    for row, given in rows:
        try:
            known.add(one(known, row, given))
        except RowError as error:
            yield Wrong(row, error)


def together(
    key: Callable[[Any], str], whole: Callable[[Known, str, Rows], Found], known: Known, rows: Rows
) -> Iterator[Wrong]:
    """Reads answers of which all rows with one key are one."""
    groups: dict[str, list[tuple[int, Any]]] = defaultdict(list)
    for row, given in rows:
        groups[key(given)].append((row, given))
    for name, group in groups.items():
        try:
            known.add(whole(known, name, group))
        except Wrong as wrong:
            yield wrong
        except RowError as error:
            yield Wrong(group[0][0], error)
