"""The cache of a ledger: what records say comes back exactly, and what is not as it was kept is told."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.issues import Issue
from pipeline.ledger import Ledger, LedgerError
from pipeline.ledger_rows import PRICE_ROW, price_of, price_row
from pipeline.model import Amount, Balance, Label, Page, Parsed, Price, RawRecord, Transaction, instant_text
from pipeline.said import COLUMNS, PAGE, Pages, pages_of, row_of, said_by, transactions_of
from tests.person import LEDGERS

NOON = datetime(2025, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "data", create=True, clock=lambda: NOON) as opened:
        yield opened


def record(source_id: str, payload: str = "{}", *, account: str = "Kraken") -> RawRecord:
    return RawRecord("kraken", account, "ledgers", source_id, 0, payload, f"kraken ledgers {source_id}")


def keep(ledger: Ledger, *records: RawRecord) -> None:
    ledger.keep(Page(list(records)), ledger.begin_batch("api", "kraken"))


# ---- what comes back ----------------------------------------------------------------------------

BERLIN = timezone(timedelta(hours=2))
TRANSACTIONS = [
    Transaction(
        "0011",
        NOON.astimezone(BERLIN),
        "Kraken",
        sent=Amount(Decimal("123456789.123456789012345678"), "BTC"),
        received=Amount(Decimal("0.000000000000000000000000000000000001"), "WETH"),
        fee=Amount(Decimal("1E+3"), "USD"),
        net_worth=Amount(Decimal("9" * 40 + "." + "9" * 40), "EUR"),
        description="\\u0000 line\nbreak, \"quote\" and 'it' \0",
        txhash="0xAB",
        source="kraken",
        source_id="L1",
        position=-(2**63),
    ),
    Transaction("0022", NOON, "Kraken", received=Amount(Decimal("2.50"), "ETH"), label=Label.REWARD),
    Transaction("0022", NOON - timedelta(days=9000), "Kraken"),
]
PARSED = Parsed(
    TRANSACTIONS,
    [
        Price("BTC", "USD", Decimal("94000.123456789012345678"), "kraken", at=NOON),
        Price("X", "EUR", Decimal("1"), "k", day=date(2025, 1, 1)),
    ],
    [Balance("Kraken", "BTC", Decimal("0.123456789012345678"), NOON)],
    [Issue("unread_record", "Kraken", at=NOON, ref="0011", details={"why": "é \ud800"}), Issue("short_history")],
)


def dump(ledger: Ledger) -> list[str]:
    with closing(sqlite3.connect(ledger.path)) as outside:
        return [line for line in outside.iterdump() if '"said"' in line or '"parsed"' in line]


def test_parsed_transactions_come_back_exactly(ledger: Ledger) -> None:
    ledger.replace_parsed("Kraken", [PARSED], "kraken 1")
    assert ledger.transactions() == [TRANSACTIONS[2], TRANSACTIONS[0], TRANSACTIONS[1]]
    assert str(ledger.transactions()[1].net_worth) == str(TRANSACTIONS[0].net_worth)
    assert ledger.transactions()[1].at.utcoffset() == timedelta(0)
    assert ledger.parsed_issues() == PARSED.issues
    assert ledger.balances() == PARSED.balances
    assert ledger.parsed_prices() == PARSED.prices
    assert ledger.span("Kraken") == (NOON - timedelta(days=9000), NOON, 3)
    assert ledger.span("nobody") == (None, None, 0)
    ledger.replace_parsed("Elsewhere", [Parsed([replace(TRANSACTIONS[2], account="Elsewhere")])], "1")
    assert ledger.transactions(["Elsewhere", "Nowhere"]) == ledger.transactions()[:1]


def stale(ledger: Ledger, account: str, stamp: str) -> bool:
    """Whether the records of an account are to be parsed (again): new ones came, or another parser."""
    last = max(ledger.last_rows().get(account, {"": 0}).values())
    return ledger.parsed_to().get(account) != (stamp, last)


@pytest.mark.sqlite("a dump of the file")
def test_a_dropped_cache_is_rebuilt_byte_for_byte(ledger: Ledger) -> None:
    ledger.replace_parsed("Kraken", [PARSED], "1")
    before = dump(ledger)
    assert len(before) == 2
    ledger.drop_cache()
    assert dump(ledger) == [] and ledger.transactions() == [] and stale(ledger, "Kraken", "1")
    for _ in range(2):
        ledger.replace_parsed("Kraken", [PARSED], "1")
        assert dump(ledger) == before


def test_the_cache_is_stale_after_new_records_or_another_parser(ledger: Ledger) -> None:
    keep(ledger, record("a"), record("b", account="Other"))
    for account in ("Kraken", "Other"):
        assert stale(ledger, account, "1")
        ledger.replace_parsed(account, [Parsed()], "1")
        assert not stale(ledger, account, "1") and stale(ledger, account, "2")
    keep(ledger, record("a"))
    assert not stale(ledger, "Kraken", "1")
    keep(ledger, record("a", "revised"))
    assert stale(ledger, "Kraken", "1") and not stale(ledger, "Other", "1")


def test_records_kept_while_others_are_parsed_leave_the_cache_stale(ledger: Ledger) -> None:
    keep(ledger, record("a"))
    assert len(list(ledger.records("Kraken"))) == 1
    with Ledger.open(ledger.folder, create=False) as another:
        keep(another, record("b"))
    ledger.replace_parsed("Kraken", [Parsed()], "1")
    assert stale(ledger, "Kraken", "1")
    assert len(list(ledger.records("Kraken"))) == 2
    ledger.replace_parsed("Kraken", [Parsed()], "1")
    assert not stale(ledger, "Kraken", "1")


@pytest.mark.parametrize(
    "bad",
    [
        Parsed(balances=[Balance("K", "BTC", Decimal("NaN"), NOON)]),
        Parsed(prices=[Price("BTC", "USD", Decimal("Infinity"), "k", at=NOON)]),
    ],
)
def test_no_number_is_refused_wherever_it_stands(ledger: Ledger, bad: Parsed) -> None:
    with pytest.raises(ValueError, match="not an exact number"):
        ledger.replace_parsed("K", [bad], "1")


@pytest.mark.parametrize(
    ("at", "quantity", "said"),
    [
        (datetime(2025, 1, 1), Decimal(1), "no time zone"),  # noqa: DTZ001
        (NOON, Decimal("NaN"), "not an exact number"),
        (NOON, 0.1, "not an exact number"),
    ],
)
def test_inexact_values_are_refused_in_one_line(ledger: Ledger, at: datetime, quantity: Decimal, said: str) -> None:
    bad = Parsed([Transaction("1", at, "K", sent=Amount(quantity, "BTC"))])
    with pytest.raises(ValueError, match=said) as refused:
        ledger.replace_parsed("K", [bad], "1")
    assert "\n" not in str(refused.value)
    assert stale(ledger, "K", "1")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=20), st.datetimes(timezones=st.just(UTC)))
def test_kept_texts_are_exact_and_sort_as_their_values(number: Decimal, at: datetime) -> None:
    row = price_row(Price("BTC", "USD", number, "file p", at=at), NOON, 1)
    kept = price_of([row[PRICE_ROW.index(name)] for name in ("asset", "currency", "price", "source", "at", "day")])
    assert (kept.price, kept.at) == (number, at)
    assert len(instant_text(at)) == len(instant_text(NOON))
    assert (instant_text(at) < instant_text(NOON)) == (at < NOON)


# ---- pages --------------------------------------------------------------------------------------

assets = st.sampled_from(["BTC", "ETH", "USD", "é\u2028💰"])
amounts = st.none() | st.builds(
    Amount, st.decimals(min_value=0, allow_nan=False, allow_infinity=False, places=8), assets
)
said = st.builds(
    Transaction,
    id=st.text("0123456789abcdef", min_size=16, max_size=16),
    at=st.datetimes(timezones=st.just(UTC)),
    account=st.just("Kraken"),
    sent=amounts,
    received=amounts,
    fee=amounts,
    net_worth=amounts,
    label=st.none() | st.sampled_from(Label),
    description=st.sampled_from(["", 'a "quote", a [list], a \\ and a \0', "12", "null"]),
    txhash=st.sampled_from(["", "0xAB"]),
    source=st.sampled_from(["kraken", "universal"]),
    source_id=st.text(st.characters(codec="utf-8"), max_size=5),
    position=st.integers(-(2**63), 2**63 - 1),
)


@given(st.lists(said, min_size=1, max_size=8))
def test_a_page_gives_back_what_was_put_into_it(some: list[Transaction]) -> None:
    (page,) = pages_of("Kraken", map(row_of, some))
    assert (page.account, page.count) == ("Kraken", len(some))
    assert page.last == instant_text(max(t.at for t in some))
    assert transactions_of("Kraken", page.content) == some
    assert list(map(said_by, transactions_of("Kraken", page.content))) == list(map(said_by, some))


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 3 * PAGE)), max_size=8))
def test_pages_are_the_same_however_their_rows_come(portions: list[tuple[str, int]]) -> None:
    pages, found, whole = Pages(), [], dict[str, list[tuple[object, ...]]]()
    number = 0
    for account, count in portions:
        rows = [(f"{n}", *("x",) * (len(COLUMNS) - 1)) for n in range(number, number + count)]
        number += count
        found += pages.add((account, row) for row in rows)
        whole.setdefault(account, []).extend(rows)
    found += pages.rest()
    for account, rows in whole.items():
        assert [page for page in found if page.account == account] == list(pages_of(account, iter(rows)))


def many(count: int) -> list[Transaction]:
    """Transactions of one account that are not in the order of their instants."""
    return [
        replace(TRANSACTIONS[1], id=f"{n}", source="kraken", at=NOON + timedelta(hours=n * 7919 % count))
        for n in range(count)
    ]


def test_transactions_of_one_instant_stay_by_account_and_in_their_order(ledger: Ledger) -> None:
    one, other = many(2 * PAGE + 1), [replace(t, account="Bitstamp") for t in many(PAGE)]
    other = [replace(t, at=NOON) for t in other]
    ledger.replace_parsed("Kraken", [Parsed(one[:7]), Parsed(one[7:])], "1")
    ledger.replace_parsed("Bitstamp", [Parsed(other)], "1")
    assert ledger.transactions() == sorted([*other, *one], key=lambda t: t.at)
    assert ledger.span("Kraken") == (NOON, max(t.at for t in one), len(one))
    assert ledger.span("Kraken", besides="kraken") == (None, None, 0)
    assert ledger.last_after(NOON) == {"Kraken": max(t.at for t in one)}
    assert ledger.contents_until(NOON).keys() == set()
    until = ledger.contents_until(NOON + timedelta(hours=3))
    assert until.keys() == {t.id for t in [*one, *other] if t.at < NOON + timedelta(hours=3)}
    assert until[one[0].id][0] == instant_text(one[0].at)


def test_the_view_shows_a_row_for_each_transaction(ledger: Ledger) -> None:
    """For whoever looks into the file by another program: but for a NUL."""
    ledger.replace_parsed("Kraken", [PARSED], "1")
    shown = ledger._rows(f"SELECT account, number, {', '.join(COLUMNS)} FROM txn ORDER BY account, number")
    numbered = list(enumerate(TRANSACTIONS))
    assert [row[:2] for row in shown] == [("Kraken", n) for n, _ in numbered]
    wanted = [row_of(replace(t, description=t.description.replace("\0", ""))) for t in TRANSACTIONS]
    if LEDGERS:  # PostgreSQL has a list's numbers as texts
        wanted = [tuple(None if value is None else str(value) for value in row) for row in wanted]
    assert [row[2:] for row in shown] == wanted


# ---- damage -------------------------------------------------------------------------------------

BY_HAND = {
    "a quantity": "UPDATE said SET content = replace(content, '2.5', '3.5')",
    "a seal, too": "UPDATE said SET content = '[]', seal = '4f53cda18c2baa0c0354bb5f9a3ecbe5'",
    "an instant": "UPDATE said SET last = '2030-01-01T00:00:00.000000+00:00'",
    "no text": "UPDATE said SET content = CAST(x'ff00' AS BLOB)",
    "a page": "DELETE FROM said WHERE number > 0",
    "all pages": "DELETE FROM said",
    "another order": "UPDATE said SET number = 999999 WHERE number = 0",
    "a page more": "INSERT INTO said SELECT 'Other', number, last, seal, content FROM said",
    "a balance": "UPDATE parsed SET balances = '[]'",
    "no balance": "UPDATE parsed SET balances = CAST(x'ff00' AS BLOB)",
    "a price": "UPDATE parsed SET prices = replace(prices, '94000', '49000')",
    "a problem": "UPDATE parsed SET issues = '[]'",
}
ASKED: dict[str, Callable[[Ledger], object]] = {
    "transactions": Ledger.transactions,
    "span": lambda ledger: ledger.span("Other" if ledger.transactions(["Other"]) else "Kraken"),
    "contents": lambda ledger: ledger.contents_until(NOON),
    "last": lambda ledger: (ledger.last_after(NOON), ledger.transactions()),
    "balances": lambda ledger: (ledger.balances(), ledger.transactions()),
}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("change", BY_HAND)
@pytest.mark.sqlite("values that PostgreSQL's columns refuse")
def test_what_a_hand_has_made_of_the_cache_is_told_forgotten_and_read_anew(
    ledger: Ledger, change: str, asked: str
) -> None:
    parsed = [PARSED, Parsed(many(2 * PAGE))]
    ledger.replace_parsed("Kraken", parsed, "1")
    before = ledger.transactions()
    with ledger.transaction():
        assert ledger._run(BY_HAND[change])
    with pytest.raises(LedgerError, match=r"is damaged \(what was read of the records of (Kraken|Other) was") as told:
        ASKED[asked](ledger)
    assert "run again, and it is read anew; then make a backup" in str(told.value) and "\n" not in str(told.value)
    if change != "a page more":
        assert ledger.transactions() == [] and ledger.parsed_to() == {}
    ledger.replace_parsed("Kraken", parsed, "1")
    assert ledger.transactions() == before


def test_what_can_not_be_forgotten_now_says_what_to_do(ledger: Ledger) -> None:
    ledger.replace_parsed("Kraken", [PARSED], "1")
    with ledger.transaction():
        ledger._run("UPDATE parsed SET balances = '[]'")
    with ledger.snapshot(), pytest.raises(LedgerError, match="run `taxsync status` where it can be written, and again"):
        ledger.transactions()
    with pytest.raises(LedgerError, match="run again, and it is read anew"):
        ledger.transactions()
    assert ledger.transactions() == []


def test_a_parser_that_speaks_of_another_account_is_refused(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="says a transaction of Elsewhere"):
        ledger.replace_parsed("Kraken", [Parsed([replace(TRANSACTIONS[1], account="Elsewhere")])], "1")
    assert ledger.transactions() == []
