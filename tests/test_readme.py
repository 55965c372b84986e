"""README is a tested artefact: its commands exist and work, its lists are those of the code.

The two marked blocks are run in fresh environments by `.ci/run`; here the year's workflow is.
"""

import importlib
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ccxt
import pytest
import typer

from importers import exchange, exchange_names
from importers.base import Exchange
from importers.elsewhere import OWN_KEY
from importers.formats import formats, prices, universal
from importers.guard import _host
from importers.quotes.venues import VENUES
from pipeline.cli import app
from pipeline.model import RECEIVED_LABELS, SENT_LABELS, Label
from pipeline.rules.base import Scope, countries, rules_of
from pipeline.settings import FILE
from reports.forms import forms_of, is_form_file
from tests.person import ROOT, Person

README = (ROOT / "README.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
PROSE = re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
SOURCES = [p for package in ("pipeline", "importers", "reports") for p in sorted((ROOT / package).rglob("*.py"))]
PROGRAM: Any = typer.main.get_command(app)


def blocks(language: str) -> list[list[str]]:
    return [text.splitlines() for text in re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)]


def section(heading: str) -> str:
    (found,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    return str(found)


def rows(text: str) -> list[list[str]]:
    """The rows of a section's table, without its head."""
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line] for line in lines[2:]]


def code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


# ---- commands ---------------------------------------------------------------------------------


def commands(group: Any = PROGRAM, path: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        yield from commands(command, f"{name} ") if hasattr(command, "commands") else [f"{path}{name}"]


def parsed(line: str) -> None:
    """Reads a command line as the program would, without running it. Raises what wrong usage raises."""
    program, *arguments = shlex.split(line, comments=True)
    assert Path(program).name == "taxsync"
    context = PROGRAM.make_context("taxsync", arguments)
    while hasattr(context.command, "commands"):
        name, command, rest = context.command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, rest, parent=context)


def command(path: str) -> Any:
    found = PROGRAM
    for name in path.split():
        found = found.commands[name]
    return found


def written() -> Iterator[str]:
    """Every whole command line: of the blocks, of the prose, of the program's own help."""
    bare = set(commands()) | {"keys add", "keys remove"}  # a command's name in a sentence, without its arguments
    for block in blocks("sh"):
        yield from (part for line in block for part in line.split(" && "))
    for span in code(PROSE):
        yield from (part for part in span.split(" < ")[0].split(" && ") if part.partition(" ")[2] not in bare)
    for path in ["", *commands(), "keys"]:
        yield from (re.split(r"\s{2,}| < ", line.strip())[0] for line in command(path).help.splitlines())


LINES = sorted({line for line in written() if re.match(r"(\.venv/bin/)?taxsync [a-z]", line)})


@pytest.mark.parametrize("line", LINES)
def test_every_command_line_is_one_that_the_program_understands(line: str) -> None:
    parsed(line)


def test_the_way_command_lines_are_read_here_finds_what_is_wrong() -> None:
    for line in ("taxsync repor", "taxsync report --yaer 2025", "taxsync keys add", "taxsync keys add kraken secret"):
        with pytest.raises(typer.BadParameter.__mro__[1]):
            parsed(line)


def test_every_command_is_in_the_table_and_no_other() -> None:
    told = set()
    for names, _ in rows(section("The year's workflow")):
        first, *more = [name.removeprefix("taxsync ") for name in code(names)]
        told |= {first} | {f"{first.split()[0]} {name}" for name in more}
    assert told == set(commands())


def test_the_commands_with_a_json_document_are_those_named() -> None:
    (sentence,) = re.findall(r"`--json` on (.*?) prints", README, re.DOTALL)

    having = {path for path in commands() if any("--json" in p.opts for p in command(path).params)}
    assert set(code(sentence)) == having


NAMED = sorted({name for path in SOURCES for name in re.findall(r"`taxsync ((?:[a-z]+ ?)+)", path.read_text())})


@pytest.mark.parametrize("words", NAMED)
def test_every_command_that_a_message_names_exists(words: str) -> None:
    assert any(words == known or words.startswith(f"{known} ") for known in (*commands(), "keys")), words


