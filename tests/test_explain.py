"""`taxsync explain`: every figure, back to what was received, with arithmetic that anybody can compute again."""

import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.gains.derive import Basis, derived
from pipeline.gains.trace import Trace
from pipeline.ledger import Ledger
from pipeline.model import Page, RawRecord, Result, Rule, transaction_id
from pipeline.money import exact, plain
from pipeline.rules.base import Scope
from pipeline.run.explain import Explained
from pipeline.run.moved import Behind, Moved
from pipeline.run.why import Why
from pipeline.views_explain import explained_json
from tests.ledgers import ALL, Drawn, basis, buy, ledger, ledgers, move, prices, sell, swap
from tests.person import ROOT, Person

Node = dict[str, Any]
HEADER = (
    "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,Label,TxHash,ID\n"
)
ROWS = (
    "2022-01-05T12:00:00Z,Kraken,1000,USD,1,BTC,7,USD,,,one\n"
    "2022-02-05T12:00:00Z,Kraken,2000,USD,1,BTC,,,,,two\n"
    "2024-06-05T12:00:00Z,Kraken,0.3,BTC,900,USD,3,USD,,,early\n"
    "2025-03-05T12:00:00Z,Kraken,1,BTC,,,0.001,BTC,,0xabcdef,out\n"
    "2025-03-05T12:20:00Z,Ledger,,,1,BTC,,,,0xabcdef,in\n"
    "2025-03-06T12:00:00Z,Kraken,,,0.25,BTC,,,,,came\n"
    "2025-06-05T12:00:00Z,Ledger,0.9,BTC,2700,USD,5,USD,,,sale\n"
)
PRICES = "Date,Asset,Currency,Price\n2025-03-05,BTC,USD,2000\n2025-03-06,BTC,USD,2100\n"


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


def kept(person: Person) -> str:
    """Two purchases, a transfer, a receipt that the person has labelled, sales; the digest of the file."""
    person.run("init", "--country", "us")
    name = person.write("rows.csv", HEADER + ROWS)
    person.run("import", name, person.write("prices.csv", PRICES))
    person.run("label", ref("came"), "reward", "--note", "for staking")
    return hashlib.sha256((person.home / name).read_bytes()).hexdigest()


def ref(id: str, account: str = "Kraken") -> str:
    return transaction_id(account, "rows", id)


def explained(person: Person, *arguments: str) -> Node:
    node: Node = json.loads(person.run("explain", *arguments, "--json").stdout)["explained"]
    recomputed(node)
    return node


def below(node: Node) -> Iterator[Node]:
    yield node
    for one in node["because"]:
        yield from below(one)


def facts(node: Node) -> dict[str, str]:
    return {fact["name"]: fact["text"] for fact in node["facts"]}


def find(node: Node, begin: str) -> Node:
    return next(one for one in below(node) if one["what"].startswith(begin))


def figures(node: Node) -> dict[str, str]:
    return {one["figure"]: one["value"] for one in node["arithmetic"]}


def recomputed(node: Node) -> None:
    """Every figure of the tree, computed again from what stands beside it; a share is cut after 24 decimals."""
    with exact():
        for one in (each for step in below(node) for each in step["arithmetic"]):
            total = Decimal(0)
            for term in one["terms"]:
                value = Decimal(term["value"])
                if term["share"] is not None:
                    part, whole = map(Decimal, term["share"])
                    value = value if part == whole else (value * part / whole).quantize(Decimal("1e-24"))
                value = value if term["times"] is None else value * Decimal(term["times"])
                total += -value if term["subtracted"] else value
            assert total == Decimal(one["value"]), one


