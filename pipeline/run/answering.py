"""How answers of the user get into the ledger: checked against its transactions, kept as a whole or refused.

    take(ledger, settings, [(2, LabelGiven("3f..", Label.GIFT))], "labels.csv")      # how many say something new

One kind of answer, one entry of `_READ`. A refusal names up to three rows, and the cure.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

from importers.base import RowError, shown
from importers.formats import labels
from pipeline.answers import (
    Answer,
    AssetGiven,
    BrokerGiven,
    ClaimGiven,
    DealtGiven,
    GapGiven,
    LabelGiven,
    MatchGiven,
    OpeningGiven,
    PickGiven,
    RepeatGiven,
    RuleGiven,
    SameAccountGiven,
    SettledGiven,
)
from pipeline.issues import Stop, Usage
from pipeline.ledger import Ledger
from pipeline.model import (
    RECEIVED_LABELS,
    SENT_LABELS,
    Amount,
    Label,
    Transaction,
    instant_text,
    is_fiat,
    transaction_id,
)
from pipeline.money import ZERO, exact, parse, plain
from pipeline.run import gaps, ruled, statements
from pipeline.run.accounts import same_account
from pipeline.run.answers import (
    ALLOCATION,
    ASSET,
    LABEL,
    LOT,
    MATCH,
    PICK,
    asset_key,
    content_of,
)
from pipeline.run.fallen import Watch
from pipeline.run.known import Found, Known, Rows, Wrong, each, together
from pipeline.run.pairs import matched, matches, repeated, side, transaction, undo
from pipeline.run.project import keeping, refresh
from pipeline.run.unread import settled
from pipeline.settings import Settings

LOTS = "opening lots"  # the stream that ids of opening lots are made of
COMMAND = "taxsync label"
PROBLEM_LINES = 3


def take(
    ledger: Ledger, settings: Settings, given: Sequence[tuple[int, Answer]], name: str, *, revise: bool = False
) -> int:
    """Keeps what a file says, all of it, and gives how many answers say something new; `given`: each with its row.

    Raises Stop, with up to three rows named, for what does not fit the ledger. The cache has to be up to date.
    """
    known, wrong = _checked(Known(ledger, settings, revise, "row {}".format), given)
    if wrong:
        problems = [f"{_place(name, each.row)}: {each}" for each in wrong[:PROBLEM_LINES]]
        more = len(wrong) - PROBLEM_LINES
        rest = f" (and {more} more row{'s' * (more != 1)})" if more > 0 else ""
        raise Stop("\n".join(problems) + rest)
    return len(_keep(ledger, known, partial(_place, name)))


def take_what_fits(
    ledger: Ledger, settings: Settings, given: Sequence[tuple[int, Answer]], place: Callable[[int], str], *,
    revise: bool = False,
) -> tuple[set[int], list[Wrong]]:  # fmt: skip
    """Keeps what fits the ledger, and gives the rows that say something new, and what is wrong. A row of which one
    answer is wrong gives none. `place` says where a row is."""
    left, problems = list(given), list[Wrong]()
    while True:
        known, wrong = _checked(Known(ledger, settings, revise, place), left)
        if not wrong:
            return set(_keep(ledger, known, place)), problems
        problems += wrong
        refused = {each.row for each in wrong}
        left = [(row, one) for row, one in left if row not in refused]


def _checked(known: Known, given: Sequence[tuple[int, Answer]]) -> tuple[Known, list[Wrong]]:
    """What `given` says, in `known`, and what of it is wrong."""
    wrong = []
    with exact():
        for fits, read in _READ:
            rows = [(row, one) for row, one in given if fits(one)]
            wrong += list(read(known, rows)) if rows else []
    return known, wrong


def _keep(ledger: Ledger, known: Known, place: Callable[[int], str]) -> list[int]:
    """The row of each answer that says something new."""
    # What was never said need not be taken back.
    told = [one for one in known.new.values() if one.content is not None or (one.kind, one.key) in known.kept]
    with ledger.transaction():
        return [
            one.row
            for one in told
            if ledger.keep_answer(one.kind, one.key, json.dumps(one.content, sort_keys=True), place(one.row))
        ]


def _place(name: str, row: int) -> str:
    return f"{name} row {row}" if row else name


def label(folder: Path, transaction: str, word: str, note: str, say: Callable[[str], None]) -> str:
    """`taxsync label`: says what one transaction was; the line that tells what was done, and one for each closed year
    that it touches. Raises Usage or Stop."""
    cells = {"Transaction ID": transaction, "Label": word, "Note": note}
    try:
        given = labels.row({column: text for column, text in cells.items() if text.strip()})
    except RowError as error:
        raise Usage(str(error)) from None
    with keeping(folder, COMMAND, say) as (settings, ledger):
        refresh(ledger)
        watch = Watch(settings, ledger)
        new = take(ledger, settings, [(0, given)], COMMAND)
        fallen = "".join(f"\n{line}" for line in watch.lines())
        t = next((t for t in ledger.transactions() if t.id == given.transaction_id), None)
    what = given.transaction_id if t is None else _in_words(t)
    if given.back:
        return f"{what}: {'the label is taken back' if new else 'no label was given'}{fallen}"
    said = labels.WORTHLESS if given.worthless else given.label or "a transfer"
    return f"{what}: {said}{'' if new else ', as it was'}{fallen}"


def _in_words(t: Transaction) -> str:
    side = t.sent or t.received
    moved = f"{plain(side.quantity)} {side.asset} {'out of' if t.sent else 'into'} " if side else ""
    return f"{moved}{t.account} on {t.at:%Y-%m-%d %H:%M}"


def _when(acquired: date | datetime | None) -> str:
    assert acquired is not None, "only what is taken back has no date"
    return instant_text(acquired) if isinstance(acquired, datetime) else acquired.isoformat()


# ---- what fits the ledger ---------------------------------------------------------------------


def _labelled(known: Known, row: int, given: LabelGiven) -> Found:
    column = "Transaction ID"
    if given.back and known.said(LABEL, given.transaction_id) is not None:
        return Found(LABEL, given.transaction_id, None, row)  # whatever has become of the row
    t = transaction(known, column, given.transaction_id)
    if given.back:
        return Found(LABEL, t.id, None, row)
    if t.sent and t.received:
        raise RowError(column, t.id, "is a trade; only what has one side takes a label: leave it out")
    allowed = SENT_LABELS if t.received is None else RECEIVED_LABELS
    if given.label is not None and given.label not in allowed:
        side = "received" if t.received else "sent"
        names = ", ".join(one for one in Label if one in allowed)
        raise RowError("Label", given.label, f"does not fit {t.id}, which was {side}; allowed: {names}, transfer, none")
    pair = known.withdrawal_of(t.id)
    if given.label is not None and pair is not None:
        raise RowError(column, t.id, f"is a side of a transfer by {known.whence(MATCH, pair)}; {undo(pair)}")
    content = {"label": given.label, "note": given.note} | ({"worthless": True} if given.worthless else {})
    return Found(LABEL, t.id, content, row)


def _opening(known: Known, counts: dict[str, int], row: int, given: OpeningGiven) -> Found:
    known.check_account(given.account)
    key = _lot_key(known, counts, given)
    before = known.kept.get((LOT, key))
    if not given.quantity:
        if before is None:
            raise RowError("ID", given.own_id, f"is no opening lot of {given.account}; leave the row out")
        return Found(LOT, key, None, row)
    cost = given.cost
    content = {
        "account": given.account,
        "asset": given.asset,
        "quantity": plain(given.quantity),
        "acquired": _when(given.acquired),
        "cost": plain(cost.quantity) if cost else "",
        "currency": cost.asset if cost else "",
        "evidence": given.evidence,
        "arrived_by": given.arrived_by,
    }
    if given.arrived_by:
        _check_receipt(known, key, given)
    said = content_of(before) if before is not None else None
    costed = {"cost": content["cost"], "currency": content["currency"], "evidence": content["evidence"]}
    completed = said is not None and not said["cost"] and {**said, **costed} == content
    if before is not None and said is not None and said != content and not known.revise and not completed:
        what = f"ID '{shown(given.own_id)}'" if given.own_id else "this lot"
        raise RowError(
            what, "", f"of {given.account} was given before with other content ({before.by}); another lot needs "
            "another ID, a correction is taken with --revise"
        )  # fmt: skip
    return Found(LOT, key, content, row)


def _lot_key(known: Known, counts: dict[str, int], given: OpeningGiven) -> str:
    """The lot's id in the reports: of its own id in its account, or of what it is, whatever is said of it. For ever."""
    if (LOT, given.own_id) in known.kept:
        return given.own_id
    if given.own_id:
        return transaction_id(given.account, LOTS, given.own_id)
    what = (given.account, given.asset, plain(given.quantity), _when(given.acquired))
    said = "\n".join((*what, given.arrived_by) if given.arrived_by else what)
    counts[said] = counts.get(said, 0) + 1
    return transaction_id(given.account, LOTS, f"{hashlib.sha256(said.encode()).hexdigest()[:32]}#{counts[said]}")


