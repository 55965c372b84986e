"""What an import brings into tax years that are closed, said at once.

watch = Watch(settings, ledger)         # before anything is kept
watch.lines()                           # after the records were parsed: one line, or none
"""

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, time

from pipeline.ledger import Ledger
from pipeline.rules.base import Period
from pipeline.run.answers import KINDS
from pipeline.run.project import basis_of
from pipeline.settings import Settings

_ID = re.compile(r"[0-9a-f]{16}")


class Watch:
    """Remembers what the closed years say; does nothing where none is closed."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        basis = basis_of(settings)
        self._ledger = ledger
        self._closed = [basis.rules.year.period(int(year), basis.zone) for year in ledger.filings()]
        if self._closed:
            self._marks, self._before = ledger.marks(), self._said()

    def lines(self) -> list[str]:
        """What has come into closed years, or was revised there."""
        if not self._closed:
            return []
        now = self._said()
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for id in {*now, *self._before}:
            if now.get(id) != self._before.get(id):
                at, _ = now.get(id) or self._before[id]
                self._count(found, at, "record")
        for one in self._ledger.prices_after(self._marks):
            price = one.price
            noon = datetime.combine(price.day, time(12), UTC) if price.day else None
            self._count(found, price.at or noon, "price")
        for came in self._ledger.answers_after(self._marks):
            said = f"{came.answer.key} {came.answer.content}"
            ids = [id for id in _ID.findall(said) if id in now]
            if came.answer.kind in KINDS and ids:
                self._count(found, now[ids[0]][0], "answer")
        if not found:
            return []
        told = "; ".join(f"{_counted(found[year])} of {year}" for year in sorted(found))
        which = f" {next(iter(found))}" if len(found) == 1 else ""
        return [
            f"Fell into a closed tax year: {told}. `taxsync changes{which}` says what would differ from what was filed"
        ]

    def _said(self) -> dict[str, tuple[datetime, int]]:
        """Transaction -> when it was, and what tells its contents, up to the end of the last closed year."""
        return self._ledger.contents_until(max(period.ends for period in self._closed))

    def _count(self, found: dict[str, Counter[str]], at: datetime | None, what: str) -> None:
        period: Period | None = next((p for p in self._closed if at is not None and p.starts <= at < p.ends), None)
        if period is not None:
            found[period.name][what] += 1


def _counted(counts: Counter[str]) -> str:
    return " and ".join(f"{count} {what}{'s' * (count != 1)}" for what, count in counts.items())
