"""An account that is told by its API, by exports and by files: each happening counts once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.answers import NONE, Answers
from pipeline.gains.tie import Tied, tied
from pipeline.model import Amount, Label, Transaction
from pipeline.money import ZERO, exact
from tests.ledgers import Rows, buy, ledger, receive, row, send

RANKS = {"kraken": 0, "universal": 9}


def rank(source: str) -> int:
    return RANKS.get(source, 1)


def from_api(one: Transaction, id: str = "") -> Transaction:
    return replace(one, source="kraken", source_id=id)


def from_export(one: Transaction, id: str = "") -> Transaction:
    return replace(one, source="kraken_trades", source_id=id)


def once(*rows: Rows, answers: Answers = NONE) -> Tied:
    """What counts of these rows, numbered t1, t2, ... (a source_id that is given stays)."""
    numbered = [replace(n, source_id=t.source_id or n.source_id) for n, t in zip(ledger(*rows), rows, strict=True)
                if isinstance(t, Transaction)]  # fmt: skip
    with exact():
        return tied(numbered, rank, answers)


def ids(one: Tied) -> list[str]:
    return sorted(t.id for t in one.rows)


def codes(one: Tied) -> list[str]:
    return [issue.code for issue in one.issues]


# ---- what is one happening --------------------------------------------------------------------

FILL = buy("2025-01-05 10:20:30.123456", "0.1 BTC", "9000 USD", "1.5 USD")
ONE = {
    "to the second": buy("2025-01-05 10:20:30", "0.1 BTC", "9000 USD", "1.5 USD"),
    "to the minute": buy("2025-01-05 10:20", "0.1 BTC", "9000 USD", "1.5 USD"),
    "to the next minute": buy("2025-01-05 10:21", "0.1 BTC", "9000 USD", "1.5 USD"),
    "to the day": buy("2025-01-05 00:00", "0.1 BTC", "9000 USD", "1.5 USD"),
    "an order's time": buy("2025-01-05 10:20:29", "0.1 BTC", "9000 USD", "1.5 USD"),
    "no fee": buy("2025-01-05 10:20:30", "0.1 BTC", "9000 USD"),
    "the fee inside": buy("2025-01-05 10:20:30", "0.1 BTC", "9001.5 USD"),
    "the fee inside, rounded": buy("2025-01-05 10:20:30", "0.1 BTC", "9001 USD"),
    "fewer digits": buy("2025-01-05 10:20:30", "0.1 BTC", "9000.4 USD", "1.5 USD"),
}


@pytest.mark.parametrize("way", ONE)
def test_a_trade_is_one_however_the_export_tells_it(way: str) -> None:
    shown = replace(FILL, sent=Amount(Decimal("9000.42"), "USD")) if way == "fewer digits" else FILL
    for rows in ((from_api(shown), from_export(ONE[way])), (from_export(ONE[way]), from_api(shown))):
        one = once(*rows)
        (counts,) = one.rows
        assert (counts.source, counts.sent, counts.fee) == ("kraken", shown.sent, shown.fee)
        assert codes(one) == ["counted_once"]
        assert list(one.instead.values()) == [counts.id]


TWO = {
    "another time": buy("2025-01-05 11:20:40", "0.1 BTC", "9000 USD", "1.5 USD"),
    "another day": buy("2025-01-06 00:00", "0.1 BTC", "9000 USD", "1.5 USD"),
    "another amount": buy("2025-01-05 10:20:30", "0.2 BTC", "18000 USD", "1.5 USD"),
    "another asset": buy("2025-01-05 10:20:30", "0.1 ETH", "9000 USD", "1.5 USD"),
    "the other way": row("2025-01-05 10:20:30", "0.1 BTC", "9000 USD", "1.5 USD"),
    "another account": buy("2025-01-05 10:20:30", "0.1 BTC", "9000 USD", "1.5 USD", account="Coinbase"),
}


@pytest.mark.parametrize("way", TWO)
def test_what_only_looks_alike_counts_besides(way: str) -> None:
    one = once(from_api(FILL), from_export(TWO[way]))
    assert (ids(one), one.issues, one.instead) == (["t1", "t2"], [], {})


def test_two_equal_fills_stay_two_and_a_third_that_only_the_export_has_is_a_doubt() -> None:
    shown = ONE["to the second"]
    two = [from_api(FILL), from_api(FILL), from_export(shown), from_export(shown)]
    assert ids(once(*two)) == ["t1", "t2"]
    one = once(*two, from_export(shown))
    assert ids(one) == ["t1", "t2", "t5"]
    (doubt,) = [issue for issue in one.issues if issue.code == "possible_duplicate"]
    assert doubt.ref == "t5" and doubt.details["twin"] in ("t1", "t2")
    assert doubt.message.endswith("stands in Kraken (the API) and again in Kraken (kraken_trades files)")


def test_an_order_in_the_export_is_the_sum_of_its_fills() -> None:
    fills = [buy("2025-01-05 10:20:30.1", "0.1 BTC", "9000 USD", "1 USD"),
             buy("2025-01-05 10:20:31.2", "0.03 BTC", "2701.5 USD", "0.3 USD"),
             buy("2025-01-05 10:20:35.9", "0.1 BTC", "9010 USD", "1 USD")]  # fmt: skip
    order = buy("2025-01-05 10:20:30", "0.13 BTC", "11701.5 USD", "1.3 USD")
    one = once(*map(from_api, fills), from_export(order))
    assert ids(one) == ["t1", "t2", "t3"] and one.instead == {"t4": "t1"}
    apart = once(*map(from_export, fills), from_api(order))
    assert ids(apart) == ["t3", "t4"] and apart.instead == {"t1": "t4", "t2": "t4"}, "and the other way round"


def test_the_exchanges_id_and_a_transactions_hash_go_before_time() -> None:
    late = "2025-01-06 09:00"
    bought = once(from_api(FILL, "TX-1"), from_export(replace(ONE["no fee"], at=FILL.at + timedelta(days=1)), "TX-1"))
    assert ids(bought) == ["t1"]
    out = [send("2025-01-05", "1 BTC", fee="0.001 BTC", txhash="0xAB"), send(late, "1.001 BTC", txhash="0xab")]
    assert ids(once(from_api(out[0]), from_export(out[1]))) == ["t1"]
    batch = [send("2025-01-05", f"{n} BTC", txhash="0xab") for n in (1, 2)]
    again = [send(late, f"{n} BTC", txhash="0xab") for n in (2, 1)]
    assert once(*map(from_api, batch), *map(from_export, again)).instead == {"t3": "t2", "t4": "t1"}
    assert len(once(from_api(out[0]), from_export(send(late, "1.001 BTC"))).rows) == 2


def test_a_movement_may_be_told_when_it_was_asked_for_or_done_and_anything_else_is_then_a_doubt() -> None:
    asked, done = send("2025-01-05 10:00:01.5", "1 BTC", fee="0.1 BTC"), send("2025-01-05 10:40:07", "1.1 BTC")
    assert ids(once(from_api(asked), from_export(done))) == ["t1"]
    assert ids(once(from_api(asked), from_export(replace(done, at=done.at + timedelta(hours=1))))) == ["t1", "t2"]
    paid = [replace(t, label=Label.SPEND) for t in (asked, done)]
    for first, second in (paid, (FILL, replace(FILL, at=FILL.at + timedelta(minutes=40)))):
        one = once(from_api(first), from_export(second))
        assert (ids(one), codes(one)) == (["t1", "t2"], ["possible_duplicate"])
        both = once(from_api(first), from_export(replace(first, fee=None)), from_export(second))
        assert (ids(both), codes(both)) == (["t1", "t3"], ["counted_once"]), "what is tied is no other one's doubt"


def test_a_side_that_rounded_to_nothing_in_one_source_is_no_second_trade() -> None:
    whole, bare = buy("2025-01-05 10:20:30", "0.1 BTC", "0.01 USD"), receive("2025-01-05 10:20:30.4", "0.1 BTC")
    (one,) = once(from_api(bare, "T1"), from_export(replace(whole, fee=FILL.fee), "T1")).rows
    assert (one.id, one.sent, one.fee) == ("t1", None, None), "what counts stays as it is"
    assert ids(once(from_api(bare, "T1"), from_export(whole, "T2"))) == ["t1", "t2"]
    assert ids(once(from_api(bare, "T1"), from_export(buy("2025-01-05", "7 BTC", "1 USD"), "T1"))) == ["t1", "t2"]


def test_what_counts_is_completed_by_what_the_other_one_says() -> None:
    bare = from_api(receive("2025-01-05 10:20:30.5", "1 BTC"))
    told = row("2025-01-05 10:20:30", "", "1 BTC", worth="90000 USD", label="reward", txhash="0xab")
    (one,) = once(bare, from_export(told)).rows
    assert (one.id, one.label, one.txhash, one.net_worth) == ("t1", Label.REWARD, "0xab", told.net_worth)
    for fee in ("", "1.5 USD"):
        (bought,) = once(from_export(ONE["the fee inside"]), replace(ONE["no fee"], fee=FILL.fee)).rows
        assert (bought.sent, bought.fee) == (FILL.sent, FILL.fee), fee
    (kept,) = once(from_api(replace(told, label=Label.INCOME, txhash="0xcd")), from_export(told)).rows
    assert (kept.label, kept.txhash) == (Label.INCOME, "0xcd"), "the API's own word stays"


def test_an_account_under_two_names_is_one_as_the_person_says_it_is() -> None:
    other = replace(ONE["to the second"], account="ledgers")
    more = replace(other, at=other.at + timedelta(days=1))
    assert len(once(from_api(FILL), other, more).rows) == 3
    one = once(from_api(FILL), other, more, answers=Answers(accounts={"ledgers": "Kraken"}))
    assert [(t.id, t.account) for t in one.rows] == [("t1", "Kraken"), ("t3", "Kraken")]
    assert one.issues[0].message.startswith(
        "Kraken: 1 of 2 transactions in universal files of ledgers are known from the API: "
    )
    copies = [replace(t, account=name) for name in ("a", "b", "c") for t in (other, other)]
    assert ids(once(*copies, answers=Answers(accounts={"b": "a", "c": "a"}))) == ["t1", "t2"]


def test_two_that_the_person_says_are_two_are_not_tied() -> None:
    assert ids(
        once(from_api(FILL), from_export(ONE["to the second"]), answers=Answers(repeats={("t2", "t1"): False}))
    ) == ["t1", "t2"]


def test_amounts_that_differ_by_little_at_one_time_are_a_doubt_and_nothing_is_dropped() -> None:
    one = once(from_api(FILL), from_export(buy("2025-01-05 10:20:30", "0.1001 BTC", "9000.7 USD")))
    assert ids(one) == ["t1", "t2"]
    assert [(issue.code, issue.ref, issue.details["twin"]) for issue in one.issues] == [
        ("possible_duplicate", "t2", "t1")
    ]


def test_a_bare_date_among_times_is_a_doubt_beside_a_row_of_that_day() -> None:
    """Written by hand into a file whose other rows have times: nothing says that it is another one."""
    others = from_export(buy("2025-02-01 10:20:30", "7 BTC", "1 USD"))
    for day, doubts in (("2025-01-05 00:00", ["possible_duplicate"]), ("2025-01-06 00:00", [])):
        by_hand = from_export(replace(FILL, at=datetime.fromisoformat(day).replace(tzinfo=UTC)))
        one = once(from_api(FILL), by_hand, others)
        assert (ids(one), codes(one)) == (["t1", "t2", "t3"], doubts)


# ---- any history ------------------------------------------------------------------------------

NEAR = timedelta(minutes=7)  # equal trades so near, of which each source has one, are a question
START = datetime(2024, 3, 30, 23, 59, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Drawn:
    """An account's rows as its sources tell them, and which ids have to count."""

    rows: list[Transaction]
    counts: list[str]
    apart: timedelta  # the blocks of which one source may lack some


