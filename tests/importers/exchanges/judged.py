"""Answers in the form that an exchange gives, read by its own streams and parser, and what was judged right of them.

    samples/NAME/CASE.json            {"Ledgers": [answer, answer], "Balance": [answer]}: by stream, its pages
    samples/NAME/CASE.expected.csv    what the universal file would say of them

`REGENERATE_SAMPLES=1 pytest tests/importers` writes the expected files anew; review the difference.
"""

import csv
import io
import os
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from importers import exact
from importers.base import Exchange, Params, Span
from importers.formats import universal
from importers.sync import BALANCE, FINEST, Ask, List, pages
from pipeline.model import Page, Parsed, RawRecord, Transaction
from pipeline.money import ZERO, plain
from pipeline.money import exact as exactly
from tests.importers.exchanges.recorded import Recorded, Said, opened

SAMPLES = Path(__file__).parents[1] / "samples"
ASKED = 1_767_225_600  # 2026-01-01, when the balances were asked


def cases(exchange: str) -> list[str]:
    return sorted(path.stem for path in (SAMPLES / exchange).glob("*.json"))


def records(exchange: Exchange, case: str) -> list[RawRecord]:
    """What an import would have kept of a sample."""
    streams = {stream.name: stream for stream in exchange.streams}
    wallets = {f"{BALANCE} {w.name}".strip(): w for w in exchange.wallets}
    found = []
    for name, answers in exact.loads((SAMPLES / exchange.id / f"{case}.json").read_text(encoding="utf-8")).items():
        for answer in answers:
            if name in wallets:
                kept = [("2026-01-01T00:00:00+00:00", Decimal(ASKED), wallets[name].read(answer))]
            else:
                read = streams[name.partition(" ")[0]].read(answer, Span(part=name.partition(" ")[2]))
                kept = [(item.id, item.time, item.value) for item in read.items]
            for id, time, value in kept:
                origin = f"{exchange.name} {name} {id}"
                found.append(RawRecord(exchange.id, "mine", name, id, int(time * FINEST), exact.dumps(value), origin))
    return found


def parsed(exchange: Exchange, case: str) -> Parsed:
    return exchange.parse(records(exchange, case))


def as_row(t: Transaction) -> dict[str, str]:
    sides = (("Sent", t.sent), ("Received", t.received), ("Fee", t.fee), ("Net Worth", t.net_worth))
    cells = {f"{side} Amount": plain(amount.quantity) for side, amount in sides if amount}
    cells |= {f"{side} Currency": amount.asset for side, amount in sides if amount}
    named = {"Account": t.account, "Label": t.label or "", "Description": t.description, "TxHash": t.txhash}
    return {"Date": t.at.isoformat().replace("+00:00", "Z"), **cells, **named, "ID": t.source_id}


def as_file(transactions: Iterable[Transaction]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, universal.COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(as_row, transactions))
    return out.getvalue()


def judge(exchange: Exchange, case: str) -> None:
    """A sample says what was judged right, and in a form that the universal file takes."""
    transactions = parsed(exchange, case).transactions
    expected, text = SAMPLES / exchange.id / f"{case}.expected.csv", as_file(transactions)
    if os.environ.get("REGENERATE_SAMPLES"):
        expected.write_bytes(text.encode())
    assert text == expected.read_bytes().decode()
    assert len({t.id for t in transactions}) == len(transactions)
    for transaction in transactions:
        universal.row({column: cell for column, cell in as_row(transaction).items() if cell})


def balances(said: Parsed) -> dict[str, Decimal]:
    """What the transactions add up to."""
    held: dict[str, Decimal] = {}
    with exactly():
        for t in said.transactions:
            for amount, sign in ((t.received, 1), (t.sent, -1), (t.fee, -1)):
                if amount is not None:
                    held[amount.asset] = held.get(amount.asset, ZERO) + sign * amount.quantity
    return {asset: quantity for asset, quantity in held.items() if quantity}


def told(said: Parsed) -> dict[str, Decimal]:
    """What the exchange says is held."""
    return {b.asset: b.quantity for b in said.balances if b.quantity}


def why(said: Parsed) -> list[str]:
    """The reasons of what could not be read."""
    return [issue.details["why"] for issue in said.issues]


class Asked:
    """Answers each request by `answer` (of its parameters), and notes them."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.params = answer, list[Params]()

    def ask(self, _method: str, params: Params, read: Any) -> Any:
        self.params.append(params)
        return read(self.answer(params))


def run(exchange: Exchange, stream: str, answer: Any, cursor: str | None, now: int) -> tuple[list[Page], list[Params]]:
    """One import of one list."""
    of = next(each for each in exchange.streams if each.name == stream)
    asked = Asked(answer)
    ask: Ask = asked.ask
    return list(pages(List(exchange, of, "mine"), ask, cursor, Decimal(now), lambda *_: None)), asked.params


def ids(found: Iterable[Page]) -> list[str]:
    return [record.source_id for page in found for record in page.records]


def heard(exchange: Exchange, recorded: Recorded, case: str, addresses: Mapping[str, str]) -> set[tuple[str, str, str]]:
    """(stream, id, payload) of what the real client brings when these addresses answer as the sample says."""
    client, found = opened(exchange, recorded), set()
    sample = exact.loads((SAMPLES / exchange.id / f"{case}.json").read_text(encoding="utf-8"))
    for stream in exchange.streams:
        for answer in sample.get(stream.name, ()):
            recorded.say(addresses[stream.name], Said(exact.dumps(answer)))
            read = stream.read
            page = client.call(stream.method, stream.ask(Span()), lambda told, read=read: read(told, Span()))  # type: ignore[misc]
            found |= {(stream.name, item.id, exact.dumps(item.value)) for item in page.items}
    return found


def kept(exchange: Exchange, case: str) -> set[tuple[str, str, str]]:
    """The same of what an import would have kept of the sample."""
    return {(r.stream, r.source_id, r.payload) for r in records(exchange, case) if not r.stream.startswith(BALANCE)}
