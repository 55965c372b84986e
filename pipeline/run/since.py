"""What came since a year was filed: records, revisions, prices, answers, settings, each as what to do without."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.filing import Filing
from pipeline.issues import Stop
from pipeline.ledger import Ledger
from pipeline.ledger_filing import AnswerCame, PriceCame, RecordCame
from pipeline.ledger_past import Past
from pipeline.model import Price
from pipeline.money import plain
from pipeline.run.answers import KINDS, content_of, in_words
from pipeline.run.project import basis_of
from pipeline.settings import Settings, of_table

NEW, REVISED, PRICE, ANSWER, SETTING, OPENING = (
    "new record", "revised record", "price", "answer", "setting", "opening position",
)  # fmt: skip
NAMED = 3  # of several inputs that only together make a difference

_CHOICES = ("country", "currency", "timezone", "method", "lot_scope", "rules", "methods", "form_1099_da")


class Input(Struct, frozen=True):
    """Something that came since, and how to do without it: rows by id (records with their accounts), settings as they
    were, or (`opening`) the lots that the year began with when it was filed. `whole`: all of its kind."""

    kind: str = ""
    words: str = ""
    raw: Mapping[int, str] = field(default_factory=dict)
    price: Collection[int] = ()
    answer: Collection[int] = ()
    chosen: Mapping[str, Any] = field(default_factory=dict)
    opening: bool = False
    whole: bool = False

    def within(self, other: "Input") -> bool:
        """Whether it is all or a part of the other."""
        return self._names() <= other._names()

    def _names(self) -> set[tuple[str, object]]:
        ids: dict[str, Iterable[object]]
        ids = {"raw": self.raw, "price": self.price, "answer": self.answer, "chosen": self.chosen}
        return {(name, id) for name, some in ids.items() for id in some}


NOTHING = Input()


def since(filing: Filing, ledger: Ledger, past: Past, settings: Settings) -> list[Input]:
    """Everything, one by one. `past` is left without the prices of the time since."""
    marks = filing.marks
    imports = {one.id: one.at for one in ledger.batches()}
    prices = ledger.prices_after(marks)
    past.leave_out(price=[one.id for one in prices])
    before = {_of(price): price for price in past.prices()}
    found = _records(ledger.records_after(marks), imports)
    found += [_price(one, before) for one in prices]
    found += [_answer(one) for one in ledger.answers_after(marks) if one.answer.kind in KINDS]
    return found + _settings(settings, _then(filing))


def opening_as_filed(filing: Filing, ledger: Ledger) -> list[Input]:
    """The lots of an earlier year, where it was filed from them."""
    if not filing.content["opening"]:
        return []
    year = ledger.filing(filing.content["opening"]).year
    words = f"it was filed from the lots of {year} as those were filed, which the records had left by then"
    return [Input(OPENING, words, opening=True)]


def all_of(inputs: Sequence[Input]) -> Input:
    """Several inputs as one."""
    if len(inputs) == 1:
        return inputs[0]
    more = f" and {len(inputs) - NAMED} more" if len(inputs) > NAMED else ""
    return Input(
        kind=inputs[0].kind if inputs else "",
        words="; ".join(one.words for one in inputs[:NAMED]) + more,
        raw={id: account for one in inputs for id, account in one.raw.items()},
        price=[id for one in inputs for id in one.price],
        answer=[id for one in inputs for id in one.answer],
        chosen={name: value for one in inputs for name, value in one.chosen.items()},
        opening=any(one.opening for one in inputs),
    )


# ---- in words ---------------------------------------------------------------------------------


def _records(rows: Iterable[RecordCame], imports: Mapping[int, datetime]) -> list[Input]:
    """One for each record, with all that it became since."""
    records: dict[tuple[str, str, str, str], list[RecordCame]] = defaultdict(list)
    for row in rows:
        records[row.account, row.source, row.stream, row.source_id].append(row)
    found = []
    for same in records.values():
        kind, last = NEW if same[0].revision == 0 else REVISED, same[-1]
        what = last.origin if " row " in last.origin else f"{last.origin} {last.source_id}"
        words = f"{what} ({last.account}) {_CAME[kind]} on {imports[last.batch]:%Y-%m-%d}"
        found.append(Input(kind, words, {row.id: row.account for row in same}))
    return found


_CAME = {NEW: "came", REVISED: "came revised"}


def _of(price: Price) -> tuple[str, str, object]:
    return price.asset, price.currency, price.at or price.day


def _price(one: PriceCame, before: Mapping[tuple[str, str, object], Price]) -> Input:
    price, old = one.price, before.get(_of(one.price))
    when = f"{price.at:%Y-%m-%dT%H:%M:%SZ}" if price.at else str(price.day)
    was = f", was {plain(old.price)}" if old else ", was not known"
    words = f"{price.asset} on {when} is {plain(price.price)} {price.currency}{was} ({price.source})"
    return Input(PRICE, words, price=(one.id,))


def _answer(one: AnswerCame) -> Input:
    kept = one.answer
    said = in_words(kept) if content_of(kept) is not None else f"what was said of {kept.key} was taken back"
    return Input(ANSWER, f"{said} (said on {kept.at:%Y-%m-%d}, {kept.by})", answer=(one.id,))


def _then(filing: Filing) -> Settings:
    """The settings of that time, as far as this program knows them."""
    names = set(Settings.__struct_fields__)
    return of_table({name: value for name, value in filing.content["settings"].items() if name in names})


def _settings(now: Settings, then: Settings) -> list[Input]:
    """What was chosen otherwise, each by itself where the others allow it."""
    apart = [name for name in _CHOICES if getattr(now, name) != getattr(then, name)]
    found = [
        Input(SETTING, _chosen(name, getattr(now, name), getattr(then, name)), chosen={name: getattr(then, name)})
        for name in apart
    ]
    try:
        for one in found:
            basis_of(replace(now, **one.chosen))
    except Stop:
        return [all_of(found)]
    return found


def _chosen(name: str, now: Any, then: Any) -> str:
    if not isinstance(now, Mapping):
        return f"{name} was {then or 'the default'}, is {now or 'the default'}"
    keys = (key for key in sorted({*now, *then}) if now.get(key) != then.get(key))
    return "; ".join(
        f"{name}.{key} was {then.get(key, 'the default')}, is {now.get(key, 'the default')}" for key in keys
    )
