"""The outside: commands, exit codes, streams, files, as a person or a script at a shell meets them."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.rules.base import countries
from tests.person import CTRL_C, Person, contents
from tests.test_readme import command, commands

HEADER = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,Label\n"
BUY_AND_SELL = (
    HEADER
    + "2024-01-05T12:00:00Z,Kraken,1000,USD,1,BTC,,,\n"
    + "2025-02-05T12:00:00Z,Kraken,0.5,BTC,900,USD,,,\n"
    + "2025-03-05T12:00:00Z,Kraken,,,0.25,BTC,,,reward\n"
)
COUNTRIES = ", ".join(countries())
PRICES = "Date,Asset,Currency,Price\n2025-03-05,BTC,USD,2000\n"
HEAVY = {"ccxt", "pandas", "openpyxl", "sqlmodel", "sqlalchemy", "keyring", "cryptography", "requests", "rich"}
CSV_FILES = {
    "disposals.csv": "disposal_id,acquisition_id,account,asset,quantity,acquired_at,disposed_at,proceeds,"
    "cost_basis,gain,term,rule,kind",
    "income.csv": "transaction_id,received_at,account,asset,quantity,kind,value",
    "derivatives.csv": "transaction_id,at,account,asset,quantity,value,what,description",
    "holdings.csv": "account,asset,quantity,acquired_at,cost_basis,market_value",
    "summary.csv": "section,item,value",
    "transactions.csv": "id,date,account,kind,sent_amount,sent_currency,received_amount,received_currency,fee_amount,"
    "fee_currency,value,label,source,source_id",
    "prices.csv": "transaction_id,at,account,asset,quantity,what,value,source",
    "issues.csv": "severity,code,account,asset,date,message,remedy",
    "form_8949.csv": "description,date_acquired,date_sold,proceeds,cost_basis,code,adjustment,gain,box,part",
    "form_1099_da.csv": "status,account,form,asset,quantity,quantity_here,sold,sold_here,proceeds,proceeds_here,basis,"
    "basis_here,acquired,acquired_here,term,term_here,box,reason,differences,code,adjustment,to_do,disposal_id",
    "schedule_d.csv": "line,boxes,rows,proceeds,cost_basis,adjustment,gain,exact_gain,difference",
    "schedule_1.csv": "line,name,entry,amount,exact,difference,source",
}
FOR_TAX_SOFTWARE = {"form_8949.txf", "form_8949_turbotax.csv"}


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    person = Person(tmp_path_factory.mktemp("filed"))
    person.run("init", "--country", "us")
    person.run("import", person.write("trades.csv", BUY_AND_SELL), person.write("prices.csv", PRICES))
    return person.home


@pytest.fixture
def filed(person: Person, kept: Path) -> Person:
    """A person with settings, a few rows and a price."""
    shutil.copytree(kept, person.home, dirs_exist_ok=True)
    return person


def test_a_year_from_files_to_reports(filed: Person) -> None:
    done = filed.run("report", "--year", "2025")
    assert "Tax year 2025, 2025-01-01 to 2025-12-31" in done.stdout
    folder = filed.data / "reports" / "2025"
    for name, header in CSV_FILES.items():
        raw = (folder / name).read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf"), name
        assert raw.decode("utf-8-sig").splitlines()[0] == header
    assert (folder / "taxsync-2025.xlsx").stat().st_size > 5000
    (sale,) = filed.rows("disposals.csv")
    assert (sale["proceeds"], sale["cost_basis"], sale["gain"], sale["term"]) == ("900", "500", "400", "long")
    assert sale["acquired_at"] == "2024-01-05T07:00:00-05:00"
    (reward,) = filed.rows("income.csv")
    assert (reward["kind"], reward["value"]) == ("reward", "500")
    figures = {(r["section"], r["item"]): r["value"] for r in filed.rows("summary.csv")}
    assert figures["capital_gains", "gain"] == figures["capital_gains", "long_term_gain"] == "400"
    assert figures["income", "total"] == figures["income", "reward"] == "500"


def test_the_same_inputs_give_the_same_bytes(filed: Person) -> None:
    def report() -> dict[str, bytes]:
        filed.run("report", "--year", "2025")
        return {p.name: p.read_bytes() for p in (filed.data / "reports" / "2025").iterdir()}

    first = report()
    assert first == report()
    assert len(first) == len(CSV_FILES) + len(FOR_TAX_SOFTWARE) + len(("report.html", "taxsync-2025.xlsx"))


def test_a_file_twice_changes_nothing_and_a_longer_one_adds_its_new_rows(filed: Person) -> None:
    before = filed.run("status", "--json").stdout
    assert "0 new" in filed.run("import", "trades.csv").stdout
    assert filed.run("status", "--json").stdout == before
    longer = BUY_AND_SELL + "2025-04-05T12:00:00Z,Kraken,0.1,BTC,200,USD,,,\n"
    assert "4 transactions, 1 new" in filed.run("import", filed.write("trades.csv", longer)).stdout


@pytest.mark.sqlite("a look into the file")
def test_a_bad_row_refuses_the_file_and_leaves_the_ledger_as_it_was(filed: Person) -> None:
    ledger = filed.data / "ledger.db"
    before = ledger.read_bytes(), (filed.data / "taxsync.toml").read_bytes()
    good = "2025-05-01T12:00:00Z,Kraken,100,USD,1,ETH,,,\n"
    bad = filed.write("bad.csv", HEADER + good + '2025-05-02T12:00:00Z,Kraken,"1,5",BTC,900,USD,,,\n' + good)
    done = filed.run("import", bad, code=1)
    assert "bad.csv row 3" in done.stderr and "Sent Amount" in done.stderr and "1,5" in done.stderr
    assert len(done.stderr.splitlines()) <= 3
    assert before == (ledger.read_bytes(), (filed.data / "taxsync.toml").read_bytes())


def test_one_bad_file_hides_no_other(filed: Person) -> None:
    bad = filed.write("bad.csv", "nothing,that,is,known\n1,2,3,4\n")
    good = filed.write("good.csv", HEADER + "2025-05-01T12:00:00Z,Kraken,100,USD,1,ETH,,,\n")
    done = filed.run("import", bad, good, "absent.csv", code=1)
    assert "1 new" in done.stdout
    assert "bad.csv" in done.stderr and "absent.csv" in done.stderr


def test_an_id_with_two_contents_is_refused_across_files_unless_it_is_a_revision(person: Person) -> None:
    person.run("init", "--country", "us")
    header = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,ID\n"
    person.run("import", person.write("a.csv", header + "2025-01-05,Kraken,100,USD,1,ETH,7\n"))
    second = person.write("b.csv", header + "2025-01-05,Kraken,101,USD,1,ETH,7\n")
    done = person.run("import", second, code=1)
    assert "b.csv row 2" in done.stderr and "a.csv row 2" in done.stderr and "--revise" in done.stderr
    assert "1 revised" in person.run("import", second, "--revise").stdout


@pytest.mark.sqlite("the bytes of the file")
def test_another_price_of_an_earlier_file_is_refused_with_its_rows_unless_it_is_a_revision(filed: Person) -> None:
    days = [f"2025-03-0{day}" for day in range(1, 6)]

    def priced(name: str, price: str) -> str:
        return filed.write(name, "Date,Asset,Currency,Price\n" + "".join(f"{day},BTC,USD,{price}\n" for day in days))

    assert "5 prices, 5 new" in filed.run("import", priced("a.csv", "1999.50"), "--revise").stdout
    assert "5 prices, 0 new" in filed.run("import", priced("b.csv", "1999.5")).stdout  # the same again
    before = contents(filed.data)["ledger.db"]
    done = filed.run("import", priced("c.csv", "7"), code=1)
    first, _, third = done.stderr.splitlines()
    assert first == "c.csv row 2: BTC on 2025-03-01 is 7 USD here, and 1999.5 in a.csv row 2, imported before"
    assert third.endswith("(and 2 more rows); a correction is taken with --revise; nothing of the file was kept")
    assert contents(filed.data)["ledger.db"] == before
    assert "5 prices, 5 new" in filed.run("import", "c.csv", "--revise").stdout
    assert "is 1999.5 USD here, and 7 in c.csv row 2" in filed.run("import", "a.csv", code=1).stderr


@pytest.mark.parametrize(("header", "what"), [(HEADER, "transactions"), (PRICES.splitlines()[0] + "\n", "prices")])
def test_a_file_without_rows_is_no_failure_and_told(person: Person, header: str, what: str) -> None:
    person.run("init", "--country", "us")
    done = person.run("import", person.write("a.csv", header))
    assert done.stdout == f"a.csv: 0 {what}, 0 new\n"
    assert done.stderr == "a.csv: has a header, and no rows below it\n"


@pytest.mark.parametrize("rows", [1, 2])
def test_a_file_imported_again_under_another_name_is_an_error_however_many_rows_it_has(
    person: Person, rows: int
) -> None:
    person.run("init", "--country", "us")
    lines = [f"2025-01-0{day}T12:00:00Z,1000,USD,1,BTC\n" for day in (5, 6)][:rows]
    text = "Date,Sent Amount,Sent Currency,Received Amount,Received Currency\n" + "".join(lines)
    person.run("import", person.write("trades.csv", text))
    person.run("import", person.write("again.csv", text), "--account", "trades")
    assert "No open problems." in person.run("check").stdout
    person.run("import", person.write("copy.csv", text))
    (issue,) = json.loads(person.run("check", "--json", code=1).stdout)
    assert (issue["severity"], issue["code"]) == ("error", "duplicate_account")
    assert issue["message"] == f"all that {issue['account']} has (transactions: {rows}) stands again in " + (
        "copy: counted twice" if issue["account"] == "trades" else "trades: counted twice"
    )
    person.run("report", "--year", "2025", "--no-xlsx")
    assert [r["code"] for r in person.rows("issues.csv")] == ["duplicate_account"]


def test_check_exits_1_while_a_figure_would_change(filed: Person) -> None:
    assert "No open problems." in filed.run("check").stdout
    filed.run("import", filed.write("more.csv", HEADER + "2025-06-01T12:00:00Z,Kraken,3,ETH,9000,USD,,,\n"))
    done = filed.run("check", code=1)
    assert "missing_acquisition" in done.stdout and "3 ETH" in done.stdout and "->" in done.stdout
    (found,) = [
        i for i in json.loads(filed.run("check", "--json", code=1).stdout) if i["code"] == "missing_acquisition"
    ]
    assert found["account"] == "Kraken" and found["at_stake"] == "9000" and found["remedy"]
    done = filed.run("report", "--year", "2025")  # open problems stop no report
    assert "open problem" in done.stdout
    assert {r["code"] for r in filed.rows("issues.csv")} >= {"missing_acquisition"}


def test_status_json_is_one_document(filed: Person) -> None:
    document = json.loads(filed.run("status", "--json").stdout)
    assert document["accounts"][0]["account"] == "Kraken"
    assert {b["asset"]: b["computed"] for b in document["balances"]} == {"BTC": "0.75", "USD": "-100"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "--no-such-option"),
        ("no-such-command",),
        ("import", "--since", "2024-01-01", "trades.csv"),
        ("init",),
        ("keys", "add", "kraken"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_2_and_one_line(person: Person, arguments: tuple[str, ...]) -> None:
    done = person.run(*arguments, code=2)
    assert len(done.stderr.splitlines()) == 1 and not done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "--year", "20x5"),
        ("report", "--year", "2024-26"),
        ("report", "--method", "average"),
        ("report", "--country", "xx"),
        ("report", "--lot-scope", "planet"),
        ("report", "--year", "1999"),
        ("import", "--since", "yesterday"),
        ("init", "--country", "xx"),
        ("init", "--country", "us", "--timezone", "Mars/Olympus"),
        ("init", "--country", "us", "--method", "pool"),
    ],
    ids=" ".join,
)
def test_a_value_that_cannot_be_is_wrong_usage_and_one_line(filed: Person, arguments: tuple[str, ...]) -> None:
    done = filed.run(*arguments, code=2)
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["report", "status", "check", "import", "keys list"])
def test_without_settings_the_line_says_init(person: Person, command: str) -> None:
    done = person.run(*command.split(), code=1)
    assert "taxsync init" in done.stderr and len(done.stderr.splitlines()) == 1
    assert not person.data.exists()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")
def test_nobody_else_may_read_anything(filed: Person) -> None:
    filed.run("report", "--year", "2025")
    for path in [filed.data, *filed.data.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), (path, oct(mode))


def test_the_data_folder_is_the_option_else_the_environment_else_data(person: Person) -> None:
    person.run("init", "--country", "generic", "--data", "one")
    person.environment["TAXSYNC_DATA"] = "two"
    person.run("init", "--country", "us")
    assert 'country = "generic"' in (person.home / "one" / "taxsync.toml").read_text()
    assert 'country = "us"' in (person.home / "two" / "taxsync.toml").read_text()
    assert not person.data.exists()


@pytest.mark.parametrize("command", ["init --country us", "status", "report", "keys list", "demo"])
def test_a_data_folder_without_a_name_is_wrong_usage_not_the_current_folder(person: Person, command: str) -> None:
    before = contents(person.home)
    for empty in ("", "  "):
        assert "--data" in person.run(*command.split(), "--data", empty, code=2).stderr
    person.environment["TAXSYNC_DATA"] = ""
    assert "TAXSYNC_DATA is empty" in person.run(*command.split(), code=2).stderr
    assert "--out" in person.run("report", "--out", "", code=2).stderr
    assert contents(person.home) == before


def test_a_tax_year_may_have_the_name_that_a_form_gives_it(filed: Person) -> None:
    for name in ("2025", "2024-25", "2024/2025"):
        assert "Tax year 2025, 2025-01-01 to 2025-12-31" in filed.run("report", "--year", name, "--no-xlsx").stdout


def test_what_a_1099_da_tells_is_a_setting_of_account_and_year(filed: Person) -> None:
    def boxes() -> list[str]:
        filed.run("report", "--year", "2025", "--no-xlsx")
        return [r["box"] for r in filed.rows("form_8949.csv")]

    def told() -> tuple[str, list[str]]:
        rows = filed.rows("summary.csv")
        notes = [r["value"] for r in rows if (r["section"], r["item"]) == ("form_8949", "note")]
        return next(r["value"] for r in rows if r["item"] == "inputs"), notes

    assert boxes() == ["L"]
    before, (note,) = told()
    assert "[form_1099_da.2025]" in note
    with (filed.data / "taxsync.toml").open("a") as settings:
        settings.write('\n[form_1099_da.2025]\nKraken = "proceeds"\n\n[form_1099_da.2026]\nKraken = "basis"\n')
    assert boxes() == ["K"] and told()[0] != before
    filed.run("init", "--method", "hifo")
    assert boxes() == ["K"]


def test_a_year_set_aside_by_a_report_that_was_killed_is_back_after_status_or_check(filed: Person) -> None:
    reports = filed.data / "reports"
    for overview in ("status", "check"):
        filed.run("report", "--year", "2025", "--no-xlsx")
        (reports / "2025").rename(reports / ".2025.old")
        filed.run(overview)
        assert (reports / "2025" / "summary.csv").exists() and not (reports / ".2025.old").exists()


def test_out_and_no_xlsx(filed: Person) -> None:
    filed.run("report", "--year", "2025", "--no-xlsx", "--out", "elsewhere")
    names = {p.name for p in (filed.home / "elsewhere" / "2025").iterdir()}
    assert names == set(CSV_FILES) | FOR_TAX_SOFTWARE
    assert not (filed.data / "reports").exists()


@pytest.mark.parametrize("path", sorted(commands()))
def test_the_help_of_every_command_has_an_example(path: str, person: Person) -> None:
    done = person.run(*path.split(), "--help")
    assert f"\n  taxsync {path}" in done.stdout
    assert command(path).help.splitlines()[0] in " ".join(done.stdout.split())


def test_help_loads_nothing_heavy(person: Person) -> None:
    script = (
        "import sys; from pipeline.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        f"sys.exit(str({HEAVY} & set(sys.modules)) if {HEAVY} & set(sys.modules) else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=person.home, env=person.environment, capture_output=True, text=True
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not [name for name in commands() if name.split()[0] not in done.stdout]


@pytest.mark.parametrize("arguments", [(), ("keys",)], ids=["taxsync", "taxsync keys"])
def test_no_command_at_all_is_answered_with_the_help(person: Person, arguments: tuple[str, ...]) -> None:
    done = person.run(*arguments, code=2)
    assert done.stderr.splitlines()[0].startswith(" ".join(["Usage: taxsync", *arguments]))
    assert len(done.stderr.splitlines()) > 8 and not done.stdout


def test_a_process_of_its_own_says_the_same(filed: Person) -> None:
    """The other tests run commands in this process; this one through the interpreter's front door."""
    before = contents(filed.data)
    for arguments, code in ((("check", "--json"), 0), (("report", "--year", "20x5"), 2), ((), 2)):
        assert filed.process(*arguments, code=code) == filed.run(*arguments, code=code)
    assert contents(filed.data) == before