@st.composite
def told(draw: st.DrawFn) -> Drawn:
    """Blocks of happenings, some equal on purpose, as an API has them from some block on (or up to one), and one or
    two exports of other blocks: cut to the second or minute, rounded, fills added up, fees inside, apart or left out,
    ids known or not."""
    apart = draw(st.sampled_from((NEAR, timedelta(hours=9))))
    blocks = [_block(draw, number, START + apart * number) for number in range(draw(st.integers(1, 4)))]
    begin, end = sorted((draw(st.integers(0, len(blocks))), draw(st.integers(0, len(blocks)))))
    in_api = set(range(begin, end)) if draw(st.booleans()) else set(range(len(blocks)))
    rows = [fill for number in in_api for order in blocks[number] for fill in order]
    counts = [t.id for t in rows]
    known = set(in_api)
    fees, cut = draw(st.sampled_from(_FEES)), draw(st.sampled_from((ROUND_DOWN, ROUND_HALF_EVEN)))
    for name, way in zip(("kraken_ledgers", "kraken_trades"), fees, strict=False):
        begin, end = sorted((draw(st.integers(0, len(blocks))), draw(st.integers(0, len(blocks)))))
        shown = _export(draw, name, blocks, range(begin, end), way, cut)
        rows += [t for ts in shown.values() for t in ts]
        counts += [t.id for number, ts in shown.items() if number not in known for t in ts]
        known |= shown.keys()
    return Drawn(draw(st.permutations(rows)), counts, apart)


