"""report.html as a person meets it: in a real browser, offline, with names that mean harm.

The tests that need a browser are left out where none is installed, but not on the machine that decides.
"""

import base64
import hashlib
import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pipeline.glance import Beside, Stretch
from pipeline.run import importing, project, reporting
from reports import glance
from reports.forms import forms_of
from reports.glance import LIBRARY, page
from reports.table import Report
from tests.browser import Browser, Page
from tests.reports.example import full

HARM = "</script><img src=x onerror=\"document.title='harmed'\">"
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
HEADER = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,Label"
ROWS = f"""{HEADER},Description,ID
2023-03-01T10:00:00Z,Kraken,10000.00,USD,1,BTC,,,,,buy-1
2024-06-01T10:00:00Z,Kraken,3000.00,USD,1,ETH,,,,,buy-2
2025-02-03T10:00:00Z,Kraken,0.4,BTC,17000.50,USD,0.50,USD,,"{HARM.replace('"', '""')}",sell-1
2025-03-04T10:00:00Z,Kraken,1,ETH,2000.00,USD,,,,,sell-2
2025-04-05T10:00:00Z,Kraken,,,0.01,BTC,,,reward,,reward-1
2025-05-06T10:00:00Z,"{HARM.replace('"', '""')}",2,LTC,150.00,USD,,,,,sell-3
"""
PRICES = "Date,Asset,Currency,Price\n2025-04-05,BTC,USD,84000\n2025-12-31,BTC,USD,90000\n"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> reporting.Written:
    """The year of a small ledger whose names mean harm."""
    folder = tmp_path_factory.mktemp("glance")
    project.init(folder / "data", project.Choices("us"))
    for name, text in (("history.csv", ROWS), ("prices.csv", PRICES)):
        (folder / name).write_text(text)
    notes = importing.Notes(say=lambda _: None, progress=lambda *_: None)
    outcome = importing.files(folder / "data", [folder / "history.csv", folder / "prices.csv"], "", notes)
    assert outcome.failures == []
    return reporting.report(folder / "data", NOW, year="2025")