def test_a_name_that_the_terminal_cannot_show_is_written_as_an_escape(person: Person) -> None:
    person.run("init", "--country", "us")
    person.run("import", person.write("кошелёк.csv", "Date,Received Amount,Received Currency\n2025-01-05,1,BTC\n"))
    done = person.process("status", environment=person.environment | {"PYTHONIOENCODING": "ascii"})
    assert "\\u043a\\u043e\\u0448" in done.stdout
    assert "кошелёк" in person.run("status").stdout


def test_a_reader_that_has_gone_is_no_fault(filed: Person) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "status"], cwd=filed.home, env=filed.environment, stdout=writer,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("command", [("init", "--country", "us"), ("demo",)], ids=["init", "demo"])
def test_a_data_folder_that_can_be_none_is_one_line_that_names_it(person: Person, command: tuple[str, ...]) -> None:
    person.write("file", "")
    for place in ("file", "file/data"):
        done = person.run(*command, "--data", place, code=1)
        assert place in done.stderr and len(done.stderr.splitlines()) == 1 and not done.stdout


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals of POSIX systems")
def test_at_a_terminal_init_asks_for_what_is_missing(person: Person) -> None:
    questions = [(f"({COUNTRIES}) [us]: ", ""), ("Currency [USD]: ", "EUR"), ("Time zone [America/New_York]: ", "")]
    done = person.at_terminal(("init",), questions)
    assert done.code == 0 and done.stdout.endswith("taxsync.toml: us, EUR, America/New_York\n")
    person.data.rename(person.home / "first")
    done = person.at_terminal(("init",), [(f"({COUNTRIES}) [us]: ", CTRL_C)])
    assert done.code == 1 and done.stdout.splitlines()[-1].startswith("stopped; ") and "Traceback" not in done.stdout
    assert not person.data.exists()


