"""The open problems that an answer can settle, as questions: what is known, what is proposed, what it may change.

Takes what was derived, gives the rows of the workbook. Several problems that one answer settles are one question.
"""

import difflib
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal

from msgspec.structs import replace

from pipeline import questions as q
from pipeline.answers import Answers, OpeningLot
from pipeline.fiat import decimals_of
from pipeline.gains.derive import Basis
from pipeline.gains.match import side_of
from pipeline.issues import Issue, Severity, Stake
from pipeline.model import (
    DOUBTFUL,
    NO_MARKET,
    RECEIVED_LABELS,
    SENT_LABELS,
    Label,
    Price,
    Result,
    Transaction,
    is_fiat,
)
from pipeline.money import ZERO, exact, plain, round_to
from pipeline.questions import Question
from pipeline.rules.base import midnight
from pipeline.run.candidates import other_sides

_MOVED = ("unmatched_deposit", "unmatched_withdrawal")
_OTHER_SIDES = ("ambiguous_transfer", "transfer_grew", "transfer_shrank")
_BOUGHT = ("missing_acquisition", "negative_balance", "unknown_basis")
_MISSING = ("short_history", "not_supported", "moved_elsewhere")
_TWICE = ("possible_duplicate", "duplicate_account")


def questions(
    result: Result, prices: Iterable[Price], basis: Basis, answers: Answers, synced: Collection[str] = ()
) -> list[Question]:
    """Every question, in no particular order. `synced`: the accounts behind an API, which keep their names."""
    with exact():
        return list(_Open(result, prices, basis, answers, synced).all())


def others(issues: Iterable[Issue]) -> list[Issue]:
    """The open problems that no answer settles: they need a file, a key, or the exchange."""
    asked = {*_MOVED, *_OTHER_SIDES, *_BOUGHT, *_TWICE, "missing_price", "look_alike_asset", "two_coins",
             "unread_record"}  # fmt: skip
    return [
        issue
        for issue in issues
        if issue.severity is not Severity.INFO and issue.code not in asked and not _is_gap(issue)
    ]


def _is_gap(issue: Issue) -> bool:
    """Whether it is a time of which a person can say that nothing is missing."""
    return issue.code in _MISSING and "line" in issue.details