def test_the_year_as_the_readme_tells_it(tmp_path: Path) -> None:
    """Its lines as they stand, but for the key, which needs an account, and the file, which is written here."""
    person = Person(tmp_path)
    (block,) = [block for block in blocks("sh") if block[0].startswith("taxsync init")]
    lines = [shlex.split(line, comments=True)[1:] for line in block]
    assert [line[0] for line in lines] == ["init", "keys", "import", "import", "check", "review", "report"]
    header = ",".join(universal.COLUMNS)
    person.write(
        "wallet.csv",
        f"{header}\n2024-01-05,Wallet,1000,USD,1,BTC,,,,,,,,\n2025-02-05,Wallet,0.5,BTC,900,USD,,,,,,,,\n",
    )
    for line in lines:
        if line[0] != "keys":
            person.run(*(argument.replace("~/Downloads", str(tmp_path)) for argument in line))
    (folder,) = (person.data / "reports").glob("[0-9]*")  # the last year that has ended
    workbook = re.sub("2025", folder.name, re.findall(r"Then open `data/(.*?)`", README)[0])
    assert (person.data / workbook).is_file()
    person.run("report", "--year", "2025")
    names = {p.name for p in (person.data / "reports" / "2025").iterdir()}
    of_forms = {name for name in names if is_form_file(name)}
    assert names - of_forms == {name for row in rows(section("What comes out")) for name in code(row[0])}
    assert of_forms >= {form.file for form in forms_of(rules_of("us"))}
    assert person.rows("summary.csv")[-1]["section"] == "open_problems"


# ---- files and names --------------------------------------------------------------------------


def test_the_universal_header_is_the_codes() -> None:
    (header,) = re.findall(r"^    (Date, Account.*?)\n\n", README, re.MULTILINE | re.DOTALL)
    assert tuple(re.split(r",\s+", header.strip())) == universal.COLUMNS


def test_the_price_header_is_the_codes() -> None:
    (header,) = re.findall(r"\*\*A price file\*\*: `(.*?)`", README)
    assert tuple(header.split(", ")) == prices.FORMAT.columns


def test_the_headers_of_answers_are_the_codes() -> None:
    told = {tuple(code(header)[0].split(", ")) for header, *_ in rows(section("Answering questions"))}
    assert told == {layout.columns for layout in formats().values() if layout.answers}


def test_the_labels_are_the_codes() -> None:
    (sentence,) = re.findall(r"unless its Label says what it was: (.*?)\.\n", README, re.DOTALL)
    received, sent = sentence.split(" for what came in; ")
    assert {Label(name) for name in code(received)} == RECEIVED_LABELS
    assert {Label(name) for name in code(sent.removesuffix(" for what went out"))} == SENT_LABELS
    assert len(code(sentence)) == len(RECEIVED_LABELS) + len(SENT_LABELS)


@pytest.mark.sqlite("the name of the file")
def test_the_files_of_the_data_folder_are_those_that_are_written(tmp_path: Path) -> None:
    told = {name for row in rows(section("Where things are kept")) for name in code(row[0])}
    assert told == {FILE, "ledger.db", "ledger.postgresql", "vault.bin", "reports/YEAR/", "review.xlsx"}
    person = Person(tmp_path)
    person.run("init", "--country", "us")
    made = {p.name for p in person.data.iterdir() if p.name[0] != "."}
    assert made - {"ledger.db-journal", "ledger.lock"} == {FILE, "ledger.db"}


def test_the_environment_is_the_one_that_is_read() -> None:
    told = {name for name in code(section("Where things are kept")) if name.startswith("TAXSYNC_")}
    read = {name for path in SOURCES for name in re.findall(r'environ\.get\("(\w+)"', path.read_text())}
    assert told == {name for name in read if name.startswith("TAXSYNC_")}
    assert told == set(re.findall(r"TAXSYNC_[A-Z_]+", README))


def test_countries_methods_and_forms_are_the_codes() -> None:
    text = section("How figures are computed")
    assert set(code(text.split("(one queue")[0])) == set(countries())
    (us,) = re.findall(r"Lot methods: us (.*?); generic also average", text)
    assert tuple(us.split(", ")) == rules_of("us").methods
    assert {*rules_of("us").methods, "average"} == set(rules_of("generic").methods)
    assert [scope for _, scope in rules_of("us").scope.values] == [Scope.GLOBAL, Scope.ACCOUNT]
    listed = [row for row in rows(section("What comes out")) if len(row) == 4]  # country, form, rows, source
    told = {(row[0], code(row[1])[0]) for row in listed if code(row[1])}
    assert told == {(c, form.file) for c in countries() for form in forms_of(rules_of(c))}
    assert f"us, {', '.join(c for c in countries() if c != 'us')}" in " ".join(
        p.help for p in PROGRAM.commands["init"].params
    )