def test_a_line_of_form_8949_is_followed_down_to_the_rows_it_came_from(person: Person) -> None:
    digest = kept(person)
    person.run("report", "--year", "2025", "--no-xlsx")
    paper = [row for row in person.rows("form_8949.csv") if row["part"] == "II"][1]
    node = explained(person, "--form", "II.2", "--year", "2025")
    assert facts(node) == {name: text for name, text in paper.items() if text}
    for other in ("II.L.2", "form_8949:2", "form_8949_turbotax.csv:2"):
        assert explained(person, "--form", other, "--year", "2025")["because"] == node["because"]
    (row, _) = (row for row in person.rows("disposals.csv") if row["disposal_id"] == ref("sale", "Ledger"))
    sale = find(node, f"disposal {row['disposal_id']}")
    part = find(sale, "part 1 of 2: 0.7 BTC")
    assert part["id"] == row["acquisition_id"] == ref("one")
    assert {name: facts(part)[name.replace("_", " ")] for name in ("proceeds", "cost_basis", "gain")} == {
        name: row[name] for name in ("proceeds", "cost_basis", "gain")
    }
    assert "proceeds 2695" in find(sale, "proceeds ")["what"] and facts(find(sale, "value 2700"))["from"]
    lot = find(part, f"lot {ref('one')}")
    assert (figures(lot)["cost"], figures(lot)["cost of what was left"]) == ("1007", "704.9")
    moved = find(lot, "transfer ")
    assert moved["what"] == f"transfer {ref('out')}: 1 BTC from Kraken to Ledger"
    assert [facts(side)["hash"] for side in moved["because"]] == ["0xabcdef", "0xabcdef"]
    assert [side["id"] for side in moved["because"]] == [ref("out"), ref("in", "Ledger")]
    assert find(lot, "dealt to Kraken on 2025-01-01")
    assert ref("early") in find(lot, f"lot {ref('one')} was used before")["because"][0]["what"]
    records = [facts(one) for one in below(node) if one["what"].startswith("record ")]
    assert {(one["from"], one["file"]) for one in records} == {
        (f"rows.csv row {n}", f"rows.csv, SHA-256 {digest}") for n in (2, 5, 6, 8)
    }
    assert json.loads(records[-1]["as received"])["Received Amount"] == "2700"


def test_a_receipt_says_its_value_its_answer_its_revisions_and_what_used_it(person: Person) -> None:
    kept(person)
    revised = HEADER + ROWS.replace("0.25,BTC", "0.5,BTC") + "2025-07-05T12:00:00Z,Kraken,0.4,BTC,900,USD,,,,,last\n"
    person.run("import", person.write("again.csv", revised), "--revise")
    node = explained(person, ref("came"))
    value = find(find(node, f"income {ref('came')}"), "value 1050")
    assert facts(value) == {"from": "file prices.csv row 3", "price": "2100 USD for one BTC, of 2025-03-06"}
    assert "for staking" in find(node, "answer: ")["what"]
    both = [facts(one) for one in below(node) if one["what"].startswith("record came")]
    assert [(one.get("revision"), json.loads(one["as received"])["Received Amount"]) for one in both] == [
        (None, "0.25"), ("1", "0.5")
    ]  # fmt: skip
    assert [one["from"] for one in both] == ["rows.csv row 7", "again.csv row 7"]
    assert ref("last") in find(explained(person, "two"), f"lot {ref('two')} was used so far")["because"][-1]["what"]
    fee = explained(person, f"{ref('out')}.fee")
    assert (
        fee["what"] == f"disposal {ref('out')}.fee: 0.001 BTC, fee"
        and figures(find(fee, "value 2 of fee"))["value"] == "2"
    )
    for asked in (ref("sale", "Ledger"), ref("out"), ref("in", "Ledger")):
        text = person.run("explain", asked).stdout
        assert asked in text and max(map(len, text.splitlines())) <= 80


