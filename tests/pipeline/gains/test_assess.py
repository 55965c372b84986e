"""What a row is by a country's rules: units that come, go or move, at which cost and proceeds, and income.

Each line reads 'what happened' -> the flows it comes to. Amounts are in USD; the day's prices are
BTC 90,000, ETH 3,000, EUR 1.03; DUST has none.
"""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from pipeline.gains.assess import Assessed, assess
from pipeline.gains.match import match
from pipeline.gains.migrate import migrated
from pipeline.gains.value import PriceBook, value
from pipeline.model import Acquire, Convert, Dispose, Flow, Move, Transaction
from pipeline.money import exact, plain
from pipeline.rules.base import rules_of
from tests.ledgers import COUNTRIES, Rows, at, basis, buy, ledger, move, prices, receive, row, sell, send, swap

DAY = "2025-02-03"
KNOWN = ("BTC 90000 USD", "ETH 3000 USD", "EUR 1.03 USD")
PRICES = prices(*(f"{day} {price}" for day in (DAY, "2024-02-03") for price in KNOWN))
LABELS_IN = ("reward", "mining", "airdrop", "fork", "income", "interest")


def assessed(*rows: Rows, country: str = "us") -> Assessed:
    by = basis(country)
    with exact():
        events, _ = migrated(*match(ledger(*rows)))
        return assess(value(events, PriceBook(PRICES, by.currency, by.zone)), by.rules, by.currency, by.zone)


def flows(*rows: Rows, country: str = "us") -> list[str]:
    return [text(f) for f in assessed(*rows, country=country).flows]


def text(f: Flow) -> str:
    what = f"{plain(f.quantity)} {f.asset}"
    if isinstance(f, Acquire):
        return f"+{what} cost {figure(f.cost)}"
    if isinstance(f, Move):
        return f"{what} {f.account} to {f.into or 'nowhere'}"
    if isinstance(f, Convert):
        return f"{what} become {plain(f.into_quantity)} {f.into}"
    gain = "" if f.gain else " no gain"
    return f"-{what} for {figure(f.proceeds)} {f.kind}{gain}" + (f" of {f.units_of}" if f.units_of else "")


def figure(number: Decimal | None) -> str:
    return "?" if number is None else plain(number)


def problems(one: Assessed) -> list[tuple[str, str, str]]:
    return [(i.code, i.asset, i.details.get("what", "")) for i in one.issues]


# ---- trades -----------------------------------------------------------------------------------------