def test_init_again_keeps_what_is_not_chosen_anew(person: Person) -> None:
    person.run("init", "--country", "us", "--timezone", "America/Denver", "--method", "hifo")
    person.run("init", "--method", "lifo")
    settings = (person.data / "taxsync.toml").read_text()
    assert 'timezone = "America/Denver"' in settings and 'method = "lifo"' in settings
    assert "generic, USD, UTC" in person.run("init", "--country", "generic").stdout


@pytest.mark.parametrize(("zone", "warned"), [("America/New_York", True), ("Europe/Berlin", False)])
def test_dates_without_a_time_are_told_where_midnight_utc_is_the_day_before(
    person: Person, zone: str, warned: bool
) -> None:
    person.run("init", "--country", "us", "--timezone", zone)
    rows = "2025-01-01,1,BTC\n2025-01-02T00:00:00Z,1,BTC\n"
    done = person.run("import", person.write("a.csv", "Date,Received Amount,Received Currency\n" + rows))
    assert ("1 date without a time, taken as 00:00 UTC: in America/New_York that is 19:00" in done.stdout) == warned


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device to write to")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_behind_standard_output_is_told_in_a_line(filed: Person, unbuffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.cli", "status"], cwd=filed.home, stdout=full, stderr=subprocess.PIPE,
            env=filed.environment | {"PYTHONUNBUFFERED": unbuffered}, text=True, timeout=120,
        )  # fmt: skip
    assert done.returncode == 1
    assert "can't be written to standard output (no space left on device); nothing was lost" in done.stderr


