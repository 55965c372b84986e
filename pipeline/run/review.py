"""`taxsync review`: the open questions as a workbook; and what `taxsync import` takes out of one that is filled in.

A workbook with answers that were not imported is never replaced. Filled in, it is taken row by row: what can't be taken
is told by its cell, the rest is kept at once, and doing it again changes nothing.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct, field

from importers import ahead
from importers.read import Reading
from importers.review import Review
from pipeline import __version__
from pipeline.answers import Answer, MatchGiven
from pipeline.folder import write_private
from pipeline.issues import Stop, Usage
from pipeline.ledger import Ledger
from pipeline.model import FROM_FILE, Price
from pipeline.money import plain
from pipeline.questions import ANSWER, LAYOUTS, Question
from pipeline.run.answering import take_what_fits
from pipeline.run.answers import answers
from pipeline.run.effects import with_effects
from pipeline.run.overview import everything
from pipeline.run.project import basis_of, opened
from pipeline.run.questions import others, questions
from pipeline.settings import Settings

FILE = "review.xlsx"  # in the data folder


class Asked(Struct, frozen=True):
    """The workbook that was written; `path` None: nothing is open that an answer could settle. `others`: how many
    problems no answer settles."""

    path: Path | None
    questions: list[Question]
    others: int = 0

    def lines(self) -> list[str]:
        """What was done, for a person."""
        if self.path is None:
            return ["Nothing is open that an answer could settle; `taxsync check` shows what else there is."]
        counts = [(layout.title, sum(q.layout is layout for q in self.questions)) for layout in LAYOUTS]
        told = ", ".join(f"{title.lower()} {count}" for title, count in counts if count)
        total = len(self.questions)
        beside = f"; {self.others} more problem{'s' * (self.others != 1)} that no answer settles" if self.others else ""
        return [
            f"{self.path}: {total} open question{'s' * (total != 1)} ({told}){beside}",
            f"Answer in Excel or LibreOffice, save as XLSX, then `taxsync import {self.path}`.",
        ]


def review(folder: Path, now: datetime, out: Path | None = None) -> Asked:
    """Writes the open questions to `out` (default: review.xlsx in the data folder). Raises Stop or Usage."""
    from reports.review import workbook

    path = out or folder / FILE
    if path.suffix.lower() != ".xlsx":
        raise Usage(f"{path} should end in .xlsx")
    with opened(folder) as (settings, ledger):
        _keep_answers(path, ledger)
        basis = basis_of(settings)
        result = everything(settings, ledger)
        said = answers(ledger, basis.zone)
        found = questions(result, ledger.prices(), basis, said, settings.accounts)
        found = with_effects(found, result, ledger, basis, said)
    if not found:
        return Asked(None, [])
    beside = others(result.issues)
    made = now.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    data = workbook(found, beside, basis.currency, __version__, made)
    try:
        write_private(path, data)
    except OSError as error:
        raise Stop(f"{path} can't be written: {error.strerror}; name another file with --out") from None
    return Asked(path, found, len(beside))


def _keep_answers(path: Path, ledger: Ledger) -> None:
    """Raises Stop where `path` is another file than a workbook of questions whose answers are all imported."""
    if not path.exists():
        return
    other = f"{path} is there already, and is no workbook of questions; name another file with --out"
    if not path.is_file():
        raise Stop(other)
    if ledger.has_file(hashlib.sha256(path.read_bytes()).hexdigest()):
        return
    try:
        filled = ahead.read(path).review
    except Stop:
        raise Stop(other) from None
    if filled is None:
        raise Stop(other)
    if filled.rows or filled.problems:
        raise Stop(
            f"{path} holds answers that were not imported: `taxsync import {path}` first (and correct what it names), "
            "or name another file with --out"
        )


def take(ledger: Ledger, settings: Settings, reading: Reading, revise: bool) -> tuple[str, list[str]]:
    """Keeps what a workbook answers; a line that says how much, and a line for each cell that can't be taken."""
    assert reading.review is not None
    review, name = reading.review, reading.name

    def place(n: int) -> str:
        return f"{name}, {review.rows[n].place}"

    with ledger.transaction():
        prices = _prices(ledger, review, revise)
        given = [(n, one) for n, one in _said(review) if n not in prices.refused and not isinstance(one, Price)]
        new, wrong = take_what_fits(ledger, settings, _once(given), place, revise=revise)
        whole = not (review.problems or prices.refused or wrong)  # else it is no file that may be written over
        batch = ledger.begin_batch("file", name, reading.digest if whole else "")
        ledger.keep_prices(prices.new.values(), datetime.now(UTC), batch)
    refused = prices.refused | {each.row: (each.column, str(each)) for each in wrong}
    problems = list(review.problems)
    for n, (column, why) in sorted(refused.items()):
        problems.append(f"{name}, {review.rows[n].place.cell(column)}: {why}")
    total, fresh = len(review.rows) - len(refused), len(new | prices.new.keys())
    return f"{name}: {total} answer{'s' * (total != 1)}, {fresh} new", problems


def _said(review: Review) -> list[tuple[int, Answer | Price]]:
    return [(n, one) for n, row in enumerate(review.rows) for one in row.said]


def _once(given: list[tuple[int, Answer]]) -> list[tuple[int, Answer]]:
    """Both sides of a transfer may name each other: that is said once."""
    pairs, told = dict[tuple[str, str], Answer](), list[tuple[int, Answer]]()
    for n, one in given:
        if isinstance(one, MatchGiven) and one.withdrawal_id and one.deposit_id and not one.back:
            one = pairs.setdefault((one.withdrawal_id, one.deposit_id), one)
        told.append((n, one))
    return told


class _Prices(Struct, frozen=True):
    """Those that say something new, and what is wrong with others (the column, why), by their rows."""

    new: dict[int, Price] = field(default_factory=dict)
    refused: dict[int, tuple[str, str]] = field(default_factory=dict)


def _prices(ledger: Ledger, review: Review, revise: bool) -> _Prices:
    """The prices of a workbook, but for those that contradict one that a file gave before, or one of another row."""
    found, here = _Prices(), dict[object, Price]()
    asked = any(isinstance(one, Price) for _, one in _said(review))
    before = {_of(price): price for price in (ledger.prices() if asked else ()) if price.source.startswith(FROM_FILE)}
    for n, price in _said(review):
        if not isinstance(price, Price):
            continue
        known, first = before.get(_of(price)), here.setdefault(_of(price), price)
        clash, cure = (first, "one of them has to go") if first.price != price.price else (None, "")
        if known is not None and known.price != price.price and not revise:
            clash, cure = known, "a correction is taken with --revise"
        if clash is not None:
            what = f"{price.asset} on {price.day or price.at} is {plain(price.price)} {price.currency} here"
            found.refused[n] = (
                ANSWER,
                f"{what}, and {plain(clash.price)} in {clash.source.removeprefix(FROM_FILE)}; {cure}",
            )
        elif first is price and (known is None or known.price != price.price):
            found.new[n] = price
    return found


def _of(price: Price) -> object:
    """What it is the price of."""
    return (price.asset, price.currency, price.at, price.day)