TRADES = {
    "a purchase": (buy(DAY, "1 BTC", "80000 USD"), ["+1 BTC cost 80000"]),
    "a purchase's fee is part of its cost": (buy(DAY, "1 BTC", "80000 USD", "30 USD"), ["+1 BTC cost 80030"]),
    "in euro, the fee too": (buy(DAY, "1 BTC", "80000 EUR", "100 EUR"), ["+1 BTC cost 82503"]),
    "a purchase's fee in what was bought is a cost and a disposal": (
        buy(DAY, "1 BTC", "80000 USD", "0.001 BTC"),
        ["+1 BTC cost 80080", "-0.001 BTC for 80 fee"],
    ),
    "a sale": (sell(DAY, "1 BTC", "80000 USD"), ["-1 BTC for 80000 sale"]),
    "a sale's fee lessens its proceeds": (sell(DAY, "1 BTC", "80000 USD", "30 USD"), ["-1 BTC for 79970 sale"]),
    "in what was sold: units leave for the whole": (
        sell(DAY, "1 BTC", "80000 USD", "0.001 BTC"),
        ["-1 BTC for 79920 sale", "-0.001 BTC for 80 fee"],
    ),
    "in a third asset": (sell(DAY, "1 BTC", "80000 USD", "0.1 ETH"), ["-1 BTC for 79700 sale", "-0.1 ETH for 300 fee"]),
    "a fee of all the proceeds": (sell(DAY, "1 BTC", "80000 USD", "80000 USD"), ["-1 BTC for 0 sale"]),
    "a fee above the proceeds": (sell(DAY, "1 DUST", "1 USD", "3 USD"), ["-1 DUST for -2 sale"]),
    "a fee as large as what was sold": (
        sell(DAY, "1 ETH", "3000 USD", "1 ETH"),
        ["-1 ETH for 0 sale", "-1 ETH for 3000 fee"],
    ),
    # Treas. Reg. 1.1012-1(h)(2)(ii)(B): all costs of a swap belong to what was given up
    "a swap": (swap(DAY, "1 BTC", "29 ETH", fee="50 USD"), ["-1 BTC for 86950 trade", "+29 ETH cost 87000"]),
    "a swap's fee in what was given": (
        swap(DAY, "9 ETH", "1 DUST", "18000 USD", "1 ETH"),
        ["-9 ETH for 16000 trade", "+1 DUST cost 18000", "-1 ETH for 2000 fee"],
    ),
    # from 2025 the units withheld are the ones just received: Treas. Reg. 1.1012-1(j)(3)(iii)
    "a swap's fee in what was received": (
        swap(DAY, "1 BTC", "30 ETH", fee="0.1 ETH"),
        ["-1 BTC for 89700 trade", "+30 ETH cost 90000", "-0.1 ETH for 300 fee of t1"],
    ),
    "the same in 2024": (
        swap("2024-02-03", "1 BTC", "30 ETH", fee="0.1 ETH"),
        ["-1 BTC for 89700 trade", "+30 ETH cost 90000", "-0.1 ETH for 300 fee"],
    ),
    "a swap's fee in a third asset": (
        swap(DAY, "1 DUST", "30 ETH", fee="0.01 BTC"),
        ["-1 DUST for 89100 trade", "+30 ETH cost 90000", "-0.01 BTC for 900 fee"],
    ),
    "money against money": (row(DAY, "100 EUR", "103 USD", "1 EUR"), []),
    "money against money, the fee in crypto": (row(DAY, "100 EUR", "103 USD", "0.01 ETH"), ["-0.01 ETH for 30 fee"]),
}


@pytest.mark.parametrize(("what", "expected"), TRADES.values(), ids=TRADES)
def test_a_trade(what: Rows, expected: list[str]) -> None:
    one = assessed(what)
    assert ([text(f) for f in one.flows], one.incomes, one.issues) == (expected, [], [])


def test_the_price_of_what_a_swap_brought_is_looked_up_also_where_that_of_the_other_side_serves() -> None:
    assert [need.asset for need in assessed(swap(DAY, "1 BTC", "29 ETH")).needs] == ["ETH"]
    assert not assessed(swap(DAY, "1 BTC", "29 ETH", "87000 USD")).needs
    assert not assessed(buy(DAY, "1 BTC", "80000 EUR")).needs


def test_the_fee_and_the_sale_together_bring_what_was_paid() -> None:
    one = assessed(sell(DAY, "3 ETH", "10000 USD", "0.007 ETH"))
    assert sum(f.proceeds for f in one.flows if isinstance(f, Dispose) and f.proceeds) == 10000


@pytest.mark.parametrize(
    ("what", "expected", "asset", "needed"),
    [
        (swap(DAY, "1 DUST", "2 SPAM"), ["-1 DUST for ? trade", "+2 SPAM cost ?"], "SPAM", "DUST SPAM"),
        (swap(DAY, "1 DUST", "2 SPAM", "9 CHF"), ["-1 DUST for ? trade", "+2 SPAM cost ?"], "SPAM", "CHF DUST SPAM"),
        (sell(DAY, "1 DUST", "90 CHF", "5 USD"), ["-1 DUST for ? sale"], "CHF", "CHF DUST"),
        (buy(DAY, "1 DUST", "90 CHF"), ["+1 DUST cost ?"], "DUST", "CHF DUST"),
    ],
)
def test_a_trade_that_nothing_prices_has_no_figure_and_says_what_would_give_one(
    what: Rows, expected: list[str], asset: str, needed: str
) -> None:
    one = assessed(what)
    assert [text(f) for f in one.flows] == expected
    assert problems(one) == [("missing_price", asset, "its value")]
    assert sorted({need.asset for need in one.needs}) == needed.split()


