"""What Kraken's records mean, judged by hand: samples/kraken/NAME.json is what Kraken sent, NAME.expected.csv
what the universal file would say of it.

Promised: a refid is either understood as a whole, and its transactions then change each balance by just
what its entries do, or it is an Issue that names it and nothing of it counts.
"""

import csv
import io
import os
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from importers import exact
from importers.formats import universal
from importers.parsers.kraken import LEDGERS, asset
from importers.parsers.kraken import read_records as parse
from importers.sync import BALANCE
from pipeline.gains.checks import changes
from pipeline.issues import Severity
from pipeline.ledger import Ledger
from pipeline.model import Amount, Balance, Page, Parsed, RawRecord, Transaction
from pipeline.money import exact as exactly
from pipeline.money import plain

SAMPLES = Path(__file__).parents[1] / "samples" / "kraken"
TIME = 1_735_689_600  # 2025-01-01

# ---- records ----------------------------------------------------------------------------------


def record(stream: str, id: str, value: dict[str, Any]) -> RawRecord:
    position = int(Decimal(value.get("time", TIME)) * 10**7)
    return RawRecord("kraken", "mine", stream, id, position, exact.dumps(value), f"Kraken {stream} {id}")


def entry(
    refid: str, type: str, code: str, amount: str, fee: str = "0", subtype: str = "", time: int = TIME, id: str = ""
) -> RawRecord:
    """A ledger entry as Kraken documents it."""
    value = {"refid": refid, "time": time, "type": type, "subtype": subtype, "asset": code, "amount": amount}
    return record(
        LEDGERS, id or f"L-{refid}-{code}-{amount}", value | {"fee": fee, "balance": "0", "aclass": "currency"}
    )


def sample(name: str) -> list[RawRecord]:
    found = exact.loads((SAMPLES / f"{name}.json").read_text())
    return [record(one["stream"], one["id"], one["value"]) for one in found]


def unread(parsed: Parsed) -> dict[str, str]:
    """Refid -> why it can't be read."""
    return {issue.ref: issue.details["why"] for issue in parsed.issues if issue.code == "unread_record"}


# ---- goldens ----------------------------------------------------------------------------------


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


NAMES = sorted(path.stem for path in SAMPLES.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_samples_say_what_was_judged_right(name: str) -> None:
    """`REGENERATE_SAMPLES=1 pytest tests/importers` writes the expected files anew; review the difference."""
    expected, text = SAMPLES / f"{name}.expected.csv", as_file(parse(sample(name)).transactions)
    if os.environ.get("REGENERATE_SAMPLES"):
        expected.write_bytes(text.encode())
    assert text == expected.read_bytes().decode()


@pytest.mark.parametrize("name", NAMES)
def test_a_transaction_of_kraken_can_be_written_in_the_universal_file(name: str) -> None:
    for transaction in parse(sample(name)).transactions:
        cells = {column: text for column, text in as_row(transaction).items() if text}
        assert universal.row(cells) == replace(transaction, id="", source="", position=0)


def test_what_is_not_understood_is_named_with_its_reason_and_its_time() -> None:
    parsed = parse(sample("unread"))
    assert unread(parsed) == {
        "TSETTL-EDONE-SIDED1": "a position was settled, and what was given and got is not one asset each",
        "TMARGI-NEGAT-IVEFE1": "a fee of -0.5 USD",
        "TNFTTR-UNKNO-WNTYP1": "type nfttrade is not supported yet",
        "TBROKE-BADAM-OUNT01": "Kraken Ledgers LKR006-TBROK-LEDGER has another form",
        "TSTOCK-FOURL-EGSOF1": "1 assets were given and 2 got",
        "TSDUSTL-NORCE-IVED01": "2 assets were given and 0 got",
        "STSLASH-NEGAT-IVERW1": "type staking  of -0.5 DOT",
        "ELMATIC-BECAM-EPOL01": "what left one place of the account is not what came to the other",
        "ELODDSU-BTYPE-OFERN1": "type earn delistingconversion of 1 KSM",
        "STREBAT-NEGAT-IVEFE1": "a fee of -0.01 XTZ",
    }
    assert all(issue.account == "mine" and issue.at is not None and issue.at.month == 7 for issue in parsed.issues)
    assert all(issue.ref in issue.remedy and issue.severity is Severity.ERROR for issue in parsed.issues)


def test_proceeds_that_were_divided_are_told_with_how() -> None:
    told = {issue.ref: issue.message for issue in parse(sample("dust")).issues}
    assert told == {
        "TSDUSTA-BYPRI-CES001": (
            "mine, 2025-03-01: 0.9 USD were paid for ADA, DOGE together, and are divided "
            "by the last price of each in your own trades"
        ),
        "TSDUSTB-EVENL-Y00001": (
            "mine, 2025-03-02: 0.1 USD were paid for ALGO, DOGE, TRX together, and are divided evenly"
        ),
    }


def test_parts_of_a_sweep_add_up_to_what_was_paid_and_to_its_fee() -> None:
    parts = [t for t in parse(sample("dust")).transactions if t.source_id.startswith("TSDUSTB")]
    with exactly():
        assert sum(t.received.quantity for t in parts if t.received) == Decimal("0.1")
        assert sum(t.fee.quantity for t in parts if t.fee) == Decimal("0.003")


# ---- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "means"),
    [
        ("XXBT XBT XBT.M XBT.F XBT.B", "BTC"),
        ("XETH ETH ETH2 ETH2.S ETH.F ETH.B", "ETH"),
        ("DOT DOT.S DOT28.S DOT.P DOT.F", "DOT"),
        ("ZUSD USD USD.M USD.HOLD USD.F", "USD"),
        ("XXDG XDG", "DOGE"),
        ("LUNA", "LUNC"),
        ("LUNA2", "LUNA"),
        ("UST", "USTC"),
        ("USDT USDT.F", "USDT"),
        ("XREP REP", "REPV1"),
        ("REPV2", "REP"),
        ("XTZ XTZ.S", "XTZ"),
        ("ZETA ZETA.S", "ZETA"),
        ("XCN", "XCN"),
        ("ZRX", "ZRX"),
        ("CHF", "CHF"),
        ("ZEUR EUR EUR.M EUR.HOLD", "EUR"),
    ],
)
def test_names(names: str, means: str) -> None:
    assert {asset(name) for name in names.split()} == {means}