def element(text: str, id: str) -> Any:
    found = re.search(rf'<script type="application/json" id="{id}">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def made(report: Report, folder: Path, **how: int) -> bytes:
    path = folder.parent / "made.html"
    with path.open("wb") as out:
        forms = [(form, form.table(report)) for form in forms_of(report.rules)]
        page(out, report, forms, lambda name: (folder / name).read_bytes().decode("utf-8-sig"), **how)
    return path.read_bytes()


# ---- the file ---------------------------------------------------------------------------------


def test_the_page_runs_only_the_scripts_that_its_policy_names_and_asks_for_nothing(written: reporting.Written) -> None:
    text = (written.folder / "report.html").read_bytes()
    policy = re.search(rb'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert policy[1].startswith(b"default-src 'none'; script-src 'sha256-")
    assert b"unsafe" not in policy[1] and b"http" not in policy[1]
    inline = re.findall(rb"<(?:script|style)>(.*?)</(?:script|style)>", text, re.DOTALL)
    assert len(inline) == 3
    for content in inline:
        assert base64.b64encode(hashlib.sha256(content).digest()) in policy[1]
    markup = re.sub(rb"<script[^>]*>.*?</script>", b"", text, flags=re.DOTALL)
    assert b"Figures" in markup
    assert re.findall(rb"\son\w+=|javascript:|<link(?! rel=\"icon\" href=\"data:,\")|@import|url\(", markup) == []
    assert b"<img" not in text and b"harmed" not in markup


def test_the_charting_library_is_the_one_that_was_published() -> None:
    here = Path(glance.__file__).parent
    digest = hashlib.sha256((here / LIBRARY).read_bytes()).hexdigest()
    told = (here / "VENDORED.md").read_text()
    assert digest in told and "MIT" in told
    assert "MIT License" in (here / "LICENSE-chart.js.md").read_text()


def test_the_figures_are_those_of_the_files_and_the_same_inputs_give_the_same_bytes(
    written: reporting.Written,
) -> None:
    text = (written.folder / "report.html").read_text()
    data = element(text, "data")
    rows = [line.split(",") for line in (written.folder / "summary.csv").read_text("utf-8-sig").splitlines()]
    told = {(row[0], row[1]): row[2] for row in rows}
    figures = data["figures"]
    for name in ("proceeds", "cost_basis", "gain", "short_term_gain", "long_term_gain"):
        assert figures[name] == told["capital_gains", name]
    assert figures["income_total"] == told["income", "total"]
    for column, name in ((3, "gain"), (4, "short_term_gain"), (5, "long_term_gain")):
        for part in ("months", "assets"):
            assert sum(Decimal(row[column]) for row in data[part]) == Decimal(figures[name]), (part, name)
    assert [row[0] for row in data["months"]] == [f"2025-{month:02}" for month in range(1, 13)]
    assert data["range"]["lowest"] != data["range"]["highest"]  # LTC was never bought
    assert data["holdings"] == [["BTC", "0.61", "6840", "54900", "48060"]]
    course = {asset: (units[-1], cost[-1]) for asset, units, cost in data["course"]["assets"]}
    assert course["BTC"] == ("0.61", "6840") and course["ETH"] == ("0", "0")
    assert data["course"]["ends"][0] == "2023-04-01" and data["course"]["ends"][-1] == "2026-01-01"
    assert all(row[1] == told["income", row[0]] for row in data["income"])
    assert {row[0] for row in data["values"]} == {"fiat", "file prices.csv"}
    again = reporting.report(written.folder.parent.parent, NOW, year="2025")
    assert (again.folder / "report.html").read_text() == text


# ---- the browser ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if Browser.find() is None and not os.environ.get("CI"):
        pytest.skip("no Chromium is installed")
    with Browser() as one:
        yield one


def quiet(one: Page) -> None:
    """Nothing in the console, nothing on the network, nothing harmed."""
    assert (one.errors, one.requests) == ([], [])
    assert one.run("document.title") == "Crypto tax 2025 at a glance"
    assert one.run("document.querySelectorAll('img, iframe, object, embed').length") == 0


STATUS = "#search [role=status]"


def asked(one: Page, text: str, found: str) -> None:
    """What a person types into the search, until it has found something."""
    one.run("document.getElementById('query').select()")
    one.type(text)
    one.wait(f"document.querySelector('{STATUS}').innerText === {json.dumps(found)}")


def test_a_line_of_the_form_is_followed_by_keyboard_down_to_the_record_as_it_was_received(
    browser: Browser, written: reporting.Written
) -> None:
    one = browser.open(written.folder / "report.html")
    one.key("Tab")
    assert one.run("document.activeElement.innerText") == "Skip to the figures"
    one.key("/")
    assert one.run("document.activeElement.id") == "query"
    asked(one, "II.1", "1 row found.")
    one.run("document.getElementById('kind').focus()")
    one.key("Tab")
    one.key("Enter")
    one.wait("document.querySelector('#trail pre')")
    assert one.run("document.activeElement.innerText") == "Form 8949, II.1"
    trail = one.text("#trail")
    for part in (
        "0.4 BTC", "17,000 - 4,000 = 13,000 USD", "history.csv row 4", "history.csv row 2", "taxsync explain ",
        '"Received Amount":"17000.50"', '"Sent Amount":"10000.00"', HARM.replace('"', '\\"'),
    ):  # fmt: skip
        assert part in trail, part
    asked(one, "17,000.50", "1 row found.")
    asked(one, "sell-1 3 Feb 2025", "1 row found.")  # a day as the page shows it
    asked(one, "ltc 2025-05", "2 rows found.")  # the disposal and its transaction
    asked(
        one,
        "nothing like it",
        "Nothing found. Ids, names and amounts are looked for as they are written in the reports.",
    )
    quiet(one)


def test_rows_that_are_deflated_are_the_same_rows(browser: Browser, written: reporting.Written) -> None:
    text = made(written.report, written.folder, plain=0).decode()
    assert list(element(text, "rows")) == ["deflated"]
    one = browser.open(written.folder.parent / "made.html")
    one.click("#query")
    asked(one, "sell-1", "1 row found.")
    one.click(".found button")
    one.wait("document.querySelector('#trail pre')")
    assert '"Received Amount":"17000.50"' in one.text("#trail")
    quiet(one)


# Text on its ground, by the formula of WCAG 2: what has less than 4.5 to 1.
FAINT = """
(() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const part = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const says = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && e.checkVisibility();
  const ratio = (e) => {
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const all = [...document.querySelectorAll("body *:not(script)")].filter(says);
  return all.length > 100 ? all.filter((e) => ratio(e) < 4.5).map((e) => [e.innerText, ratio(e)]) : "too little text";
})()
"""
SEEN = """
(async () => {
  for (let y = 0; y < document.body.scrollHeight; y += 300) {
    scrollTo(0, y);
    await new Promise(requestAnimationFrame);
  }
  scrollTo(0, 0);
})()
"""


def test_it_can_be_read_in_both_themes_on_a_phone_and_by_a_screen_reader(
    browser: Browser, written: reporting.Written
) -> None:
    one = browser.open(written.folder / "report.html", dark=True)
    assert one.run("document.documentElement.dataset.theme") == "dark"
    one.run(SEEN)
    assert one.run(FAINT) == []
    one.click("#theme")
    assert one.text("#theme") == "Colours: light" and one.run("document.documentElement.dataset.theme") == "light"
    assert one.run(FAINT) == []
    one.size(390, 844)
    assert one.run("document.documentElement.scrollWidth") == 390
    charts = one.run(
        "[...document.querySelectorAll('canvas')].map((c) => [c.getAttribute('role'), c.getAttribute('aria-label'),"
        " !!c.closest('.panel').querySelector('details.behind')])"
    )
    assert len(charts) == 5 and all(role == "img" and label and behind for role, label, behind in charts)
    drawn = one.run("[...document.querySelectorAll('canvas')].every((c) => Chart.getChart(c))")
    assert drawn
    for name in ("main", "h1", "nav[aria-label]", "label[for=query]", "table caption", "section[aria-labelledby]"):
        assert one.run(f"!!document.querySelector('{name}')"), name
    one.run("dispatchEvent(new Event('beforeprint'))")
    assert one.run("[...document.querySelectorAll('details.prints')].every((d) => d.open && d.querySelector('table'))")
    quiet(one)


def test_a_report_without_anything_in_it_is_a_page_all_the_same(browser: Browser, tmp_path: Path) -> None:
    from tests.reports.example import report

    path = tmp_path / "report.html"
    with path.open("wb") as out:
        page(out, report(country="generic"), [], lambda _: "")
    one = browser.open(path)
    assert "No open problems." in one.text("#notice")
    quiet(one)
    for currency, gain in (("USD", "26.80"), ("JPY", "27"), ("KWD", "26.802")):  # with the decimals that it has
        with path.open("wb") as out:
            page(out, replace(full(), currency=currency), [], lambda _: "")
        one = browser.open(path)
        assert one.text(".value") == gain
        one.run(SEEN)
        quiet(one)


def test_gaps_are_drawn_and_what_an_exchange_says_is_compared_as_of_when_it_was_asked(
    browser: Browser, written: reporting.Written
) -> None:
    """The name of the account turns the direction of what follows; LTC was sold and never bought."""
    at, turned = datetime(2026, 1, 5, tzinfo=UTC), "Bit\u202estamp"
    days = [datetime(2025, month, 1, 12, tzinfo=UTC) for month in (1, 3, 4, 9)]
    seen = replace(
        written.report.glance,
        stretches=[Stretch(turned, "trades", 7, days[0], days[3], at, days[0], ((days[1], days[2]),), "whole")],
        balances=[
            Beside("Kraken", "BTC", at, Decimal("0.70"), Decimal("0.61"), False),
            Beside("Kraken", "ETH", at, Decimal(0), Decimal(0), True),
            Beside(HARM, "LTC", at, Decimal(0), Decimal(-2), False),
        ],
    )
    made(replace(written.report, glance=seen), written.folder)
    one = browser.open(written.folder.parent / "made.html")
    rail = one.run("document.querySelector('.track .rail').getAttribute('aria-label')")
    assert "Bit\\u202estamp" in rail and "gap 1 Mar 2025 to 1 Apr 2025" in rail
    widths = one.run(
        "[...document.querySelectorAll('.track .rail .hole, .track .rail .floor')]"
        ".map((e) => e.getBoundingClientRect().width)"
    )
    assert len(widths) == 2 and all(width >= 3 for width in widths)
    accounts = one.text("#accounts")
    assert "0.09 more than by the records" in accounts
    assert "acquisition missing" in accounts and "2 left, and nothing on record brought them" in accounts
    assert one.run("[...document.querySelectorAll('*')].every((e) => !/\\u202e/.test(e.innerText || ''))")
    quiet(one)