def test_what_an_api_and_a_file_tell_is_explained_by_the_row_that_counts_with_the_records_of_both(
    person: Person,
) -> None:
    person.run("init", "--country", "us")
    sample = json.loads((ROOT / "tests/importers/samples/kraken/trades.json").read_text(encoding="utf-8"))[:3]
    refid = sample[0]["value"]["refid"]
    with Ledger.open(person.data, create=False) as kraken:
        for one in sample:
            batch = kraken.begin_batch("api", "kraken")
            position, text = 17042076001234000, json.dumps(one["value"])  # tenths of a microsecond
            kraken.keep(Page([RawRecord("kraken", "Kraken", one["stream"], one["id"], position, text)]), batch)
    row = "2024-01-02T15:00:00.123Z,Kraken,900,USD,0.02,BTC,2.34,USD,,,mine\n"
    person.run("import", person.write("mine.csv", HEADER + row))
    with Ledger.open(person.data, create=False) as kraken:
        batch = kraken.begin_batch("api", "kraken")
        strange = json.dumps(sample[0]["value"] | {"type": "riddle", "refid": "RIDDLE"})
        kraken.keep(Page([RawRecord("kraken", "Kraken", "Ledgers", "LRIDDLE", position, strange)]), batch)
    check = json.loads(person.run("check", "--json", code=1).stdout)
    (problem,) = (issue["ref"] for issue in check if issue["code"] == "unread_record")
    assert facts(find(explained(person, problem), "record LRIDDLE"))["as received"] == strange
    node = explained(person, ref("mine"))
    counts = transaction_id("Kraken", "Ledgers", refid)
    assert node["id"] == counts and counts in facts(node)["counts once"]
    named = [one["what"] for one in below(node) if one["what"].startswith("record ")]
    ids = [one["id"] for one in sample if one["value"].get("refid", one["id"]) == refid]
    assert sorted(named) == sorted(f"record {id} of Kraken" for id in [*ids, "mine"])
    assert figures(find(node, f"lot {counts}"))["cost"] == "902.34"


def test_a_lot_of_an_own_allocation_is_explained_by_its_lines(person: Person) -> None:
    person.run("init", "--country", "us")
    lots = "Account,Asset,Quantity,Date Acquired,Cost Basis,Evidence\nKraken,BTC,2,2022-01-31,3300,my notebook\n"
    sold = "2025-03-05T12:00:00Z,Kraken,0.5,BTC,4000,USD,,,,,sold\n"
    rows = person.write("rows.csv", HEADER + ROWS[: ROWS.index("2024-")] + sold)
    person.run("import", rows, person.write("lots.csv", lots))
    person.run("report", "--year", "2025", "--no-xlsx")
    (row,) = person.rows("disposals.csv")
    assert row["cost_basis"] == "825"
    node = explained(person, row["acquisition_id"])
    answer = find(node, "answer: opening allocation of BTC")
    assert (facts(answer)["by"], facts(answer)["line"]) == (
        "lots.csv row 2", "2 in Kraken, acquired 2022-01-31, cost 3300, my notebook"
    )  # fmt: skip
    assert row["disposal_id"] in find(node, "lot allocation-")["because"][-1]["because"][0]["what"]
    near = person.run("explain", f"{row['acquisition_id']}0", code=2).stderr
    assert f"near it: {row['acquisition_id']}" in near


def test_an_id_or_a_line_that_is_not_there_is_told_with_what_is_near(person: Person) -> None:
    kept(person)
    sale = ref("sale", "Ledger")
    for arguments, said in (
        ((sale[:8],), f"near it: {sale}"),
        ((sale[:-1] + "x.fee",), f"near it: {sale}"),
        (("zzz",), "has the id 'zzz'"),
        (("0xabcdef",), "is 2 transactions"),
        (("--form", "I.4", "--year", "2025"), "part I of Form 8949 has 0 lines"),
        (("--form", "k4:1"), "its forms: form_8949"),
        (("--form", "schedule_d:77", "--year", "2025"), "has no line '77'"),
        ((), "name an ID"),
        ((sale, "--year", "2025"), "--year goes with --form"),
    ):
        done = person.run("explain", *arguments, code=2)
        assert said in done.stderr and len(done.stderr.splitlines()) == 1 and not done.stdout
    total = explained(person, "--form", "schedule_d:10", "--year", "2025")
    assert facts(total)["gain"] == "1590.10" and total["because"][-1]["id"] == sale


# ---- the arithmetic, in every country ---------------------------------------------------------


def why(drawn: Drawn, by: Basis) -> tuple[Why, Result]:
    trace = Trace()
    result, _ = derived(drawn.transactions, drawn.prices, by, trace=trace)
    return Why.of(result, trace, by, Moved(result, trace, by, Behind())), result


def document(one: Why, ref: str, by: Basis) -> Node:
    period = by.rules.year.period(2025, by.zone)
    with exact():
        (text,) = explained_json(Explained(one.disposal(ref), period, by.currency))
    node: Node = json.loads(text)["explained"]
    recomputed(node)
    return node