def _openings(known: Known, rows: Rows) -> Iterator[Wrong]:
    counts: dict[str, int] = {}
    return each(lambda known, row, given: _opening(known, counts, row, given), known, rows)


def _check_receipt(known: Known, key: str, given: OpeningGiven) -> None:
    """That the units of a lot can have come by the receipt that it names, together with its other lots."""
    column = "Transaction ID"
    t = side(known, column, given.arrived_by, sent=False)
    assert t is not None and t.received is not None
    if (t.account, t.received.asset) != (given.account, given.asset):
        raise RowError(column, t.id, f"brought {t.received.asset} to {t.account}; Account and Asset should be these")
    pair = known.withdrawal_of(t.id)
    if pair is not None:
        raise RowError(column, t.id, f"is a side of a transfer by {known.whence(MATCH, pair)}; {undo(pair)}")
    lots = (known.said(LOT, name) for name in known.lots_by(t.id) if name != key)
    others = sum((parse(lot["quantity"]) for lot in lots if lot and lot["arrived_by"] == t.id), ZERO)
    if others + given.quantity > t.received.quantity:
        whole = f"{plain(others + given.quantity)} with its other lots" if others else plain(given.quantity)
        raise RowError(
            "Quantity", "", f"is {whole}, more than the {plain(t.received.quantity)} that came by {t.id}: correct it"
        )
    if _when(given.acquired) > instant_text(t.at):
        raise RowError(
            "Date", str(given.acquired), f"is after the units came by {t.id}, on {t.at:%Y-%m-%d}: correct it"
        )


