"""What an import brings into tax years that are closed, said at once.

watch = Watch(settings, ledger)         # before anything is kept
watch.lines()                           # after the records were parsed: a line a year, or none
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from pipeline.ledger import Ledger
from pipeline.run.answers import KINDS
from pipeline.run.project import basis_of, refresh
from pipeline.settings import Settings

_ID = re.compile(r"[0-9a-f]{16}")


class Watch:
    """Remembers what the closed years say; does nothing where none is closed."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        basis = basis_of(settings)
        self._ledger, self._ahead = ledger, timedelta(basis.rules.days_ahead)
        self._closed = [basis.rules.year.period(int(year), basis.zone) for year in ledger.filings()]
        if self._closed:
            refresh(ledger)  # else what another version of the program reads otherwise would be said to have come
            self._marks, self._before = ledger.marks(), self._said()

    def lines(self) -> list[str]:
        """A line for each closed year in which something has come or changed, or before it in an open year, whose
        lots it has; or just after it, where its disposals may be matched with that."""
        if not self._closed or self._ledger.marks() == self._marks:
            return []
        came = list(self._came())
        lines = []
        until = datetime.min.replace(tzinfo=UTC)
        for period in sorted(self._closed, key=lambda one: one.starts):
            before = Counter(what for at, what in came if until <= at < period.starts)
            within = Counter(what for at, what in came if period.starts <= at < period.ends)
            after = Counter(what for at, what in came if period.ends <= at < period.ends + self._ahead)
            told = [f"{_counted(before)} before it"] if before else []
            told += [f"{_counted(within)} in it"] if within else []
            told += [f"{_counted(after)} in the {self._ahead.days} days after it"] if after and self._ahead else []
            until = period.ends
            if told:
                lines.append(
                    f"Closed tax year {period.name}: {' and '.join(told)} came or changed; "
                    f"`taxsync changes {period.name}` says what would differ from what was filed"
                )
        return lines

    def _came(self) -> Iterator[tuple[datetime, str]]:
        """When it is of, and what it is."""
        now = self._said()
        for id in {*now, *self._before}:
            if now.get(id) != self._before.get(id):
                yield _instant(now.get(id) or self._before[id]), "record"
        for one in self._ledger.prices_after(self._marks):
            noon = datetime.combine(one.price.day, time(12), UTC) if one.price.day else None
            if at := one.price.at or noon:
                yield at, "price"
        for came in self._ledger.answers_after(self._marks):
            said = f"{came.answer.key} {came.answer.content}"
            ids = [id for id in _ID.findall(said) if id in now]
            if came.answer.kind in KINDS and ids:
                yield _instant(now[ids[0]]), "answer"

    def _said(self) -> dict[str, tuple[str, int]]:
        """Transaction -> when it was, and what tells its contents, as far as the closed years reach."""
        return self._ledger.contents_until(max(period.ends for period in self._closed) + self._ahead)


def _instant(said: tuple[str, int]) -> datetime:
    return datetime.fromisoformat(said[0])


def _counted(counts: Counter[str]) -> str:
    return " and ".join(f"{count} {what}{'s' * (count != 1)}" for what, count in counts.items())
