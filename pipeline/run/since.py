"""What came since a year was filed: records, revisions, prices, answers, settings, each as what to do without."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline.filing import Filing
from pipeline.ledger import Ledger
from pipeline.ledger_filing import AnswerCame, PriceCame, RecordCame
from pipeline.ledger_past import Past
from pipeline.model import Price
from pipeline.money import plain
from pipeline.run.answers import KINDS, content_of, in_words
from pipeline.settings import Settings, of_table

NEW, REVISED, PRICE, ANSWER, SETTING, OPENING = (
    "new record", "revised record", "price", "answer", "setting", "opening position",
)  # fmt: skip
MOST = 12  # inputs of a kind that are tried one by one

_CHOICES = ("country", "currency", "timezone", "method", "lot_scope", "rules", "methods", "form_1099_da")


@dataclass(frozen=True, slots=True)
class Input:
    """Something that came since, and how to do without it: rows by id (records with their accounts), settings as they
    were, or (`opening`) the lots that the year began with when it was filed. `part_of`: the import that brought it;
    `whole`: all of its kind."""

    kind: str = ""
    words: str = ""
    raw: Mapping[int, str] = field(default_factory=dict)
    price: Collection[int] = ()
    answer: Collection[int] = ()
    chosen: Mapping[str, Any] = field(default_factory=dict)
    opening: bool = False
    part_of: str = ""
    whole: bool = False


NOTHING = Input()


def since(filing: Filing, ledger: Ledger, past: Past, settings: Settings) -> list[Input]:
    """Everything, one by one. `past` is left without the prices of the time since."""
    marks = filing.marks
    imports = {one.id: (one.name, one.at) for one in ledger.batches()}
    prices = ledger.prices_after(marks)
    past.leave_out(price=[one.id for one in prices])
    before = {_of(price): price for price in past.prices()}
    found = _records(ledger.records_after(marks), imports)
    found += [_price(one, before) for one in prices]
    found += [_answer(one) for one in ledger.answers_after(marks) if one.answer.kind in KINDS]
    return found + _settings(settings, of_table(filing.content["settings"]))


def opening_as_filed(filing: Filing, ledger: Ledger) -> list[Input]:
    """The lots of an earlier year, where it was filed from them."""
    if not filing.content["opening"]:
        return []
    year = ledger.filing(filing.content["opening"]).year
    words = f"it was filed from the lots of {year} as those were filed, which the records had left by then"
    return [Input(OPENING, words, opening=True)]


def all_of(inputs: Sequence[Input], words: str = "") -> Input:
    """Several inputs as one."""
    return Input(
        kind=inputs[0].kind if inputs else "",
        words=words or f"{len(inputs)} inputs",
        raw={id: account for one in inputs for id, account in one.raw.items()},
        price=[id for one in inputs for id in one.price],
        answer=[id for one in inputs for id in one.answer],
        chosen={name: value for one in inputs for name, value in one.chosen.items()},
        opening=any(one.opening for one in inputs),
        part_of=words,
    )


def finer(inputs: Sequence[Input]) -> list[Input]:
    """Inputs of one kind as they are tried: one by one, else by the import that brought them, else all together."""
    if len(inputs) <= MOST:
        return list(inputs)
    imports = list(dict.fromkeys(one.part_of for one in inputs))
    if len(imports) > MOST:
        return [all_of(inputs, f"{len(inputs)} inputs of {len(imports)} imports")]
    parts = ([one for one in inputs if one.part_of == name] for name in imports)
    return [some[0] if len(some) == 1 else all_of(some, some[0].part_of) for some in parts]


# ---- in words ---------------------------------------------------------------------------------


def _records(rows: Iterable[RecordCame], imports: Mapping[int, tuple[str, datetime]]) -> list[Input]:
    """A row of a file is one input, with all that it became since; what an API gave of an account in one run is one."""
    found: list[Input] = []
    records: dict[tuple[str, str, str, str], list[RecordCame]] = defaultdict(list)
    by_api: dict[tuple[str, int, str], list[RecordCame]] = defaultdict(list)
    for row in rows:
        records[row.account, row.source, row.stream, row.source_id].append(row)
    for same in records.values():
        kind, last = NEW if same[0].revision == 0 else REVISED, same[-1]
        if " row " not in last.origin:
            by_api[kind, last.batch, last.account] += same
            continue
        name, at = imports[last.batch]
        came = f"{_CAME[kind]} on {at:%Y-%m-%d}"
        raw = {row.id: row.account for row in same}
        found.append(Input(kind, f"{last.origin} ({last.account}) {came}", raw, part_of=f"{name}, which {came}"))
    for (kind, batch, account), some in by_api.items():
        what = f"{some[0].origin} {some[0].source_id}"
        what += f" and {len(some) - 1} more" if len(some) > 1 else ""
        words = f"{what} ({account}) {_CAME[kind]} on {imports[batch][1]:%Y-%m-%d}"
        found.append(Input(kind, words, {row.id: account for row in some}, part_of=words))
    return found


_CAME = {NEW: "came", REVISED: "came revised"}


def _of(price: Price) -> tuple[str, str, object]:
    return price.asset, price.currency, price.at or price.day


def _price(one: PriceCame, before: Mapping[tuple[str, str, object], Price]) -> Input:
    price, old = one.price, before.get(_of(one.price))
    when = f"{price.at:%Y-%m-%dT%H:%M:%SZ}" if price.at else str(price.day)
    was = f", was {plain(old.price)}" if old else ", was not known"
    words = f"{price.asset} on {when} is {plain(price.price)} {price.currency}{was} ({price.source})"
    return Input(PRICE, words, price=(one.id,), part_of=f"prices of {price.source.partition(' row ')[0]}")


def _answer(one: AnswerCame) -> Input:
    kept = one.answer
    said = in_words(kept) if content_of(kept) is not None else f"what was said of {kept.key} was taken back"
    return Input(ANSWER, f"{said} (said on {kept.at:%Y-%m-%d}, {kept.by})", answer=(one.id,), part_of=kept.by)


def _settings(now: Settings, then: Settings) -> list[Input]:
    """What was chosen otherwise; another country is another choice of everything."""
    apart = [name for name in _CHOICES if getattr(now, name) != getattr(then, name)]
    if "country" in apart:
        words = f"the country was {then.country}, is {now.country}"
        return [Input(SETTING, words, chosen={name: getattr(then, name) for name in _CHOICES}, part_of=words)]
    return [
        Input(SETTING, words := _chosen(name, getattr(now, name), getattr(then, name)),
              chosen={name: getattr(then, name)}, part_of=words)
        for name in apart
    ]  # fmt: skip


def _chosen(name: str, now: Any, then: Any) -> str:
    if not isinstance(now, Mapping):
        return f"{name} was {then or 'the default'}, is {now or 'the default'}"
    keys = (key for key in sorted({*now, *then}) if now.get(key) != then.get(key))
    return "; ".join(
        f"{name}.{key} was {then.get(key, 'the default')}, is {now.get(key, 'the default')}" for key in keys
    )