def test_what_taxsync_wrote_is_no_source(filed: Person) -> None:
    filed.run("report", "--year", "2025")
    before = filed.run("status", "--json").stdout
    folder = filed.data / "reports" / "2025"
    for file in sorted(folder.iterdir()):
        done = filed.run("import", str(file), code=1)
        assert len(done.stderr.splitlines()) <= 3, done
    assert "is a report that taxsync wrote" in filed.run("import", str(folder / "taxsync-2025.xlsx"), code=1).stderr
    assert "no CSV or XLSX file" in filed.run("import", str(filed.data), code=1).stderr
    assert filed.run("status", "--json").stdout == before


def test_a_rows_account_is_its_cell_else_the_option_else_the_files_name(person: Person) -> None:
    person.run("init", "--country", "us")
    header = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency\n"
    trade = "2025-01-05T{}:00Z,{},100,USD,1,ETH\n"
    person.write("Bitstamp.csv", header + trade.format("01:00", "") + trade.format("02:00", "Kraken"))
    person.run("import", "Bitstamp.csv")
    assert accounts(person) == {"Bitstamp": 1, "Kraken": 1}
    person.write("other.csv", header + trade.format("03:00", "") + trade.format("04:00", "Kraken"))
    person.run("import", "other.csv", "--account", "Ledger")
    assert accounts(person) == {"Bitstamp": 1, "Kraken": 2, "Ledger": 1}


