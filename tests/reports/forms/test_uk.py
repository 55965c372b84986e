"""United Kingdom: SA108's boxes and the computation, by HMRC's own examples."""

from decimal import Decimal as D

from pipeline.model import Kind
from tests.ledgers import buy, receive, sell
from tests.reports.example import at, disposal
from tests.reports.forms.made import filed, form, line, made, rows, written


def test_the_boxes_of_hmrcs_example_of_thirty_days_and_a_pool() -> None:
    # CRYPTO22255: 14,000 bought for 200,000; 4,000 sold for 160,000, 500 bought back for 17,500 within 30 days
    example = (
        buy("2020-01-01", "14000 TOK", "200000 GBP"),
        sell("2020-08-30", "4000 TOK", "160000 GBP"),
        buy("2020-09-11", "500 TOK", "17500 GBP"),
    )
    report = filed("uk", 2021, *example)
    assert written(report, "sa108") == {"14": D(1), "15": D(160000), "16": D(67500), "17": D(92500), "19": D(0)}
    assert [
        (r["disposal"], r["matched_with"], r["quantity"], r["gain"]) for r in rows(report, "sa108_computation")
    ] == [
        (1, "thirty-day", D(500), D("2500.00")),
        (1, "pool", D(3500), D("90000.00")),
    ]
    assert any("from memory" in note for note in form(report, "sa108").notes(report))


def test_boxes_are_rounded_once_in_the_taxpayers_favour() -> None:
    # HMRC rounds an allowable cost of 937.50 to 938, and the gain of 462.50 to 462
    report = filed("uk", 2025, buy("2024-05-01", "4 TOK", "1250 GBP"), sell("2024-06-01", "3 TOK", "1400 GBP"))
    assert written(report, "sa108") == {"13.1": D(1), "13.2": D(1400), "13.3": D(938), "13.4": D(462), "13.5": D(0)}
    (cost,) = [r for r in rows(report, "sa108") if r["line"] == "13.3"]
    assert (cost["exact"], cost["difference"]) == (D("937.5"), D("0.5"))


def test_what_is_sold_of_a_token_on_a_day_is_one_disposal_whose_gain_is_told_as_one() -> None:
    report = filed(
        "uk", 2025,
        buy("2024-05-01", "10 TOK", "1000 GBP"), buy("2024-05-01", "1 OTHER", "50 GBP"),
        sell("2024-06-01 10:00", "1 TOK", "150 GBP"), sell("2024-06-01 11:00", "1 TOK", "80 GBP"),
        sell("2024-06-01 12:00", "1 OTHER", "30 GBP"), sell("2025-04-06", "1 TOK", "999 GBP"),
    )  # fmt: skip
    assert written(report, "sa108") == {"13.1": D(2), "13.2": D(260), "13.3": D(250), "13.4": D(30), "13.5": D(20)}
    assert [r["disposal"] for r in rows(report, "sa108_computation")] == [1, 2, 2]


def test_a_negligible_value_claim_has_its_code() -> None:
    claim = disposal(
        "claim TOK 2025-01-01", proceeds=D(1), cost_basis=D(901), kind=Kind.LOST, disposed_at=at("2025-01-01")
    )
    boxes = written(made("uk", 2025, claim), "sa108")
    assert (boxes["13.1"], boxes["13.5"], boxes["13.6"]) == (D(1), D(900), "NVC")
    assert "13.6" not in written(made("uk", 2024, claim), "sa108")


def test_what_has_no_price_is_told() -> None:
    report = filed("uk", 2025, receive("2024-05-01", "1 TOK", "reward"), sell("2024-06-01", "1 TOK", "5 GBP"))
    assert line(report, "sa108", "13.2") == D(5)
    assert form(report, "sa108").notes(report)[-1].startswith("1 receipt(s) without a known price can't be filed")


def test_gains_at_the_new_rates_of_2024_25_are_told_for_box_51() -> None:
    bought, late = buy("2024-05-01", "10 TOK", "1000 GBP"), sell("2024-10-30", "2 TOK", "260.50 GBP")
    early = sell("2024-10-29 12:00", "1 TOK", "150 GBP")
    both, before = filed("uk", 2025, bought, early, late), filed("uk", 2025, bought, early)
    (told,) = [note for note in form(both, "sa108").notes(both) if "box 51" in note]
    assert told.startswith("Of the gains 60.50 are of 30 October 2024 and after")
    assert not any("box 51" in note for note in form(before, "sa108").notes(before))