class _Open:
    """What the questions are made of."""

    def __init__(
        self, result: Result, prices: Iterable[Price], basis: Basis, answers: Answers, synced: Collection[str]
    ) -> None:
        self.result, self.basis, self.answers, self.synced = result, basis, answers, synced
        self.rows = {t.id: t for t in result.transactions}
        self.lots = {lot.id: lot for lot in answers.openings}
        self.by_code: dict[str, list[Issue]] = defaultdict(list)
        for issue in result.issues:
            self.by_code[issue.code].append(issue)
        traded = {side.asset for t in result.transactions if t.sent and t.received for side in (t.sent, t.received)}
        self.known = traded | {price.asset for price in prices if not price.source.startswith((DOUBTFUL, NO_MARKET))}
        open_ones = {i.ref for code in (*_MOVED, *_OTHER_SIDES[:2]) for i in self.by_code[code]}
        self.sides, self.pairs = other_sides(t for t in result.transactions if t.id in open_ones)

    def all(self) -> Iterator[Question]:
        for code in _MOVED:
            for issue in self.by_code[code]:
                yield self._unasked(issue) if self._is_unasked(issue) else self._moved(issue, q.MOVES)
        for code in _OTHER_SIDES:
            yield from (self._moved(issue, q.TRANSFERS) for issue in self.by_code[code])
        for code in _BOUGHT:
            yield from map(self._bought, self.by_code[code])
        yield from self._unpriced()
        for issue in self.by_code["worthless_airdrop"]:
            if issue.ref not in self.answers.worthless:
                yield self._unasked(issue)
        yield from self._names()
        for code in _TWICE:
            yield from map(self._twice, self.by_code[code])
        yield from map(self._unread, self.by_code["unread_record"])
        for code in _MISSING:
            yield from map(self._gap, filter(_is_gap, self.by_code[code]))

    # ---- deposits, withdrawals, transfers -----------------------------------------------------

    def _moved(self, issue: Issue, layout: q.Layout) -> Question:
        t = self.rows[issue.ref]
        out = t.sent is not None
        word, labels = (q.TO, SENT_LABELS) if out else (q.FROM, RECEIVED_LABELS)
        others = self.sides.get(t.id, [])
        pair = self.pairs.get(t.id) or self.result.transfers.get(t.id, "")
        proposed = f"{word}{pair}" if pair else q.STILL_MINE if out else q.BOUGHT
        offered = dict.fromkeys(filter(None, (pair, *(other.id for other in others))))
        choices = (
            q.AS_PROPOSED, *([q.STILL_MINE] if out else [q.BOUGHT, q.WORTHLESS]), *sorted(labels),
            *(f"{word}{ref}" for ref in offered),
        )  # fmt: skip
        seen = "".join(f"\n{word}{ref}: {self._in_words(self.rows[ref])}" for ref in offered if ref in self.rows)
        return self._question(layout, issue, t.id, proposed, choices, self._lot(issue), f"{self._told(issue)}{seen}")

    # ---- purchases ----------------------------------------------------------------------------

    def _bought(self, issue: Issue) -> Question:
        lot = self.lots.get(issue.ref)
        if lot is not None:
            return self._uncosted(issue, lot)
        came_by = issue.ref if issue.code == "unknown_basis" else ""
        quantity = issue.details["quantity"].lstrip("-")
        what = "\n".join((issue.code, issue.account, issue.asset, quantity, self._day_text(issue)))
        key = came_by or hashlib.sha256(what.encode()).hexdigest()[:16]
        filled = (*self._lot(issue), came_by)
        choices = (q.AS_PROPOSED, q.BOUGHT, *(sorted(RECEIVED_LABELS) if came_by else ()))
        return self._question(q.PURCHASES, issue, key, q.BOUGHT, choices, filled, self._told(issue), quantity)

    def _uncosted(self, issue: Issue, lot: OpeningLot) -> Question:
        """An opening lot that was given without its cost."""
        local = lot.acquired_at.astimezone(self.basis.zone)
        whole = local == midnight(local.date(), self.basis.zone)
        when = f"{local:%Y-%m-%d}" if whole else f"{lot.acquired_at:%Y-%m-%dT%H:%M:%SZ}"
        filled = (when, plain(lot.quantity), "", self.basis.currency, lot.arrived_by)
        choices, known = (q.AS_PROPOSED, q.BOUGHT), f"{self._told(issue)}; {lot.evidence}"
        return self._question(q.PURCHASES, issue, f"{q.LOT}{lot.id}", q.BOUGHT, choices, filled, known)

    def _lot(self, issue: Issue) -> tuple[str, ...]:
        """When: not known; the units; for how much: not known; the reporting currency."""
        return ("", issue.details["quantity"].lstrip("-"), "", self.basis.currency)

    # ---- prices and airdrops ------------------------------------------------------------------

    def _unpriced(self) -> Iterator[Question]:
        """One question for each asset and day; one for each airdrop."""
        groups: dict[tuple[str, str], list[Issue]] = defaultdict(list)
        for issue in self.by_code["missing_price"]:
            if self._label_of(issue) is Label.AIRDROP:
                yield self._unasked(issue)
            else:
                groups[issue.asset, self._day_text(issue)].append(issue)
        for same in groups.values():
            issue = min(same, key=_rank)
            proposed = issue.details.get("price", "")  # of a price that was looked up and is doubtful
            came = len(same) == 1 and self._label_of(issue) is not None
            choices = [q.AS_PROPOSED] * bool(proposed) + [q.WORTHLESS] * came
            more = f"; and {len(same) - 1} more of that day" if len(same) > 1 else ""
            yield self._question(
                q.PRICES, issue, issue.ref, proposed, tuple(choices), (self.basis.currency,),
                f"{self._told(issue)}{more}",
            )  # fmt: skip

    def _label_of(self, issue: Issue) -> Label | None:
        """As what the units came that a problem is about; None: it is about a fee, or they did not just come."""
        t = self.rows.get(issue.ref)
        if t is None or t.sent is not None or t.received is None or t.received.asset != issue.asset:
            return None
        return t.label

    def _is_unasked(self, issue: Issue) -> bool:
        """Whether what came from nowhere is of something that nobody has a price of, nor the person ever traded."""
        return issue.code == "unmatched_deposit" and issue.asset not in self.known and not is_fiat(issue.asset)

    def _unasked(self, issue: Issue) -> Question:
        moved = issue.code == "unmatched_deposit"  # else its record says that it is an airdrop
        choices = (
            q.AS_PROPOSED, q.WORTHLESS, *[q.BOUGHT] * moved, *sorted(RECEIVED_LABELS),
            *(f"{q.FROM}{other.id}" for other in self.sides.get(issue.ref, ())),
        )  # fmt: skip
        filled = (self.basis.currency, *self._lot(issue))
        return self._question(q.AIRDROPS, issue, issue.ref, q.WORTHLESS, choices, filled, self._told(issue))

    # ---- what stands twice, what was never there -----------------------------------------------

    def _twice(self, issue: Issue) -> Question:
        whole = issue.code == "duplicate_account"
        pair = (issue.ref, issue.details["other" if whole else "twin"])
        key, first = reversed(pair) if whole and issue.ref in self.synced else pair
        proposed = q.ONE_ACCOUNT if whole else q.FIRST_COUNTS
        choices = (q.AS_PROPOSED, *[q.ONE_ACCOUNT] * whole, q.FIRST_COUNTS, q.SECOND_COUNTS, q.BOTH_COUNT)
        known, t, other = self._told(issue), self.rows.get(issue.ref), self.rows.get(first)
        if t is not None and other is not None:
            known += "".join(f"\n{word}: {self._in_words(one)}" for word, one in (("first", other), ("second", t)))
        quantity = plain(side_of(t).quantity) if t is not None else ""
        return self._question(q.DUPLICATES, issue, key, proposed, choices, (first,), known, quantity)

    def _unread(self, issue: Issue) -> Question:
        return self._question(q.RECORDS, issue, issue.ref, q.SETTLED, (q.AS_PROPOSED, q.SETTLED), (), self._told(issue))

    def _gap(self, issue: Issue) -> Question:
        told = issue.details
        key = hashlib.sha256("\n".join((issue.account, issue.ref)).encode()).hexdigest()[:16]
        _, stream, begin, end, _ = told["line"].removeprefix(issue.account).split(",")
        choices = (q.AS_PROPOSED, q.NOTHING_MISSING)
        known = f"{self._told(issue)}; or {issue.remedy.partition('. If nothing')[0]}"
        return self._question(q.GAPS, issue, key, q.NOTHING_MISSING, choices, (stream, begin, end), known)

    # ---- assets -------------------------------------------------------------------------------

    def _names(self) -> Iterator[Question]:
        asked = set(self.answers.assets)
        for issue, names in self._doubts():
            if (issue.account, issue.asset) not in asked:
                asked.add((issue.account, issue.asset))
                yield self._asset(issue, names)
        for issue in (i for code in ("missing_price", "unmatched_deposit") for i in self.by_code[code]):
            place = issue.account
            if issue.asset in self.known or is_fiat(issue.asset) or (place, issue.asset) in asked:
                continue
            asked.add((place, issue.asset))
            near = difflib.get_close_matches(issue.asset, sorted(self.known), n=3, cutoff=0.75)
            yield self._asset(issue, [issue.asset, *near])

    def _doubts(self) -> Iterator[tuple[Issue, list[str]]]:
        """Codes that may mean something else, in their account, and what: the likeliest first."""
        for issue in self.by_code["look_alike_asset"]:
            yield issue, [issue.details["other"]]
        for issue in self.by_code["two_coins"]:  # at one of the two exchanges, or at both, it is another coin's code
            for account, meaning in ((issue.account, "here"), (issue.details["other"], "there")):
                if issue.details[meaning] != issue.asset:
                    yield replace(issue, account=account), [issue.details[meaning]]

    def _asset(self, issue: Issue, names: Iterable[str]) -> Question:
        offered = tuple(dict.fromkeys(filter(None, names)))
        unknown = issue.code not in ("look_alike_asset", "two_coins")
        known = f"no price is known of {issue.asset}, and it was never traded" if unknown else self._told(issue)
        key = hashlib.sha256(f"{issue.account}\n{issue.asset}".encode()).hexdigest()[:16]
        return self._question(
            q.ASSETS, issue, key, offered[0], (q.AS_PROPOSED, *dict.fromkeys((*offered, issue.asset))), (), known
        )

    # ---- all of them --------------------------------------------------------------------------

    def _question(
        self, layout: q.Layout, issue: Issue, key: str, proposed: str, choices: tuple[str, ...],
        filled: tuple[str, ...], known: str, quantity: str = "",
    ) -> Question:  # fmt: skip
        day = issue.at.astimezone(self.basis.zone).date() if issue.at else None
        up_to, effect = _up_to(issue), _effect(issue, self.basis.currency)
        amount = quantity or issue.details.get("quantity", "")
        return Question(
            layout, key, day, issue.account, issue.asset, amount, known, up_to, effect, proposed, choices, filled
        )

    def _told(self, issue: Issue) -> str:
        """The problem, and what else its record says."""
        said = replace(issue, details={**issue.details, "hint": ""} if issue.code in _MOVED else issue.details).message
        t = self.rows.get(issue.ref)
        if t is None:
            return said
        value, _ = self.result.values.of(t)
        more = [f"at {t.at.astimezone(self.basis.zone):%H:%M}"]
        more += [f"worth {round_to(value, decimals_of(self.basis.currency)):,} {self.basis.currency}"] if value else []
        more += [f"it says: {t.description}"] if t.description else []
        more += [f"TxHash {t.txhash}"] if t.txhash else []
        return f"{said}; {'; '.join(more)}"

    def _in_words(self, t: Transaction) -> str:
        side, way = side_of(t), "left" if t.sent else "arrived in"
        return (
            f"{plain(side.quantity)} {side.asset} {way} {t.account}, {t.at.astimezone(self.basis.zone):%Y-%m-%d %H:%M}"
        )

    def _day_text(self, issue: Issue) -> str:
        return str(issue.at.astimezone(self.basis.zone).date()) if issue.at else ""


