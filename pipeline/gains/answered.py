"""What the person has answered, applied to rows: assets, labels, transfers without another side, opening lots.

Matches by hand are `match`'s, picks and an allocation are `book`'s. An answer that no longer fits its row (a revised
record, another parser) is not used and is an open problem: it is never dropped without a word.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.answers import NO_OTHER_SIDE, OpeningLot
from pipeline.gains.value import PriceBook
from pipeline.issues import Issue
from pipeline.model import (
    NO_MARKET,
    RECEIVED_LABELS,
    SENT_LABELS,
    Acquire,
    Amount,
    Balance,
    Flow,
    Label,
    Need,
    Transaction,
    Valued,
    is_fiat,
)
from pipeline.money import ZERO, plain

OPENING_LOT = "opening lot"  # the source of its row
AS_SAID = "as you said"
FIRST = -1  # the position before all rows of the same instant
_NO_COST = {
    "why": "the opening lot says no cost",
    "cure": "fill in Cost and Cost Currency in the file of opening lots and import that with --revise",
}
_OF_ITS_COST = ("unmatched_deposit", "unknown_basis")
_AGAIN = "give it anew, or take it back (`taxsync label {ref} none`)"


def renamed(rows: Iterable[Transaction], names: Mapping[tuple[str, str], str]) -> list[Transaction]:
    """The rows with their assets as the person names them: (account, code in its records) -> asset."""
    accounts = {account for account, _ in names}

    def named(account: str, amount: Amount | None) -> Amount | None:
        name = names.get((account, amount.asset)) if amount is not None else None
        return amount if amount is None or name is None else Amount(amount.quantity, name)

    def row(t: Transaction) -> Transaction:
        sent, received, fee, worth = (named(t.account, side) for side in (t.sent, t.received, t.fee, t.net_worth))
        return replace(t, sent=sent, received=received, fee=fee, net_worth=worth)

    return [row(t) if t.account in accounts else t for t in rows]


def renamed_balances(reported: Iterable[Balance], names: Mapping[tuple[str, str], str]) -> list[Balance]:
    """What exchanges say is held, likewise."""
    return [replace(b, asset=names.get((b.account, b.asset), b.asset)) for b in reported]


def settled(issues: Iterable[Issue], names: Mapping[tuple[str, str], str]) -> list[Issue]:
    """The issues but for those that ask what an asset is where the person has said that its name is right."""

    def said(issue: Issue) -> bool:
        where = {"look_alike_asset": (issue.account,), "two_coins": (issue.account, issue.details.get("other", ""))}
        return any(names.get((account, issue.asset)) == issue.asset for account in where.get(issue.code, ()))

    return [issue for issue in issues if not said(issue)]


def worthless(valued: Iterable[Valued], said: Mapping[str, str]) -> list[Valued]:
    """What was valued, with what came unasked and counts as nothing at 0."""
    nothing = {ref: f"{NO_MARKET}{AS_SAID}{f' ({why})' if why else ''}" for ref, why in said.items()}

    def one(v: Valued) -> Valued:
        t = v.event
        if not isinstance(t, Transaction) or t.id not in nothing or t.label is not Label.AIRDROP or t.received is None:
            return v
        of_it = t.fee is not None and t.fee.asset == t.received.asset
        return replace(v, value=ZERO, fee_value=ZERO if of_it else v.fee_value, basis=nothing[t.id])

    return [one(v) for v in valued]


def labelled(rows: Sequence[Transaction], labels: Mapping[str, Label | None]) -> tuple[list[Transaction], list[Issue]]:
    """The rows with the person's labels in place of their own."""
    if not labels:
        return list(rows), []
    left = dict(labels)
    found, issues = [], []
    for t in rows:
        if t.id not in left:
            found.append(t)
            continue
        label = left.pop(t.id)
        why = _misfit(t, label)
        if why:
            side = t.sent or t.received
            asset = side.asset if side else ""
            issues.append(not_used(t.id, f"the label {label}", why, _AGAIN, t.account, asset, t.at))
        found.append(t if why else replace(t, label=label))
    for ref, label in sorted(left.items()):
        issues.append(not_used(ref, f"the label {label or 'transfer'}", "its record is not in the ledger", _AGAIN))
    return found, issues


def _misfit(t: Transaction, label: Label | None) -> str:
    if t.sent and t.received:
        return "it is a trade by now"
    allowed = SENT_LABELS if t.received is None else RECEIVED_LABELS
    return "" if label is None or label in allowed else f"it was {'received' if t.received else 'sent'}"


def not_used(
    ref: str, what: str, why: str, cure: str, account: str = "", asset: str = "", at: datetime | None = None
) -> Issue:
    """An answer about `ref` that does not fit."""
    return Issue(
        "answer_not_used", account, asset, at, ref, details={"what": what, "why": why, "cure": cure.format(ref=ref)}
    )


def sides(matches: Mapping[str, str], lots: Iterable[OpeningLot]) -> Mapping[str, str]:
    """Matches by hand; what opening lots came by is no side of a transfer, unless it is said to be one."""
    said = {lot.arrived_by: NO_OTHER_SIDE for lot in lots if lot.arrived_by}
    for ref in (*matches, *matches.values()):
        said.pop(ref, None)
    return {**said, **matches}