def exchanges_table() -> list[str]:
    """What README says of each exchange, from its entry and from the guard's list."""
    hosts: dict[str, set[str]] = {}
    for line in (Path(__file__).parent / "importers" / "guard_snapshot.txt").read_text(encoding="utf-8").splitlines():
        name, *_, host = line.split()
        hosts.setdefault(name, set()).add(host)
    for name, venue in VENUES.items():  # whose public candles are prices
        plain = getattr(ccxt, name)()
        hosts.setdefault(name, set()).update(_host(plain, section) for section, _, _ in venue.allow)
    return [
        f"| {e.name} | `{name}` | {'yes' if e.streams else 'not yet'} | {reach(e)} | {'yes' if e.rights else 'no'} | "
        f"{', '.join(sorted(hosts.get(name, ()))) or 'nowhere yet'} |"
        for name, e in ((name, exchange(name)) for name in exchange_names())
    ]


def reach(e: Exchange) -> str:
    """How far back the API of an exchange goes: its shortest list tells."""
    days = [stream.horizon for stream in e.streams if stream.horizon and not stream.details]
    return f"{min(days)} days of some lists" if days else "all" if e.streams else ""


def not_read_table() -> list[str]:
    """What is not read of each exchange, but for what another key reads; sites and places with one export together."""
    found: dict[tuple[str, str], list[str]] = {}
    for e in map(exchange, exchange_names()):
        exports = dict.fromkeys(one.export for one in e.not_read if one.export != OWN_KEY)
        for export in exports:
            what = ", ".join(one.what for one in e.not_read if one.export == export)
            found.setdefault((what, export), []).append(e.name)
    return [f"| {', '.join(names)} | {what} | {export} |" for (what, export), names in found.items()]


def keys_table() -> list[str]:
    return [f"| {e.name} | {e.key_help} |" for e in map(exchange, exchange_names())]


def layouts_table() -> list[str]:
    """What README says of each layout that is not ours: the begin of its file."""
    found = []
    for name, layout in formats().items():
        if layout.export is not None:
            doc = importlib.import_module(f"importers.formats.{name}").__doc__ or ""
            what = re.split(r"[:.](?=\s|$)", " ".join(doc.split()), maxsplit=1)[0]
            found.append(f"| {what.replace('|', ' ')} | `{name}` |")
    return sorted(found, key=str.casefold)


@pytest.mark.parametrize("name", ["exchanges", "not read", "keys", "layouts"])
def test_a_table_of_what_goes_in_is_what_the_entries_say(name: str) -> None:
    """Made anew with TAXSYNC_WRITE_README=1."""
    path = ROOT / "README.md"
    before = path.read_text(encoding="utf-8")
    head, found, rest = re.split(rf"(<!-- {name} -->\n.*?\n\|---[^\n]*\n)(?:\|[^\n]*\n)*", before, flags=re.DOTALL)
    tables = {"exchanges": exchanges_table, "not read": not_read_table, "keys": keys_table, "layouts": layouts_table}
    table = "\n".join(tables[name]()) + "\n"
    after = head + found + table + rest
    if os.environ.get("TAXSYNC_WRITE_README"):
        path.write_text(after, encoding="utf-8")
    else:
        assert after == before


def test_the_rights_that_a_kraken_key_needs_are_those_named() -> None:
    told = [words.replace("\n", " ") for words in re.findall(r"\*(Query [^*]+)\*", section("What goes in"))]
    wanted = exchange("kraken").rights
    assert wanted is not None
    lacking = wanted(lambda _method, _params, read: read({"result": {"permissions": []}})).missing
    assert {words.casefold() for words in told} == {words.casefold() for words in lacking}


# ---- what .ci/run runs ------------------------------------------------------------------------


@pytest.mark.parametrize("mark", ["demo", "test"])
def test_the_marked_blocks_are_what_ci_runs(mark: str) -> None:
    lines = README.splitlines()
    assert lines.count(f"<!-- {mark} -->") == 1
    begin = lines.index(f"<!-- {mark} -->") + 1
    assert lines[begin] == "```sh"
    block = lines[begin + 1 : lines.index("```", begin)]
    assert len(block) == 1 and block[0].startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert re.search(rf"^readme {mark} \|.*\| bash -euo pipefail$", CI, re.MULTILINE)
    assert block[0].rpartition(" && ")[2] in (".venv/bin/taxsync demo", ".venv/bin/python -m pytest")


def test_every_link_leads_to_a_file() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target