def test_money_that_the_row_names_is_looked_up_though_the_assets_price_is_known() -> None:
    """80,000 francs were paid: that is the cost, not the day's closing price of a bitcoin."""
    for one in (
        assessed(buy(DAY, "1 BTC", "80000 CHF")),
        assessed(sell(DAY, "1 BTC", "80000 CHF")),
        assessed(receive(DAY, "1 BTC", "reward", worth="80000 CHF")),
        assessed(send(DAY, "1 BTC", "spend", worth="80000 CHF")),
    ):
        assert (one.issues, [need.asset for need in one.needs]) == ([], ["CHF"])
    assert assessed(buy(DAY, "1 BTC", "80000 CHF", "5 USD")).needs[0].asset == "CHF"
    assert assessed(row(DAY, "80000 CHF", "1 BTC", worth="90000 USD")).needs == []


@pytest.mark.parametrize(
    ("what", "expected", "asset"),
    [
        (sell(DAY, "1 BTC", "80000 USD", "9 CHF"), ["-1 BTC for 80000 sale"], "CHF"),
        (buy(DAY, "1 BTC", "80000 USD", "9 DUST"), ["+1 BTC cost 80000", "-9 DUST for ? fee"], "DUST"),
        (receive(DAY, "1 ETH", "reward", fee="9 CHF"), ["+1 ETH cost 3000"], "CHF"),
        (send(DAY, "1 ETH", "spend", fee="9 DUST"), ["-1 ETH for 3000 spend", "-9 DUST for ? fee"], "DUST"),
    ],
)
def test_an_unknown_fee_lessens_nothing_and_is_a_problem_of_its_own(
    what: Rows, expected: list[str], asset: str
) -> None:
    one = assessed(what)
    assert [text(f) for f in one.flows] == expected
    assert problems(one) == [("missing_price", asset, "fee")]
    assert [need.asset for need in one.needs] == [asset]


def test_a_fee_that_no_figure_rests_on_is_no_problem() -> None:
    for what in (
        receive(DAY, "100 CHF", fee="1 CHF"),
        send(DAY, "100 CHF", fee="1 CHF"),
        row(DAY, "9 CHF", "9 USD", "1 CHF"),
    ):
        assert assessed(what) == Assessed()
    for what in (
        receive(DAY, "1 BTC", fee="1 CHF"),
        send(DAY, "1 BTC", fee="1 CHF"),
        send(DAY, "1 BTC", "gift", fee="1 CHF"),
    ):
        assert assessed(what).issues == []


# ---- receipts and outlays ---------------------------------------------------------------------------


@pytest.mark.parametrize("country", ["us", "generic"])
@pytest.mark.parametrize("label", LABELS_IN)
def test_earned_units_are_income_at_their_value_which_they_cost(label: str, country: str) -> None:
    one = assessed(receive(DAY, "2 ETH", label), country=country)
    assert [text(f) for f in one.flows] == ["+2 ETH cost 6000"]
    assert [(i.kind, i.quantity, i.value, str(i.day)) for i in one.incomes] == [(label, 2, 6000, DAY)]