def _picks(known: Known, ref: str, rows: Rows) -> Found:
    first = rows[0][0]
    amount = _disposed(known, ref)
    takes: dict[str, tuple[Decimal, str]] = {}
    for row, given in rows:
        if given.acquisition_id in takes:
            raise Wrong(
                row,
                RowError(
                    "Acquisition ID", given.acquisition_id, "stands above for the same disposal: make one row of them"
                ),
            )
        if given.quantity and not _is_acquisition(known, given.acquisition_id):
            raise Wrong(
                row,
                RowError(
                    "Acquisition ID", given.acquisition_id, "is no purchase, receipt or opening lot here; "
                    "transactions.csv shows the ids",
                ),
            )  # fmt: skip
        takes[given.acquisition_id] = given.quantity, given.note
    whole = sum((quantity for quantity, _ in takes.values()), ZERO)
    if amount is not None and whole > amount.quantity:
        raise RowError(
            "Quantity", "", f"of all rows of {ref} is {plain(whole)}, more than the {plain(amount.quantity)} "
            f"{amount.asset} disposed of: correct one"
        )  # fmt: skip
    chosen = [[one, plain(quantity), note] for one, (quantity, note) in sorted(takes.items()) if quantity]
    return Found(PICK, ref, {"takes": chosen} if chosen else None, first)


def _disposed(known: Known, ref: str) -> Amount | None:
    """What a disposal is of; None where a transfer's other side tells (what was lost on the way)."""
    base, _, part = ref.partition(".")
    t = known.rows.get(base)
    amount = None if t is None else t.sent if part in ("", "lost") else t.fee if part == "fee" else None
    if amount is None or is_fiat(amount.asset):
        raise RowError("Disposal ID", ref, "is no disposal of this ledger; disposals.csv shows the ids")
    return None if part == "lost" else amount