def accounts(person: Person) -> dict[str, int]:
    return {a["account"]: a["records"] for a in json.loads(person.run("status", "--json").stdout)["accounts"]}


def test_a_folder_is_imported_with_all_files_in_it_but_hidden_ones(person: Person) -> None:
    person.run("init", "--country", "us")
    exports = person.home / "exports"
    (exports / "old").mkdir(parents=True)
    for name in ("a.csv", "old/b.CSV", ".hidden.csv", "~$c.csv", "notes.md"):
        (exports / name).write_text("Date,Received Amount,Received Currency\n2025-01-05,1,BTC\n")
    person.run("import", "exports")
    assert accounts(person) == {"a": 1, "b": 1}
    (person.home / "empty").mkdir()
    assert "empty: there is no CSV or XLSX file" in person.run("import", "empty", code=1).stderr


def test_the_change_of_scope_is_settled_by_the_first_report(person: Person) -> None:
    person.run("init", "--country", "us")
    rows = (
        "2023-01-05T12:00:00Z,Kraken,100,USD,1,BTC,,,\n"
        "2023-02-05T12:00:00Z,Coinbase,200,USD,1,BTC,,,\n"
        "2024-06-05T12:00:00Z,Coinbase,1,BTC,500,USD,,,\n"  # one queue: takes Kraken's lot of 100
        "2025-06-05T12:00:00Z,Kraken,1,BTC,900,USD,,,\n"
    )
    person.run("import", person.write("a.csv", HEADER + rows))
    person.run("report", "--year", "2025", "--no-xlsx")
    (sale,) = person.rows("disposals.csv")
    assert sale["cost_basis"] == "200"
    older = "2022-01-05T12:00:00Z,Kraken,50,USD,1,BTC,,,\n"
    person.run("import", person.write("b.csv", HEADER + older))
    person.run("report", "--year", "2025", "--no-xlsx")
    assert "allocation_changed" in {r["code"] for r in person.rows("issues.csv")}
    person.run("report", "--year", "2025", "--no-xlsx", "--reallocate")
    assert "allocation_changed" not in {r["code"] for r in person.rows("issues.csv")}