@pytest.mark.parametrize(
    ("country", "label", "expected", "codes"),
    [
        ("us", "cashback", ["+2 ETH cost 6000"], []),
        ("us", "gift", ["+2 ETH cost ?"], ["unknown_basis"]),  # the donor's: 26 USC 1015
        ("us", "", ["+2 ETH cost ?"], []),  # match has told of it
        ("generic", "cashback", ["+2 ETH cost 6000"], []),
        ("generic", "gift", ["+2 ETH cost 6000"], []),
        ("generic", "", ["+2 ETH cost ?"], []),
    ],
)
def test_what_is_not_earned_is_no_income(country: str, label: str, expected: list[str], codes: list[str]) -> None:
    one = assessed(receive(DAY, "2 ETH", label), country=country)
    assert ([text(f) for f in one.flows], one.incomes, [i.code for i in one.issues]) == (expected, [], codes)


def test_earned_money_is_income_and_no_units() -> None:
    one = assessed(receive(DAY, "100 EUR", "interest"))
    assert (one.flows, [i.value for i in one.incomes]) == ([], [103])
    assert assessed(receive(DAY, "100 EUR", "gift")) == assessed(receive(DAY, "100 CHF", "cashback")) == Assessed()


def test_income_without_a_price_is_unknown_not_nothing() -> None:
    one = assessed(receive(DAY, "5 DUST", "airdrop"))
    assert ([text(f) for f in one.flows], [i.value for i in one.incomes]) == (["+5 DUST cost ?"], [None])
    assert problems(one) == [("missing_price", "DUST", "airdrop received")]
    worthless = assessed(receive(DAY, "5 DUST", "airdrop", worth="0 USD"))
    assert ([text(f) for f in worthless.flows], [i.value for i in worthless.incomes]) == (["+5 DUST cost 0"], [0])


def test_a_receipts_fee_joins_its_cost_and_leaves() -> None:
    assert flows(receive(DAY, "2 ETH", "reward", fee="0.1 ETH")) == ["+2 ETH cost 6300", "-0.1 ETH for 300 fee"]
    assert flows(receive(DAY, "2 ETH", fee="0.1 ETH")) == ["+2 ETH cost ?", "-0.1 ETH for 300 fee"]


@pytest.mark.parametrize("country", ["us", "generic"])
@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("spend", "-1 ETH for 2990 spend"),
        ("cost", "-1 ETH for 2990 fee"),
        ("gift", "-1 ETH for 3000 gift no gain"),
        ("donation", "-1 ETH for 3000 donation no gain"),
        ("lost", "-1 ETH for 3000 lost no gain"),
    ],
)
def test_each_label_sent(label: str, expected: str, country: str) -> None:
    one = assessed(send(DAY, "1 ETH", label, fee="10 USD"), country=country)
    assert ([text(f) for f in one.flows], one.incomes, one.issues) == ([expected], [], [])


@pytest.mark.parametrize("label", ["gift", "donation", "lost"])
def test_where_no_gain_is_computed_no_price_is_needed_but_the_fee_is_a_disposal(label: str) -> None:
    one = assessed(send(DAY, "7 DUST", label, fee="0.01 ETH"))
    assert [text(f) for f in one.flows] == [f"-7 DUST for ? {label} no gain", "-0.01 ETH for 30 fee"]
    assert (one.issues, one.needs) == ([], [])


def test_what_is_spent_without_a_price_is_a_problem() -> None:
    assert problems(assessed(send(DAY, "7 DUST", "spend"))) == [("missing_price", "DUST", "spend sent")]
    assert assessed(send(DAY, "100 CHF", "spend")) == Assessed()


def test_a_fee_alone_is_a_disposal() -> None:
    assert flows(row(DAY, fee="0.01 ETH")) == ["-0.01 ETH for 30 fee"]


# ---- margin and derivatives -------------------------------------------------------------------------