_BESIDE, _INSIDE, _UNTOLD = "beside", "inside", "untold"
# Of one export or two. No one can tell that an amount with a fee in it is one without a fee that is not told.
_FEES = ((_BESIDE,), (_INSIDE,), (_UNTOLD,), (_BESIDE, _INSIDE), (_UNTOLD, _BESIDE), (_INSIDE, _INSIDE))


Order = list[Transaction]  # its fills


def _block(draw: st.DrawFn, number: int, at: datetime) -> list[Order]:
    orders: list[Order] = []
    for n in range(draw(st.integers(1, 4))):
        at += timedelta(milliseconds=draw(st.sampled_from((1, 400, 2600, 9000))))
        fills: Order = []
        kind = draw(st.sampled_from(("buy", "buy", "sell", "reward", "withdrawal")))
        price = draw(st.sampled_from((Decimal(50000), Decimal("51234.5"))))
        for m in range(draw(st.integers(1, 4)) if kind in ("buy", "sell") else 1):
            at += timedelta(milliseconds=draw(st.sampled_from((0, 0, 30, 1100))))
            units = Amount(draw(st.sampled_from(_UNITS)), "BTC")
            if kind == "withdrawal":  # which may be told an hour later
                units = Amount(units.quantity + number, "BTC")
            money = Amount(units.quantity * price, "USD")
            fee = Amount(units.quantity * Decimal(100), "USD")
            id = f"{number}.{n}.{m}"
            t = Transaction(id, at, "mine", source="kraken", source_id=f"T{id}", position=10 * n + m)
            if kind == "buy":
                t = replace(t, sent=money, received=units, fee=fee)
            elif kind == "sell":
                t = replace(t, sent=units, received=money, fee=fee)
            elif kind == "reward":
                t = replace(t, received=units, label=Label.REWARD)
            else:
                t = replace(
                    t,
                    sent=units,
                    fee=Amount(Decimal("0.0002"), "BTC"),
                    txhash=draw(st.sampled_from(("", f"0x{number}f{n}"))),
                )
            fills.append(t)
        orders.append(fills)
    return orders