@pytest.mark.sqlite("the file is gone")
def test_a_ledger_that_has_gone_is_told_and_the_reports_stay(filed: Person) -> None:
    filed.run("report", "--year", "2025")
    before = (filed.data / "reports" / "2025" / "disposals.csv").read_bytes()
    for line in ("report --year 2025", "status", "check", "import trades.csv"):
        (filed.data / "ledger.db").unlink(missing_ok=True)
        done = filed.run(*line.split(), code=1)
        assert "ledger.db is missing: restore it" in done.stderr
    (filed.data / "ledger.db").write_bytes(b"")
    assert "is empty: restore it" in filed.run("report", "--year", "2025", code=1).stderr
    assert (filed.data / "reports" / "2025" / "disposals.csv").read_bytes() == before


def test_a_row_without_id_that_was_given_a_label_is_a_correction_not_a_second_row(person: Person) -> None:
    person.run("init", "--country", "us")
    row = "2025-03-05T12:00:00Z,Kraken,,,2,ETH,,,"
    person.run("import", person.write("a.csv", f"{HEADER}{row}\n"))
    corrected = person.write("a.csv", f"{HEADER}{row}reward\n")
    done = person.run("import", corrected, code=1)
    assert "another Label" in done.stderr and "--revise" in done.stderr
    assert "1 revised" in person.run("import", corrected, "--revise").stdout
    (held,) = json.loads(person.run("status", "--json").stdout)["balances"]
    assert held["computed"] == "2"