MARGIN = {
    "a profit in money is a result and no units": (
        receive(DAY, "100 EUR", "margin", fee="10 EUR"), [], ["+100 EUR 103 profit", "-10 EUR -10.3 fee"],
    ),
    "one in coins costs what it was worth, the fee in coins leaves": (
        receive(DAY, "1 ETH", "margin", fee="0.1 ETH"),
        ["+1 ETH cost 3000", "-0.1 ETH for 300 fee"],
        ["+1 ETH 3000 profit", "-0.1 ETH -300 fee"],
    ),
    "a loss in money": (send(DAY, "100 USD", "margin", fee="1 USD"), [], ["-100 USD -100 loss", "-1 USD -1 fee"]),
    "one in coins is a disposal of those, at market value: the fee is the result's": (
        send(DAY, "1 ETH", "margin", fee="10 USD"),
        ["-1 ETH for 3000 spend"],
        ["-1 ETH -3000 loss", "-10 USD -10 fee"],
    ),
    "its own value counts first": (
        send(DAY, "1 ETH", "margin", worth="2500 USD"), ["-1 ETH for 2500 spend"], ["-1 ETH -2500 loss"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("country", ["us", "uk", "es"])
@pytest.mark.parametrize("what", MARGIN)
def test_results_of_margin_stand_apart_and_are_no_income(what: str, country: str) -> None:
    rows, expected, results = MARGIN[what]
    one = assessed(rows, country=country)
    found = [
        f"{'+' * (d.quantity > 0)}{plain(d.quantity)} {d.asset} {figure(d.value)} {d.what}" for d in one.derivatives
    ]
    assert ([text(f) for f in one.flows], found, one.incomes, one.issues) == (expected, results, [], [])


@pytest.mark.parametrize("what", [receive(DAY, "5 CHF", "margin"), send(DAY, "7 DUST", "margin")])
def test_a_result_without_a_price_is_unknown_and_a_problem_except_where_none_is_taxed(what: Transaction) -> None:
    one = assessed(what)
    assert [d.value for d in one.derivatives] == [None]
    assert [(code, words) for code, _, words in problems(one)] == [
        ("missing_price", f"{one.derivatives[0].what} of margin or derivatives")
    ]
    free = assessed(what, country="nl")
    assert (len(free.derivatives), free.issues) == (1, [])


# ---- transfers --------------------------------------------------------------------------------------


def test_a_transfer_moves_units_and_its_fees_are_disposals_and_no_cost() -> None:
    out = send(DAY, "2 ETH", fee="0.01 ETH", txhash="aa")
    into = receive(f"{DAY} 12:30", "1.9 ETH", fee="0.02 ETH", account="Ledger", txhash="aa")
    one = assessed(out, into)
    assert [text(f) for f in one.flows] == [
        "1.9 ETH Kraken to Ledger",
        "-0.01 ETH for 30 fee",
        "-0.1 ETH for 300 fee",  # withheld on the way
        "-0.02 ETH for 60 fee",
    ]
    assert [(f.id, f.account) for f in one.flows] == [
        ("t1", "Kraken"), ("t1.fee", "Kraken"), ("t1.lost", "Kraken"), ("t2.fee", "Ledger"),
    ]  # fmt: skip


def test_a_withdrawal_to_nowhere_moves_and_is_not_disposed_of() -> None:
    assert flows(send(DAY, "2 ETH", fee="0.01 ETH")) == ["2 ETH Kraken to nowhere", "-0.01 ETH for 30 fee"]
    assert flows(send(DAY, "100 EUR", fee="0.01 ETH")) == ["-0.01 ETH for 30 fee"]
    assert flows(move(DAY, "5 DUST", "Kraken", "Ledger", fee="1 CHF")) == ["5 DUST Kraken to Ledger"]


# ---- migrations -------------------------------------------------------------------------------------


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_coin_in_another_form_is_disposed_of_in_no_country(country: str) -> None:
    """Whatever the row's amounts were rounded to, and though nothing prices it."""
    one = assessed(swap(DAY, "7.12345678 MATIC", "7.12 POL"), country=country)
    assert [text(f) for f in one.flows] == ["7.12345678 MATIC become 7.12 POL"]
    assert [(i.code, i.severity, i.ref) for i in one.issues] == [("migration", "info", "t1")] * rules_of(country).gains
    assert (one.needs, one.incomes) == ([], [])


def test_a_row_between_two_names_of_one_coin_is_nothing() -> None:
    one = assessed(swap(DAY, "5 XNO", "5 XNO"))  # NANO for XNO, as the ledger names them
    assert ([text(f) for f in one.flows], one.issues) == (["5 XNO become 5 XNO"], [])


def test_a_migrations_fee_is_a_disposal_like_any_other() -> None:
    lines = flows(swap(DAY, "7 MATIC", "7 POL", fee="0.01 ETH"))
    assert lines == ["7 MATIC become 7 POL", "-0.01 ETH for 30 fee"]


@pytest.mark.parametrize(
    "what",
    [
        swap("2024-09-03", "7 MATIC", "7 POL", worth="3 USD"),  # before there was one
        swap(DAY, "7 POL", "7 MATIC", worth="3 USD"),  # back
        swap(DAY, "7 MATIC", "7 SKY", worth="3 USD"),
    ],
)
def test_no_other_swap_is_a_migration(what: Rows) -> None:
    one = assessed(what)
    assert ([type(f) for f in one.flows], one.issues) == ([Dispose, Acquire], [])


def test_a_merger_of_projects_is_a_trade_that_names_the_alternative() -> None:
    row = swap(DAY, "100 AGIX", "43.335 FET", worth="60 USD")
    one = assessed(row)
    assert [text(f) for f in one.flows] == ["-100 AGIX for 60 trade", "+43.335 FET cost 60"]
    assert [(i.code, i.severity) for i in one.issues] == [("merged_coin", "warning")]
    assert "43.335 FET" in one.issues[0].message and "the alternative is no disposal" in one.issues[0].remedy
    neutral = assessed(row, country="fr")
    assert ([text(f) for f in neutral.flows], neutral.issues) == (["100 AGIX become 43.335 FET"], [])


@pytest.mark.parametrize(
    ("out", "into"), [(DAY, f"{DAY} 18:00"), (f"{DAY} 18:00", DAY)], ids=["the old coin first", "the new coin first"]
)
def test_two_rows_of_a_migration_are_one_at_the_earlier_instant(out: str, into: str) -> None:
    """What arrived may have been sold before the old coin's row is written."""
    one = assessed(send(out, "250 LEND", fee="0.01 ETH"), receive(into, "2.5 AAVE"))
    assert [text(f) for f in one.flows] == ["250 LEND become 2.5 AAVE", "-0.01 ETH for 30 fee"]
    assert (one.flows[0].id, one.flows[0].at) == ("t1", at(DAY))
    assert [i.code for i in one.issues] == ["migration"]


# ---- two coins of one code --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "out", "into", "source", "warned"),
    [
        ("BIFI", "Gate.io", "Binance", "universal", True),
        ("BIFI", "Binance", "Gate.io", "universal", True),
        ("GTC", "htx", "Kraken", "universal", True),
        ("UST", "Bitfinex", "Bitstamp", "universal", True),
        ("BIFI", "Gate.io", "HTX", "universal", False),  # the same other coin at both
        ("BIFI", "Gate.io", "Ledger", "universal", False),  # no exchange, no meaning of its own
        ("ETH", "Gate.io", "Binance", "universal", False),
        ("BIFI", "bybit", "binance", "api", False),  # the exchanges' own records
    ],
)
def test_a_transfer_between_exchanges_that_mean_two_coins_by_its_code_is_asked_about(
    code: str, out: str, into: str, source: str, warned: bool
) -> None:
    rows = move(DAY, f"5 {code}", out, into)
    one = assessed(tuple(replace(t, source=t.account if source == "api" else source) for t in rows))
    assert [text(f) for f in one.flows] == [f"5 {code} {out} to {into}"]
    assert [(i.code, i.ref, i.details["other"]) for i in one.issues] == [("two_coins", "t1", into)] * warned