_UNITS = (Decimal(1), Decimal(1), Decimal("0.5"), Decimal("0.12345678"), Decimal("0.12345699"), Decimal("2.71828182"))


def _export(
    draw: st.DrawFn, name: str, blocks: Sequence[list[Order]], numbers: range, fees: str, cut: str
) -> dict[int, list[Transaction]]:
    grain = draw(st.sampled_from((timedelta(microseconds=1), timedelta(seconds=1), timedelta(minutes=1))))
    digits = draw(st.sampled_from((8, 8, 5, 4)))
    whole, with_ids = draw(st.booleans()), draw(st.booleans())

    def shown(fills: Sequence[Transaction], number: int) -> Transaction:
        first = fills[0]
        sent, received, fee = (_total([getattr(t, side) for t in fills]) for side in ("sent", "received", "fee"))
        if fee and fees == _INSIDE and sent and sent.asset == fee.asset:
            sent = Amount(sent.quantity + fee.quantity, sent.asset)
        elif fee and fees == _INSIDE and received and received.asset == fee.asset:
            received = Amount(received.quantity - fee.quantity, received.asset)
        sent, received, fee = (a and Amount(a.quantity.quantize(Decimal(1).scaleb(-digits), cut), a.asset)
                               for a in (sent, received, fee))  # fmt: skip
        id = f"{number:032x}" if not with_ids or len(fills) > 1 else first.source_id
        return replace(
            first, id=f"{name} {first.id}", at=first.at - (first.at - START.replace(second=0)) % grain, sent=sent,
            received=received, fee=fee if fees == _BESIDE else None, source=name, source_id=id,
        )  # fmt: skip

    rows: dict[int, list[Transaction]] = {}
    for number in numbers:
        parts = blocks[number] if whole else [[t] for fills in blocks[number] for t in fills]
        rows[number] = [shown(fills, n) for n, fills in enumerate(parts)]
    return rows


def _total(sides: Sequence[Amount | None]) -> Amount | None:
    first = sides[0]
    return None if first is None else Amount(sum((a.quantity for a in sides if a), ZERO), first.asset)


@given(told())
def test_any_history_told_by_several_sources_counts_once_whichever_came_first(drawn: Drawn) -> None:
    with exact():
        one = tied(drawn.rows, rank)
        again = tied(drawn.rows[::-1], rank)
    assert Counter(t.id for t in one.rows) == Counter(drawn.counts)
    bare = any(t.at.time() == time() for t in drawn.rows)  # which may be a date
    doubts = {"possible_duplicate"} if drawn.apart == NEAR or bare else set[str]()
    assert {issue.code for issue in one.issues} <= {"counted_once"} | doubts
    assert len(one.rows) + len(one.instead) == len(drawn.rows)

    def by_id(tie: Tied) -> tuple[object, ...]:
        issues = sorted((i.code, i.ref, tuple(i.details.items())) for i in tie.issues)
        return {t.id: t for t in tie.rows}, tie.instead, issues

    assert by_id(again) == by_id(one)