def _up_to(issue: Issue) -> Decimal | None:
    """By how much the gain of the year that hangs on it most may change; None: there is no telling."""
    if issue.code == "missing_price" and not issue.stakes:
        return None  # income, which has no range
    most = ZERO
    for stake in issue.stakes:
        for end in (stake.lowest, stake.highest):
            if not end:
                return None
            most = max(most, abs(Decimal(end) - Decimal(stake.gain)))
    return round_to(most, 2)


def _ends(stake: Stake) -> tuple[str, str, str]:
    return stake.lowest, stake.highest, stake.gain


def _rank(issue: Issue) -> tuple[bool, Decimal]:
    up_to = _up_to(issue)
    return (up_to is not None, -(up_to or ZERO))


def _effect(issue: Issue, currency: str) -> str:
    """What it does to the gain of each year, in words."""
    lines, decimals = [], decimals_of(currency)
    for stake in issue.stakes:
        lowest, highest, now = (f"{round_to(Decimal(end), decimals):,}" if end else "" for end in _ends(stake))
        span = f"{lowest or 'no telling'} to {highest or 'no telling'}" if lowest or highest else "no telling"
        lines.append(f"gain of {stake.year}: {span}; now {now} {currency}")
    if not lines and issue.code == "missing_price":
        return "no figure until it is known"
    return "\n".join(lines)