@settings(max_examples=50)
@given(drawn=ledgers(), by=st.sampled_from(ALL))
def test_every_disposal_of_any_ledger_adds_up_to_the_last_digit(drawn: Drawn, by: Basis) -> None:
    one, result = why(drawn, by)
    assert sum(map(len, one.rows.values())) == len(result.disposals)
    for ref, rows in one.rows.items():
        node = document(one, ref, by)
        priced = all(row.proceeds is not None for row in rows)
        with exact():
            gain = sum((row.gain for row in rows if row.gain is not None), Decimal(0))
        assert not priced or figures(node)["gain"] == plain(gain)
        for n, row in enumerate(rows):
            part, said = figures(node["because"][n]), facts(node["because"][n])
            assert said["cost basis"] == plain(row.cost_basis)
            if row.gain is not None:
                assert part["gain"] == plain(row.gain) == said["gain"]
            if row.proceeds is not None and row.taxed:
                assert part["proceeds"] == plain(row.proceeds)
            assert "cost found by" in said or part.keys() & {"cost of the units", "cost"}, (row, part)
            pool = [each for each in node["because"][n]["because"] if each["what"].startswith("the pool")]
            if row.rule in (Rule.AVERAGE, Rule.POOL) and row.whole is None and not by.rules.portfolio:
                assert pool and {"before", "after"} <= facts(pool[0]).keys() and "cost after" in figures(pool[0])


def test_a_pool_shows_what_was_left_in_it_and_what_came_since() -> None:
    rows = ledger(
        buy("2024-05-01", "2 BTC", "1000 GBP"), sell("2024-06-01", "1 BTC", "900 GBP"),
        buy("2024-07-15", "1 BTC", "700 GBP", "3 GBP"), sell("2024-09-01", "0.5 BTC", "500 GBP"),
    )  # fmt: skip
    by = basis("uk", "pool", currency="GBP")
    one, _ = why(Drawn(rows, []), by)
    pool = find(document(one, "t4", by), "the pool")
    assert facts(pool) == {"before": "2 BTC that cost 1203", "after": "1.5 BTC that cost 902.25"}
    assert figures(pool) == {"cost before": "1203", "cost after": "902.25"}
    assert [each["id"] for each in pool["because"]] == ["t3"]


def test_everything_held_as_one_whole_shows_what_it_was_worth_and_what_was_paid_for_it() -> None:
    rows = ledger(
        buy("2024-05-01", "2 BTC", "1000 EUR"), buy("2024-05-02", "10 ETH", "500 EUR"),
        sell("2024-06-01", "1 BTC", "900 EUR"), sell("2024-09-01", "0.5 BTC", "600 EUR"),
    )  # fmt: skip
    by = basis("fr", "average", currency="EUR")
    quotes = prices("2024-06-01 ETH 60 EUR", "2024-09-01 ETH 80 EUR")
    one, _ = why(Drawn(rows, quotes), by)
    whole = find(document(one, "t4", by), "everything that was held")
    assert figures(whole) == {"worth just before": "2000", "paid for it, less what was used": "937.5"}
    assert [each["id"] for each in whole["because"]] == ["t1", "t2"]


def test_a_lot_that_was_swapped_without_tax_and_sent_on_names_both_on_its_way() -> None:
    rows = ledger(
        buy("2023-01-01", "100 MATIC", "90 USD"), swap("2024-10-01", "100 MATIC", "100 POL"),
        move("2025-02-01", "40 POL", "Kraken", "Wallet", txhash="0x1"),
        sell("2025-03-01", "40 POL", "60 USD", account="Wallet"),
    )  # fmt: skip
    by = basis(scope=Scope.ACCOUNT)
    one, _ = why(Drawn(rows, []), by)
    lot = find(document(one, "t5", by), "lot t1")
    way = [each["what"] for each in lot["because"] if each["id"] in ("t2", "t3")]
    assert way == ["t2: 100 MATIC became 100 POL, no disposal", "transfer t3: 40 POL from Kraken to Wallet"]