def test_a_year_that_has_not_ended_is_told(filed: Person) -> None:
    assert "has not ended yet" in filed.run("report", "--year", "2100").stdout
    assert "has not ended yet" not in filed.run("report", "--year", "2025").stdout


def test_the_method_log_says_when_a_choice_was_recorded_and_is_never_shortened(person: Person) -> None:
    person.run("init", "--country", "us")
    deals = "2024-01-05T12:00:00Z,Kraken,1000,USD,1,BTC,,,\n2025-02-05T12:00:00Z,Kraken,0.5,BTC,900,USD,,,\n"
    person.run("import", person.write("trades.csv", HEADER + deals))

    def log(*arguments: str) -> list[str]:
        person.run("report", "--year", "2025", "--no-xlsx", *arguments)
        return [r["value"] for r in person.rows("summary.csv") if r["section"] == "method_log"]

    def late() -> list[str]:
        return [r["message"] for r in person.rows("issues.csv") if r["code"] == "late_identification"]

    assert log() == [] and late() == []
    assert log("--method", "hifo") == [] and "1 disposal from 2025-02-05 on took units by hifo" in late()[0]
    person.run("init", "--method", "hifo")
    assert log() == ["hifo"] and len(late()) == 1  # the sale came before it
    assert "late_identification" in person.run("check").stdout
    settings = person.data / "taxsync.toml"
    text = settings.read_text(encoding="utf-8").replace('method = "hifo"', 'method = "fifo"')
    settings.write_text(text + '\n[methods]\n2026-01-01 = "lofo"\n', encoding="utf-8")
    assert log() == ["hifo", "fifo, lofo from 2026-01-01"] and late() == []
    assert log() == ["hifo", "fifo, lofo from 2026-01-01"]
    person.run("init", "--method", "fifo")
    assert log()[2:] == ["fifo"]
    person.run("init", "--country", "de")
    assert log() == []