def test_balances_of_all_places_of_an_asset_are_one_and_points_are_none() -> None:
    held = {"ZUSD": "10.5000", "USD.HOLD": "1.5", "DOT": "1.0", "DOT28.S": "2.00000001", "ETH2.S": "0", "KFEE": "99.00"}
    at = "2026-01-01T06:00:00+00:00"
    parsed = parse([record(BALANCE, at, {"error": [], "result": held})])
    when = datetime(2026, 1, 1, 6, tzinfo=UTC)
    assert parsed.balances == [
        Balance("mine", "DOT", Decimal("3.00000001"), when),
        Balance("mine", "ETH", Decimal(0), when),
        Balance("mine", "USD", Decimal(12), when),
    ]


@pytest.mark.parametrize(
    ("pair", "base", "quote"),
    [
        ("XTZUSD", "XTZ", "ZUSD"),
        ("AVAXXBT", "AVAX", "XXBT"),
        ("ADAEUR", "ADA", "ZEUR"),
        ("XXBTZUSD", "XXBT", "ZUSD"),
        ("XETHXXBT", "XETH", "XXBT"),
        ("USDTZUSD", "USDT", "ZUSD"),
        ("USDCUSDT", "USDC", "USDT"),
        ("SOL/USD", "SOL", "ZUSD"),
    ],
)
def test_a_sweep_is_divided_by_the_price_of_the_right_pair(pair: str, base: str, quote: str) -> None:
    """Swept together with KSM, which was at 1 in the same quote when `pair` was at 3."""
    trades = {"T1": (base, pair, "3.0"), "T2": ("KSM", "KSM" + quote[quote[0] in "XZ" :], "1.0")}
    records = [record("TradesHistory", id, {"pair": p, "price": at, "time": TIME}) for id, (_, p, at) in trades.items()]
    records += [entry(id, "trade", code, "1") for id, (code, _, _) in trades.items()]
    records += [entry(id, "trade", quote, f"-{at}") for id, (_, _, at) in trades.items()]
    sweep = (("spend", base, "-1"), ("spend", "KSM", "-1"), ("receive", quote, "4"))
    parsed = parse([*records, *(entry("D", *leg, time=TIME + 9) for leg in sweep)])
    swept = [t for t in parsed.transactions if t.source_id.startswith("D")]
    assert {t.sent.asset: t.received.quantity for t in swept if t.sent and t.received} == {asset(base): 3, "KSM": 1}


# ---- odd records ------------------------------------------------------------------------------

DEPOSIT = entry("GOOD", "deposit", "ZUSD", "10")


def test_an_amount_may_be_a_number_as_well_as_text() -> None:
    value = {"refid": "GOOD", "time": TIME, "type": "deposit", "asset": "ZUSD", "amount": 5, "fee": 0}
    (got,) = parse([record(LEDGERS, "L1", value)]).transactions
    assert (got.received, got.fee) == (Amount(Decimal(5), "USD"), None)


