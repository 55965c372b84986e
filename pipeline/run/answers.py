"""The answers of the user that are kept, and what they say now: labels, matches, opening lots, picks, assets, ...

    answers(ledger, basis.zone)         # what counts now, for `derive`

An answer is one JSON text under (kind, key) in the ledger; the newest counts, `null` says that it was taken back.
`answering` is how they get in.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.answers import Answers, DealtLot, OpeningLot, Pick
from pipeline.ledger import AnswerKept, Ledger
from pipeline.model import Amount, Label
from pipeline.money import parse
from pipeline.reported import Reported
from pipeline.rules.base import midnight
from pipeline.run import brokers, gaps, ruled
from pipeline.run.aliases import ACCOUNT

LABEL, MATCH, LOT, PICK, ALLOCATION = "label", "match", "opening_lot", "pick", "allocation"
ASSET = "asset"  # under the key of `asset_key`
REPEAT = "repeat"  # under the key of `repeat_key`
SETTLED = "settled"  # under the id of a record that could not be read
KINDS = (LABEL, MATCH, LOT, PICK, ALLOCATION, gaps.GAP, ASSET, ruled.RULE, ruled.CLAIM, REPEAT, ACCOUNT, brokers.FORM,
         SETTLED)  # fmt: skip

Content = dict[str, Any] | None  # what is kept as JSON; None: taken back


def answers(ledger: Ledger, zone: ZoneInfo) -> Answers:
    """What counts now; the taxpayer's days are those of `zone`."""
    by_kind: dict[str, dict[str, tuple[dict[str, Any], datetime]]] = {kind: {} for kind in KINDS}
    forms: list[Reported] = []
    for one in counting(ledger):
        content = content_of(one)
        if content is not None:
            by_kind[one.kind][one.key] = content, one.at
            forms += brokers.forms(content, one.by) if one.kind == brokers.FORM else []
    return Answers(
        labels={key: _label(said["label"]) for key, (said, _) in by_kind[LABEL].items()},
        matches={key: said["other"] for key, (said, _) in by_kind[MATCH].items()},
        openings=tuple(_lot(key, said, zone) for key, (said, _) in sorted(by_kind[LOT].items())),
        picks={
            key: tuple(Pick(ref, parse(quantity), at) for ref, quantity, _ in said["takes"])
            for key, (said, at) in by_kind[PICK].items()
        },
        allocation=tuple(
            DealtLot(account, asset, parse(quantity), _at(acquired, zone), parse(cost), evidence)
            for asset, (said, _) in sorted(by_kind[ALLOCATION].items())
            for account, quantity, acquired, cost, evidence in said["lines"]
        ),
        assets={(said["account"], said["asset"]): said["is"] for said, _ in by_kind[ASSET].values()},
        worthless={key: said["note"] for key, (said, _) in by_kind[LABEL].items() if said.get("worthless")},
        rules=ruled.chosen((key, said) for key, (said, _) in by_kind[ruled.RULE].items()),
        claims=ruled.claims(((key, said) for key, (said, _) in by_kind[ruled.CLAIM].items()), zone),
        repeats=_repeats((said for said, _ in by_kind[REPEAT].values()), accounts=False),
        copies=_repeats((said for said, _ in by_kind[REPEAT].values()), accounts=True),
        accounts={name: said["is"] for name, (said, _) in by_kind[ACCOUNT].items()},
        forms=tuple(sorted(forms, key=lambda form: (form.year, form.account))),
    )


def asset_key(account: str, asset: str) -> str:
    """Under what it is kept what a code is in an account."""
    return json.dumps([account, asset], ensure_ascii=False)


def repeat_key(one: str, other: str) -> str:
    """Under what it is kept whether two records, or two accounts, are one: the pair, whichever comes first."""
    return json.dumps(sorted((one, other)), ensure_ascii=False)


def described(ledger: Ledger) -> list[tuple[datetime, str]]:
    """The answers that count, the oldest first: when each was given, what it says, and by what it came."""
    now = sorted((one for one in counting(ledger) if content_of(one) is not None), key=lambda one: one.at)
    return [(one.at, f"{in_words(one)} ({one.by})") for one in now]


def counting(ledger: Ledger) -> Iterable[AnswerKept]:
    """The newest answer of each kind and key, those that were taken back among them."""
    return {(one.kind, one.key): one for one in ledger.answer_history() if one.kind in KINDS}.values()


def content_of(kept: AnswerKept) -> Content:
    found: Content = json.loads(kept.content)
    return found


def _repeats(said: Iterable[Mapping[str, Any]], *, accounts: bool) -> dict[tuple[str, str], bool]:
    return {(one["repeat"], one["first"]): one["once"] for one in said if one["accounts"] is accounts}


def _label(word: str | None) -> Label | None:
    return None if word is None else Label(word)


def _lot(key: str, said: Mapping[str, str], zone: ZoneInfo) -> OpeningLot:
    cost = Amount(parse(said["cost"]), said["currency"]) if said["cost"] else None
    at = _at(said["acquired"], zone)
    return OpeningLot(
        key, said["account"], said["asset"], parse(said["quantity"]), at, cost, said["evidence"], said["arrived_by"]
    )


def _at(text: str, zone: ZoneInfo) -> datetime:
    """An instant; a day is that of the taxpayer, from its beginning."""
    if len(text) == len("2025-01-31"):
        return midnight(date.fromisoformat(text), zone).astimezone(UTC)
    return datetime.fromisoformat(text)


def in_words(one: AnswerKept) -> str:
    said = content_of(one)
    assert said is not None
    note = f": {said['note']}" if said.get("note") else ""
    if one.kind == LABEL:
        return f"{one.key} is {said['label'] or 'a transfer'}{' worth nothing' * said.get('worthless', False)}{note}"
    if one.kind == MATCH:
        other = f"arrived as {said['other']}" if said["other"] else "has no other side on record"
        return f"{one.key} {other}{note}"
    if one.kind == LOT:
        cost = f"{said['cost']} {said['currency']}" if said["cost"] else "unknown cost"
        what = f"{said['quantity']} {said['asset']} in {said['account']} since {said['acquired']} at {cost}"
        by = f", which came by {said['arrived_by']}" if said["arrived_by"] else ""
        return f"opening lot {one.key}, {what}{by}: {said['evidence']}"
    if one.kind == ASSET:
        return f"{said['asset']} in {said['account']} is {said['is']}{note}"
    if one.kind == ACCOUNT:
        return f"the account {one.key} is the account {said['is']}{note}"
    if one.kind == REPEAT:
        what = f"what {said['first']} has, too, " if said["accounts"] else ""
        if said["once"]:
            return f"{said['repeat']} repeats {said['first']}, and {what or 'it '}counts once{note}"
        return f"{said['repeat']} and {said['first']} only look alike, and both count{note}"
    if one.kind == SETTLED:
        return f"the record {one.key}, which could not be read, is settled{note}"
    if one.kind == gaps.GAP:
        return gaps.in_words(said)
    if one.kind == brokers.FORM:
        return brokers.in_words(said)
    if one.kind == ruled.RULE:
        return f"{ruled.rule_in_words(said)}{note}"
    if one.kind == ruled.CLAIM:
        return f"{ruled.claim_in_words(said)}{note}"
    if one.kind == PICK:
        return f"{one.key} takes {', '.join(f'{quantity} of {ref}' for ref, quantity, _ in said['takes'])}"
    places = sorted({line[0] for line in said["lines"]})
    return f"opening allocation of {one.key}, {len(said['lines'])} rows, to {', '.join(places)}"
