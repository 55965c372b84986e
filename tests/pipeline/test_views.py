"""What status, check, keys and report show: lines for people; one JSON document that holds the same, exactly."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from importers import exchange
from importers.base import Rights
from importers.permissions import in_short
from importers.vault import Entry
from pipeline import views, views_keys, views_status
from pipeline.issues import Issue, Stake
from pipeline.run.keys import Checked, Stored
from pipeline.run.overview import Problems, Status
from pipeline.run.reach import LastRun, Reach, State
from pipeline.run.reporting import Written
from pipeline.run.residuals import Holding, Residual
from pipeline.run.worth import Worth
from pipeline.settings import AccountSettings, Settings
from pipeline.views_money import change, money
from reports.summary import figures
from reports.table import SourceUsed
from tests.reports.example import at, disposal, full, report

D = Decimal
KRAKEN = exchange("kraken")
SETTINGS = Settings("us", "USD", "America/New_York", method="hifo")
FINE = D("0.000000000000000001")
STATUS = Status(
    SETTINGS,
    sources=[
        SourceUsed("Ledger", "universal", 9, at("2024-01-23 10:00"), at("2025-08-26 10:00")),
        SourceUsed("kraken", "kraken", 1745, None, None),
    ],
    asked={"kraken": at("2026-01-01 06:00")},
    holdings=[
        Holding("Ledger", "BTC", D("0.20998"), None),
        Holding("kraken", "ETH", D("12345.5") + FINE, D("12345.5") + FINE),
        Holding("kraken", "LTC", D("-1.5"), D(0)),
    ],
    issues=[
        Issue("stored_in_part", "kraken", ref="kraken/Ledgers", details={"stream": "Ledgers"}),
        Issue("possible_duplicate", "kraken", details={"what": "1 BTC", "first": "a", "second": "b"}),
    ],
)


def read(lines: list[str]) -> Any:
    """One document; a number that is no whole one would have been rounded."""
    (text,) = lines

    def refuse(number: str) -> None:
        raise AssertionError(f"{number} is not text")

    return json.loads(text, parse_float=refuse)


def missing(n: int, account: str = "Kraken", stake: str = "") -> Issue:
    details = {"quantity": str(n)}
    return Issue("missing_acquisition", account, "BTC", at("2025-01-10 12:00"), f"t{n}", stake, details)


# ---- status -----------------------------------------------------------------------------------


def test_status_is_two_tables_and_what_is_not_complete() -> None:
    assert "\n".join(views_status.status(STATUS)) == (
        "us, USD, America/New_York, hifo\n"
        "\n"
        "Account  Source     Records  From        To          Asked\n"
        "-------  ---------  -------  ----------  ----------  ----------\n"
        "Ledger   universal        9  2024-01-23  2025-08-26\n"
        "kraken   kraken        1745                          2026-01-01\n"
        "\n"
        "Not complete: kraken: Ledgers is not fetched to its end; records are missing\n"
        "  -> run `taxsync import`; it goes on where it stopped\n"
        "\n"
        "Account  Asset                By records               By exchange\n"
        "-------  -----  ------------------------  ------------------------  -------\n"
        "Ledger   BTC                     0.20998                 not asked\n"
        "kraken   ETH    12345.500000000000000001  12345.500000000000000001  equal\n"
        "kraken   LTC                        -1.5                         0  DIFFERS\n"
        "\n"
        "1 open problem, 1 note: run `taxsync check`."
    )


def test_the_status_document_holds_what_the_lines_hold() -> None:
    document = read(views_status.status_json(STATUS))
    assert document["settings"] == {
        "country": "us",
        "currency": "USD",
        "timezone": "America/New_York",
        "method": "hifo",
        "lot_scope": "",
    }
    assert document["accounts"][0] == {
        "account": "Ledger",
        "source": "universal",
        "records": 9,
        "first": "2024-01-23T10:00:00Z",
        "last": "2025-08-26T10:00:00Z",
        "asked": None,
    }
    assert document["accounts"][1]["first"] is None
    assert document["accounts"][1]["asked"] == "2026-01-01T06:00:00Z"
    assert [tuple(each.values()) for each in document["balances"]] == [
        ("Ledger", "BTC", "0.20998", None, None),
        ("kraken", "ETH", "12345.500000000000000001", "12345.500000000000000001", "0"),
        ("kraken", "LTC", "-1.5", "0", "1.5"),
    ]
    assert document["problems"] == {"error": 1, "warning": 1}


LISTED = replace(
    STATUS,
    reaches=[
        Reach("kraken", KRAKEN, KRAKEN.streams[0], State.WHOLE, LastRun(at("2026-01-01 06:00")), 0, 1745,
              at("2023-01-03 10:00"), at("2025-12-30 10:00")),
        Reach("kraken", KRAKEN, KRAKEN.streams[1], State.IN_PART,
              LastRun(None, {"TradesHistory LUNA": "Kraken (TradesHistory): it is busy"}, ("USTUSD",)), parts=12,
              floor=at("2025-10-01 00:00"), hidden=True, holes=((at("2025-11-01 00:00"), at("2025-11-05 00:00")),)),
    ],
    residuals=[
        Residual("kraken", "BTC", -FINE, D("1234.567"), at("2025-12-30 06:00"), at("2026-01-01 06:00"),
                 ("a fee", "dust")),
        Residual("kraken", "FLR", D("7.50"), None, None, at("2026-01-01 06:00"), ("a reward",)),
    ],
)  # fmt: skip


def test_status_says_of_each_list_how_far_it_reaches_and_of_each_difference_its_size_time_and_causes() -> None:
    text = "\n".join(views_status.status(LISTED))
    assert (
        "Account  List           Records  From        To          Asked       State\n"
        "-------  -------------  -------  ----------  ----------  ----------  ------\n"
        "kraken   Ledgers           1745  2023-01-03  2025-12-30  2026-01-01  whole\n"
        "kraken   TradesHistory        0                                      failed\n"
        "kraken TradesHistory: in part, since 2025-10-01, gap 2025-11-01 to 2025-11-05,\n"
        "  12 parts, 1 gone\n"
    ) in text
    assert (
        "\n\nkraken reports 0.000000000000000001 BTC less (about 1,234.57 USD), from\n"
        "  2025-12-30 to 2026-01-01: a fee; or dust\nkraken reports 7.5 FLR more, by 2026-01-01: a reward\n\n"
    ) in text


def test_the_status_document_has_every_list_gap_and_difference() -> None:
    document = read(views_status.status_json(LISTED))
    whole, part = document["lists"]
    assert (whole["state"], whole["records"], whole["first"]) == ("whole", 1745, "2023-01-03T10:00:00Z")
    assert part["failed"] == {"TradesHistory LUNA": "Kraken (TradesHistory): it is busy"}
    assert (part["since"], part["hidden_by_exchange"]) == ("2025-10-01T00:00:00Z", True)
    assert (part["holes"], part["gone"]) == ([["2025-11-01T00:00:00Z", "2025-11-05T00:00:00Z"]], ["USTUSD"])
    assert [(gap["code"], gap["ref"]) for gap in document["gaps"]] == [("stored_in_part", "kraken/Ledgers")]
    assert document["differences"][0] == {
        "account": "kraken",
        "asset": "BTC",
        "difference": "-0.000000000000000001",
        "value": "1234.567",
        "after": "2025-12-30T06:00:00Z",
        "until": "2026-01-01T06:00:00Z",
        "causes": ["a fee", "dust"],
    }


HELD = replace(
    STATUS,
    worth=[
        Worth("BTC", D("0.5"), D("20000.005"), D("85100"), date(2026, 1, 31)),
        Worth("FLR", FINE, D(3)),
    ],
    reported=("2025", False),
)


def test_status_begins_with_what_is_held_and_ends_with_what_to_do_next() -> None:
    lines = views_status.status(HELD)
    assert lines[2:9] == [
        "Held  Units  Cost (USD)      Value  Unrealised  At prices of",
        "----  -----  ----------  ---------  ----------  ------------",
        "BTC     0.5   20,000.01  42,550.00   22,550.00  2026-01-31",
        "FLR      0~        3.00    unknown     unknown",
        "All           20,003.01  42,550.00   22,550.00",
        "Value and unrealised gain of all are without FLR: no price is kept.",
        "",
    ]
    assert lines[-3:] == [
        "Next:",
        "  `taxsync review`: the open questions as a workbook to answer, then import it",
        "  `taxsync report --year 2025`: 2025 has ended, and has no report yet",
    ]
    assert all(len(line) <= 80 for line in lines)
    document = read(views_status.status_json(HELD))
    assert document["holdings"][0] == {
        "asset": "BTC", "units": "0.5", "cost_basis": "20000.005", "price": "85100", "price_day": "2026-01-31",
        "value": "42550", "unrealised_gain": "22549.995",
    }  # fmt: skip
    assert document["holdings"][1]["units"] == "0.000000000000000001" and document["holdings"][1]["value"] is None
    assert document["total"] == {
        "cost_basis": "20003.005", "value": "42550", "unrealised_gain": "22549.995", "unpriced": ["FLR"],
    }  # fmt: skip
    assert [step["command"] for step in document["next"]] == ["taxsync review", "taxsync report --year 2025"]


def test_an_empty_ledger_says_what_to_do_first() -> None:
    lines = views_status.status(Status(SETTINGS, [], {}, [], []))
    assert "`taxsync import FILE`" in lines[-1] and "`taxsync keys add kraken`" in lines[-1]
    with_key = replace(SETTINGS, accounts={"kraken": AccountSettings("kraken")})
    assert views_status.status(Status(with_key, [], {}, [], []))[-1] == "Nothing is imported yet: `taxsync import`."
    assert read(views_status.status_json(Status(SETTINGS, [], {}, [], [])))["accounts"] == []


# ---- check ------------------------------------------------------------------------------------


def test_problems_are_grouped_each_remedy_said_once_and_what_is_at_stake_told() -> None:
    duplicate = Issue(
        "possible_duplicate", "b", at=at("2025-01-10 12:00"), details={"what": "1 BTC", "first": "a", "second": "b"}
    )
    lines = views.issues([missing(1, stake="40000"), missing(2, stake="0.001"), duplicate])
    assert lines == [
        "ERROR missing_acquisition (2)",
        "  1 BTC left Kraken on 2025-01-10 without any acquisition on record: basis 0 [up to 40,000.00 of tax base]",
        "  2 BTC left Kraken on 2025-01-10 without any acquisition on record: basis 0",
        f"  -> {missing(1).remedy}",
        "",
        "WARNING possible_duplicate (1)",
        f"  {duplicate.message}",
        f"  -> {duplicate.remedy}",
        "",
        "2 of these change a tax figure until settled.",
    ]
    assert views.issues([missing(1)])[-1] == "1 of these changes a tax figure until settled."
    assert views.issues([duplicate])[-1] == "None of these changes a tax figure."
    assert views.issues([]) == ["No open problems."]


def test_of_many_problems_of_one_code_twenty_are_shown_and_the_document_has_all() -> None:
    many = [missing(n) for n in range(1, 31)]
    lines = views.issues(many)
    assert lines[0] == "ERROR missing_acquisition (30)"
    assert sum("left Kraken" in line for line in lines) == 20
    assert "  and 10 more: see `taxsync check --json`" in lines
    document = read(views.issues_json(many))
    assert [each["ref"] for each in document] == [issue.ref for issue in many]
    assert document[0] == {
        "severity": "error",
        "code": "missing_acquisition",
        "account": "Kraken",
        "asset": "BTC",
        "date": "2025-01-10T12:00:00Z",
        "ref": "t1",
        "at_stake": None,
        "years": [],
        "message": many[0].message,
        "remedy": many[0].remedy,
    }


def wide(n: int, lowest: str, highest: str = "100", year: str = "2025") -> Issue:
    return replace(missing(n), asset=f"A{n}", stakes=(Stake(year, "100", lowest, highest),))


def test_the_range_of_each_year_stands_under_the_problems_with_what_each_may_do_the_widest_first() -> None:
    found = [wide(1, "99.5"), wide(2, "-900.004"), wide(3, "100", "", "2024")]
    lines = views.issues(found)
    assert lines[-8:] == [
        "Gain of 2024: 100.00 as it stands, 100.00 to unknown while problems are open:",
        "  100.00 to unknown by missing_acquisition A3 Kraken 2025-01-10",
        "",
        "Gain of 2025: 100.00 as it stands, -900.50 to 100.00 while problems are open:",
        "  -900.00 to 100.00 by missing_acquisition A2 Kraken 2025-01-10",
        "  99.50 to 100.00 by missing_acquisition A1 Kraken 2025-01-10",
        "",
        "3 of these change a tax figure until settled.",
    ]
    bad = replace(missing(4), asset="A4", stakes=(Stake("2025", "100", "", ""), Stake("2023", "7", "", "")))
    lines = views.issues([*found[:1], bad])
    assert lines[lines.index("") + 1 :] == [
        "Gain of 2025: 100.00 as it stands, unknown to unknown while problems are open; as far as it can be told, "
        "99.50 to 100.00:",
        "  99.50 to 100.00 by missing_acquisition A1 Kraken 2025-01-10",
        "  no telling by missing_acquisition A4 Kraken 2025-01-10",
        "",
        "Gain of 2023: how far it may be off, nothing tells:",
        "  no telling by missing_acquisition A4 Kraken 2025-01-10",
        "",
        "2 of these change a tax figure until settled.",
    ]
    years = [each["years"] for each in read(views.issues_json(found))]
    assert years[1:] == [
        [{"year": "2025", "gain": "100", "lowest": "-900.004", "highest": "100"}],
        [{"year": "2024", "gain": "100", "lowest": "100", "highest": None}],
    ]


def test_a_name_with_a_line_break_forges_no_problem() -> None:
    forged = missing(1, account="Kraken\nNo open problems.\n")
    lines = views.issues([forged])
    assert len("\n".join(lines).splitlines()) == len(lines)
    assert read(views.issues_json([forged]))[0]["account"] == forged.account


# ---- keys -------------------------------------------------------------------------------------

READS = Rights(
    read=True, may=("query-funds", "query-ledger"), ip_bound=False, expires="2026-12-31", created="2025-12-31"
)
TRADES = Rights(read=True, trade=True, may=("modify-trades",), ip_bound=True)
UNKNOWN = Rights(read=False, unknown=True)


def key(name: str, may: Rights | None, asked: str = "2026-02-03", advice: str = "") -> Stored:
    entry = Entry(name, "kraken", "2026-01-02", "abcd", (), "encrypted file")
    return Stored(entry, "" if may is None else "2026-02-03", may, in_short(may), asked, advice)


SHOWN = {
    "name": "main", "exchange": "kraken", "key_starts": "abcd", "store": "encrypted file", "added": "2026-01-02",
    "created": "2025-12-31", "last_used": "2026-02-03", "asked": "2026-02-03", "read": True, "trade": False,
    "withdraw": False, "unknown": False, "may": ["query-funds", "query-ledger"], "ip_bound": False,
    "expires": "2026-12-31", "advice": "bound to no address.",
}  # fmt: skip


def test_keys_are_listed_without_their_secrets() -> None:
    stored = [key("main", READS, advice="bound to no address."), key("other", UNKNOWN, ""), key("new", None, "")]
    assert views_keys.keys(stored) == [
        "Name   Exchange  Key      Stored      Last used   Asked       May        IP-bound  Expires",
        "-----  --------  -------  ----------  ----------  ----------  ---------  --------  ----------",
        "main   kraken    abcd...  2026-01-02  2026-02-03  2026-02-03  read       no        2026-12-31",
        "other  kraken    abcd...  2026-01-02  2026-02-03  can't tell  unknown    unknown",
        "new    kraken    abcd...  2026-01-02  never       never       not asked  unknown",
        "Kept in: encrypted file",
        "main: bound to no address.",
    ]
    main, other, new = read(views_keys.keys_json(stored))
    assert main == SHOWN
    assert (other["read"], other["unknown"], other["asked"], other["ip_bound"]) == (None, True, None, None)
    assert {new[name] for name in ("created", "last_used", "read", "trade", "may", "unknown", "advice")} == {None}
    assert views_keys.keys([]) == views_keys.rights([]) == ["No key is stored: `taxsync keys add kraken`."]
    assert read(views_keys.keys_json([])) == read(views_keys.rights_json([])) == []


def test_what_each_key_may_do_is_told_to_people_and_programs_alike() -> None:
    checked = [
        Checked(key("main", READS, advice="bound to no address."), True, ("expires soon",)),
        Checked(key("bot", TRADES), False, ("may trade",)),
        Checked(key("other", UNKNOWN, ""), None),
    ]
    assert views_keys.rights(checked) == [
        "Name   Exchange  Stored      Last used   Asked       Read     Trade    Withdraw  IP-bound  Expires",
        "-----  --------  ----------  ----------  ----------  -------  -------  --------  --------  ----------",
        "main   kraken    2026-01-02  2026-02-03  2026-02-03  yes      no       no        no        2026-12-31",
        "bot    kraken    2026-01-02  2026-02-03  2026-02-03  yes      yes      no        yes",
        "other  kraken    2026-01-02  2026-02-03  can't tell  unknown  unknown  unknown   unknown",
        "main: expires soon",
        "bot: may trade",
        views_keys.TWO_FACTOR,
    ]
    main, bot, other = read(views_keys.rights_json(checked))
    assert main == SHOWN | {"reads_only": True, "notes": ["expires soon"]}
    assert (bot["trade"], bot["reads_only"], bot["expires"], bot["notes"]) == (True, False, None, ["may trade"])
    assert (other["unknown"], other["reads_only"], other["ip_bound"]) == (True, None, None)


# ---- report -----------------------------------------------------------------------------------


def test_the_printed_figures_are_those_of_the_files() -> None:
    one = full()
    files = [Path(name) for name in ("disposals.csv", "taxsync-2025.xlsx", "form_8949.txf")]
    lines = views.report(Written(one, Path("data/reports/2025"), files, errors=1, warnings=0))
    f = figures(one)
    shown = {line.rsplit(None, 1)[0].strip(): line.rsplit(None, 1)[1] for line in lines[4:12]}
    assert shown == {
        "Proceeds": f"{f.proceeds:.2f}",
        "Cost basis": f"{f.cost_basis:.2f}",
        "Gain": f"{f.gain:.2f}",
        "short term": f"{f.short_term_gain:.2f}",
        "long term": f"{f.long_term_gain:.2f}",
        "Income: mining": "1.25",
        "Income: reward": "25.50",
        "Income in total": f"{f.income_total:.2f}",
    }
    assert lines[0].startswith("Tax year 2025, 2025-01-01 to 2025-12-31: United States, fifo, per account")
    assert lines[-2:] == [
        "Files: data/reports/2025 (taxsync-2025.xlsx, 2 others)",
        "1 open problem may change these figures: see issues.csv, or run `taxsync check`",
    ]


def test_yen_have_no_decimals_and_nothing_is_minus_0() -> None:
    one = replace(full(), currency="JPY")
    figures_of_it = [line.split()[-1] for line in views.report(Written(one, Path("x"), [], 0, 0))[4:12]]
    assert figures_of_it == ["160", "133", "27", "50", "-23", "1", "26", "27"]
    found = Problems([wide(1, "99.4")])
    found.currency = "JPY"
    assert [line for line in views.issues(found) if line.startswith("Gain")] == [
        "Gain of 2025: 100 as it stands, 99 to 100 while problems are open:"
    ]
    assert (money(D("-0.004"), "USD"), change(D("-0.4"), "JPY")) == ("0.00", "+0")


def test_the_report_says_in_one_line_how_far_its_gain_may_be_off_and_most_by_what() -> None:
    one = report(issues=[wide(1, "99"), wide(2, "50"), wide(3, "0"), wide(4, "0", "900", "2024")])
    lines = views.report(Written(one, Path("x"), [], errors=4, warnings=0))
    assert lines[-1] == (
        "Gain of 2025: 100.00 as it stands, -51.00 to 100.00 while problems are open "
        "(most by missing_acquisition A3 Kraken 2025-01-10; missing_acquisition A2 Kraken 2025-01-10)"
    )


def test_figures_are_printed_to_the_cent_with_separators_and_the_unknown_is_no_0() -> None:
    one = report(
        disposals=[disposal(proceeds=D("1234567.885"), cost_basis=D(2000000))],
        incomes=[replace(full().result.incomes[0], value=None)],
    )
    lines = views.report(Written(one, Path("x"), [], errors=0, warnings=3))
    words = [line.split() for line in lines]
    assert ["Proceeds", "1,234,567.89"] in words and ["Gain", "-765,432.12"] in words
    assert ["Income:", "reward", "unknown"] in words
    assert lines[-1] == "Files: x (0 files)"