@pytest.mark.parametrize(
    "change",
    [
        *({"amount": amount} for amount in ("", "NaN", "1,5", "1_0", "1e99", None, True, [])),
        *({"fee": fee} for fee in ("", "x", None)),
        *({"asset": name} for name in ("", None, 7, {})),
        *({"type": name} for name in (None, 7, [], {"a": 1})),
        {"subtype": ["reward"]},
    ],
)
def test_an_entry_of_another_form_is_an_issue_and_takes_all_of_its_refid_along(change: dict[str, Any]) -> None:
    value = {"refid": "BAD", "time": TIME, "type": "trade", "asset": "XXBT", "amount": "1", "fee": "0"} | change
    records = [DEPOSIT, entry("BAD", "trade", "ZUSD", "-9"), record(LEDGERS, "L-BAD", value)]
    records.append(record("TradesHistory", "BAD", {"pair": "XXBTZUSD", "cost": "9.0", "price": "9.0", "time": TIME}))
    parsed = parse(records)
    assert [t.source_id for t in parsed.transactions] == ["GOOD"]
    assert unread(parsed) == {"BAD": "Kraken Ledgers L-BAD has another form"}
    assert "a record of 2025-01-01 could not be read" in parsed.issues[0].message


@pytest.mark.parametrize("odd", [{"price": "x"}, {"price": None}, {"price": "-1"}, {"price": "0.0"}, {"pair": 5}, {}])
def test_a_trade_told_oddly_spoils_nothing_that_the_ledger_says(odd: dict[str, Any]) -> None:
    """It gives no price, so a sweep is divided evenly."""
    told = {"T-ADA": {"pair": "ADAUSD"} | odd, "T-TRX": {"pair": "TRXUSD", "price": "1.0"}}
    records = [record("TradesHistory", id, {"time": TIME} | value) for id, value in told.items()]
    records += [entry(f"T-{code}", "trade", *leg) for code in ("ADA", "TRX") for leg in ((code, "1"), ("ZUSD", "-1"))]
    sweep = (("spend", "ADA", "-1"), ("spend", "TRX", "-1"), ("receive", "ZUSD", "2"))
    parsed = parse([*records, *(entry("D", *leg, time=TIME + 1) for leg in sweep)])
    assert {t.source_id: t.received.quantity for t in parsed.transactions if t.received} == {
        "T-ADA": 1,
        "T-TRX": 1,
        "D": 1,
        "D#2": 1,
    }
    assert [issue.details["how"] for issue in parsed.issues] == ["evenly"]


@pytest.mark.parametrize("balances", [{"ZUSD": None}, {"ZUSD": "1,0"}, {"ZUSD": True}])
def test_a_balance_of_another_form_is_an_issue(balances: dict[str, Any]) -> None:
    at = "2026-01-01T06:00:00+00:00"
    parsed = parse([record(BALANCE, at, {"result": balances}), DEPOSIT])
    assert (parsed.balances, unread(parsed)) == ([], {at: "balances of another form"})
    assert len(parsed.transactions) == 1


def test_the_newest_revision_of_a_record_counts(tmp_path: Path) -> None:
    """A withdrawal gets its hash some minutes after it was made."""
    movement = {"refid": "A", "time": TIME, "asset": "XXBT", "method": "Bitcoin", "status": "Pending", "txid": None}
    before = record("WithdrawStatus", "A", movement)
    after = record("WithdrawStatus", "A", movement | {"status": "Success", "txid": "29323ce235"})
    with Ledger.open(tmp_path, create=True) as ledger:
        batch = ledger.begin_batch("api", "mine")
        for page in ([entry("A", "withdrawal", "XXBT", "-1")], [before], [after]):
            ledger.keep(Page(page), batch)
        (first,) = parse([entry("A", "withdrawal", "XXBT", "-1"), before]).transactions
        (newest,) = parse(ledger.records("mine")).transactions
    assert (first.txhash, newest.txhash, first.id) == ("", "29323ce235", newest.id)


# ---- conservation -----------------------------------------------------------------------------

CODES = ("ZUSD", "XXBT", "XBT.M", "XETH", "ETH2.S", "DOT", "DOT.S", "ADA", "KFEE")
TYPES = ("trade spend receive sale deposit withdrawal transfer staking reward earn dividend airdrop margin rollover "
         "settled nfttrade").split()  # fmt: skip
amounts = st.decimals("-9", "9", places=4).map(lambda number: plain(number))
above_zero = st.decimals("0.0001", "9", places=4).map(lambda number: plain(number))
fees = st.just("0") | st.decimals("0", "0.5", places=4).map(lambda number: plain(number))
codes = st.sampled_from(CODES)
Leg = tuple[str, str, str, str, str]  # type, asset, amount, fee, subtype