def alone(rows: Iterable[Transaction], matches: Mapping[str, str]) -> list[Issue]:
    """The problems of crypto rows of which the person says that they have no other side, and not what they were: what
    left is still theirs, what arrived has no basis."""
    said = {key for key, other in matches.items() if other == NO_OTHER_SIDE}
    issues = []
    for t in rows if said else ():
        side = t.sent or t.received
        if t.id not in said or t.label is not None or side is None or (t.sent and t.received) or is_fiat(side.asset):
            continue
        code = "no_other_side" if t.sent else "unmatched_deposit"
        issues.append(Issue(code, t.account, side.asset, t.at, t.id, details={"quantity": plain(side.quantity)}))
    return issues


class Opened(Struct):
    """What opening lots come to: acquisitions, a row for each that stands in its account, values, problems, prices."""

    flows: list[Acquire] = field(default_factory=list)
    rows: list[Transaction] = field(default_factory=list)
    valued: list[Valued] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)


def opened(lots: Iterable[OpeningLot], prices: PriceBook, zone: ZoneInfo) -> Opened:
    """Opening lots as acquisitions of their day; those that came by a receipt are `arrived`'s."""
    out = Opened()
    for lot in _in_order(lots):
        if lot.arrived_by:
            continue
        at, cost = lot.acquired_at, _cost(lot, prices, out)
        row = Transaction(
            lot.id, at, lot.account, received=Amount(lot.quantity, lot.asset), net_worth=lot.cost,
            description=lot.evidence, source=OPENING_LOT, position=-1,
        )  # fmt: skip
        day = at.astimezone(zone).date()
        out.flows.append(Acquire(lot.id, at, day, lot.account, lot.asset, lot.quantity, cost, FIRST))
        out.rows.append(row)
        out.valued.append(Valued(row, cost, basis=OPENING_LOT))
    return out


def arrived(
    flows: list[Flow],
    issues: list[Issue],
    lots: Iterable[OpeningLot],
    prices: PriceBook,
    rows: Iterable[Transaction],
) -> tuple[list[Flow], list[Issue], list[Need]]:
    """The flows, with the receipts that lots came by in parts: each lot with its own date and cost, the rest as it
    was; `issues`, those about their cost as far as there is a rest; and prices to look up. `rows`: all of them."""
    by_receipt: dict[str, list[OpeningLot]] = defaultdict(list)
    for lot in _in_order(lots):
        if lot.arrived_by:
            by_receipt[lot.arrived_by].append(lot)
    if not by_receipt:
        return flows, issues, []
    out, found, rest = Opened(), list[Flow](), dict[str, Decimal]()
    for f in flows:
        own = by_receipt.get(f.id) if isinstance(f, Acquire) else None
        if own is None or not isinstance(f, Acquire) or _unlike(f, own):
            found.append(f)
            continue
        del by_receipt[f.id]
        rest[f.id] = f.quantity - sum((lot.quantity for lot in own), ZERO)
        for lot in own:
            cost = _cost(lot, prices, out)
            found.append(replace(f, id=lot.id, quantity=lot.quantity, cost=cost, dated=True, since=lot.acquired_at))
        if rest[f.id] > ZERO:
            found.append(replace(f, quantity=rest[f.id]))
    acquired = {f.id: f for f in flows if isinstance(f, Acquire)}
    known = {t.id: t for t in rows if t.id in by_receipt}
    for ref, own in sorted(by_receipt.items()):
        why = _unlike(acquired[ref], own) if ref in acquired else "no units of unknown cost came by it"
        cure = "correct Transaction ID or Quantity in the file of opening lots and import that with --revise"
        place = (own[0].account, own[0].asset, known[ref].at if ref in known else None)
        out.issues.append(not_used(ref, "the opening lots", why, cure, *place))
    return found, [*_of_the_rest(issues, rest), *out.issues], out.needs


def _unlike(f: Acquire, lots: Sequence[OpeningLot]) -> str:
    """Why a receipt can't be of these lots; "" if it can."""
    if f.cost is not None:
        return "what it cost is known from its record"
    if any(lot.asset != f.asset for lot in lots):
        return f"it brought {f.asset}"
    return "they are more than came by it" if sum((lot.quantity for lot in lots), ZERO) > f.quantity else ""


def _of_the_rest(issues: Iterable[Issue], rest: Mapping[str, Decimal]) -> list[Issue]:
    kept = []
    for i in issues:
        left = rest.get(i.ref) if i.code in _OF_ITS_COST else None
        if left is None:
            kept.append(i)
        elif left > ZERO:
            kept.append(replace(i, details={**i.details, "quantity": plain(left)}))
    return kept


def _in_order(lots: Iterable[OpeningLot]) -> list[OpeningLot]:
    return sorted(lots, key=lambda lot: (lot.acquired_at, lot.account, lot.asset, lot.id))


def _cost(lot: OpeningLot, prices: PriceBook, out: Opened) -> Decimal | None:
    """What a lot cost, in other money at the rate of its day; None, and a problem, where that can't be told."""
    if lot.cost is None:
        out.issues.append(_problem("unknown_basis", lot, Amount(lot.quantity, lot.asset), **_NO_COST))
        return None
    quote = prices.value(lot.cost, lot.acquired_at)
    if quote is None:
        words = {"what": "the cost of an opening lot", "currency": prices.currency}
        out.issues.append(_problem("missing_price", lot, lot.cost, **words))
        out.needs.append(Need(lot.acquired_at, lot.cost.asset))
        return None
    return quote[0]


def _problem(code: str, lot: OpeningLot, amount: Amount, **words: str) -> Issue:
    details = {"quantity": plain(amount.quantity), **words}
    return Issue(code, lot.account, amount.asset, lot.acquired_at, lot.id, details=details)