def _is_acquisition(known: Known, ref: str) -> bool:
    t = known.rows.get(ref)
    if t is not None and t.received is not None:
        return not is_fiat(t.received.asset)
    return known.said(LOT, ref) is not None or ref.startswith("allocation ")


def _dealt(known: Known, asset: str, rows: Rows) -> Found:
    if len(known.basis.scope.values) == 1:
        raise RowError(
            "Asset", asset, f"can't be dealt out: in {known.basis.rules.country}, by the settings, there is no day on "
            "which lots become those of an account; leave these rows out"
        )  # fmt: skip
    lines = []
    for row, given in [(row, given) for row, given in rows if given.quantity]:
        try:
            known.check_account(given.account)
        except RowError as error:
            raise Wrong(row, error) from None
        lines.append([given.account, plain(given.quantity), _when(given.acquired), plain(given.cost), given.evidence])
    return Found(ALLOCATION, asset, {"lines": sorted(lines)} if lines else None, rows[0][0])


def _gap(known: Known, row: int, given: GapGiven) -> Found:
    known.check_account(given.account)
    gaps.check(given, known.settings)
    return Found(gaps.GAP, gaps.key_of(given), gaps.content_of(given), row)


def _assets(known: Known, rows: Rows) -> Iterator[Wrong]:
    yield from each(_asset, known, rows)
    known.rename()


def _asset(known: Known, row: int, given: AssetGiven) -> Found:
    known.check_account(given.account)
    key = asset_key(given.account, given.asset)
    if given.back:
        return Found(ASSET, key, None, row)
    if known.said(ASSET, key) is None and given.asset not in known.records_of.get(given.account, ()):
        raise RowError("Asset", given.asset, f"is in no record of {given.account}: write it as `taxsync status` does")
    content = {"account": given.account, "asset": given.asset, "is": given.name, "note": given.note}
    return Found(ASSET, key, content, row)


def _rule(known: Known, row: int, given: RuleGiven) -> Found:
    if given.choice:
        transaction(known, "Transaction ID", given.transaction_id)
        one = next((c for c in known.basis.rules.choices if c.name == given.rule), None)
        if one is not None and not one.of_a_transaction:
            raise RowError("Rule", given.rule, "holds for all transactions: choose it under [rules] in taxsync.toml")
    return Found(ruled.RULE, ruled.rule_key(given), ruled.rule_content(given, known.basis.rules), row)


def _claim(known: Known, row: int, given: ClaimGiven) -> Found:
    sides = (side.asset for t in known.rows.values() for side in (t.received, t.sent) if side is not None)
    if given.value is not None and given.asset not in sides:
        raise RowError("Asset", given.asset, "is in no record of this ledger: write it as `taxsync status` does")
    return Found(ruled.CLAIM, ruled.claim_key(given), ruled.claim_content(given, known.basis.rules), row)


def _of(*types: type, back: bool | None = None) -> Callable[[Answer], bool]:
    return lambda one: isinstance(one, types) and (back is None or getattr(one, "back", False) == back)


# How answers are read, in this order: what fits goes into `known.new`, what doesn't is given. What is taken back makes
# room for what is said.
_READ: Sequence[tuple[Callable[[Answer], bool], Callable[[Known, Rows], Iterable[Wrong]]]] = (
    (_of(AssetGiven), _assets),
    (_of(MatchGiven, back=True), partial(each, matched)),
    (_of(LabelGiven), partial(each, _labelled)),
    (_of(MatchGiven, back=False), matches),
    (_of(OpeningGiven), _openings),
    (_of(PickGiven), partial(together, lambda given: given.disposal_id, _picks)),
    (_of(DealtGiven), partial(together, lambda given: given.asset, _dealt)),
    (_of(GapGiven), partial(each, _gap)),
    (_of(RuleGiven), partial(each, _rule)),
    (_of(ClaimGiven), partial(each, _claim)),
    (_of(BrokerGiven), partial(together, statements.key_of, statements.given)),
    (_of(RepeatGiven), partial(each, repeated)),
    (_of(SettledGiven), partial(each, settled)),
    (_of(SameAccountGiven, back=True), partial(each, same_account)),
    (_of(SameAccountGiven, back=False), partial(each, same_account)),
)