legs = st.tuples(
    st.sampled_from(TYPES), codes, amounts, fees | st.just("-0.1"), st.sampled_from(["", "", "reward", "odd"])
).filter(lambda leg: leg[0] != "deposit" or not leg[1].endswith(".S"))  # that is one side of a move to staking
anything = st.lists(legs, min_size=1, max_size=4)


@st.composite
def trades(draw: st.DrawFn) -> list[Leg]:
    gives, gets = draw(st.lists(codes, min_size=2, max_size=2, unique=True))
    both = [("trade", gives, f"-{draw(above_zero)}", draw(fees), ""), ("trade", gets, draw(above_zero), draw(fees), "")]
    return draw(st.sampled_from([both, both, both, both[:1], both[1:]]))


@st.composite
def sweeps(draw: st.DrawFn) -> list[Leg]:
    *gives, gets = draw(st.lists(codes, min_size=2, max_size=5, unique=True))
    given = [("spend", code, f"-{draw(above_zero)}", draw(fees), "dustsweeping") for code in gives]
    return [*given, ("receive", gets, draw(above_zero), draw(fees), "dustsweeping")]


@st.composite
def cancellations(draw: st.DrawFn) -> list[Leg]:
    code, amount, fee = draw(codes), draw(above_zero), draw(fees)
    return [
        ("withdrawal", code, f"-{amount}", fee, ""),
        ("withdrawal", code, amount, f"-{fee}" if Decimal(fee) else fee, ""),
    ]


@st.composite
def moves(draw: st.DrawFn) -> list[Leg]:
    amount, fee = draw(above_zero), draw(fees)
    return [("earn", "DOT", f"-{amount}", fee, "allocation"), ("earn", "DOT.S", amount, "0", "allocation")]


@st.composite
def histories(draw: st.DrawFn) -> list[RawRecord]:
    """Refids with all sorts of entries, some known to TradesHistory; two of them may be of one instant."""
    records = []
    happenings = draw(st.lists(st.one_of(anything, trades(), sweeps(), cancellations(), moves()), max_size=8))
    for number, happening in enumerate(happenings):
        time = TIME + draw(st.integers(0, 3))
        refid = f"R{number}"
        records += [entry(refid, *leg, time, f"L{number}-{n}") for n, leg in enumerate(happening)]
        if draw(st.booleans()):
            told = {"pair": draw(st.sampled_from(["XXBTZUSD", "XETHZUSD", "DOTUSD", "ADAUSD", "ADAXBT"])), "time": time}
            records.append(record("TradesHistory", refid, told | {"price": draw(above_zero), "cost": draw(above_zero)}))
    return records


def entries_of(records: Sequence[RawRecord], unread: dict[str, str]) -> dict[str, Decimal]:
    """What the entries that were understood add to each asset."""
    total: dict[str, Decimal] = defaultdict(Decimal)
    for one in records:
        value = exact.loads(one.payload)
        if one.stream == LEDGERS and value["refid"] not in unread and value["asset"] != "KFEE":
            total[asset(value["asset"])] += Decimal(value["amount"]) - Decimal(value["fee"])
    return {name: quantity for name, quantity in total.items() if quantity}


def added_by(transactions: Iterable[Transaction]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = defaultdict(Decimal)
    for transaction in transactions:
        for name, quantity in changes(transaction):
            total[name] += quantity
    return {name: quantity for name, quantity in total.items() if quantity}


@given(histories(), st.randoms(use_true_random=False))
def test_transactions_change_each_balance_by_what_the_entries_did(
    records: list[RawRecord], shuffle: random.Random
) -> None:
    parsed = parse(records)
    with exactly():
        assert added_by(parsed.transactions) == entries_of(records, unread(parsed))
    assert all(side.quantity > 0 for t in parsed.transactions for side in (t.sent, t.received, t.fee) if side)
    assert len({t.id for t in parsed.transactions}) == len(parsed.transactions)
    assert not {t.source_id.partition("#")[0] for t in parsed.transactions} & unread(parsed).keys()
    mixed = list(records)
    shuffle.shuffle(mixed)
    assert unread(parse(mixed)) == unread(parsed)


@pytest.mark.parametrize("name", NAMES)
def test_samples_change_each_balance_by_what_their_entries_did(name: str) -> None:
    records = sample(name)
    parsed = parse(records)
    readable = [r for r in records if "0,001" not in r.payload]
    with exactly():
        assert added_by(parsed.transactions) == entries_of(readable, unread(parsed))
