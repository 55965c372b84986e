"""A folder of downloads: every file of a known layout is taken, whatever lies beside it, and in whatever order."""

import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from importers import ahead
from importers.formats import formats
from importers.recognition import claims
from importers.sheets import open_file, sheets
from pipeline.ledger import Ledger
from pipeline.model import Transaction
from pipeline.run.importing import Notes, files
from pipeline.run.project import Choices, init
from tests.importers.formats.test_samples import CASES
from tests.person import Person

SILENT = Notes(lambda _: None, lambda *_: None)


def test_every_sample_is_of_just_one_layout() -> None:
    """And of no other, in whatever folder it lies and whatever it is called."""
    for layout, path in CASES:
        export = formats()[layout].export
        assert export is not None and ahead.read(path).format == (export.kept_as or layout), path
        with open_file(path) as file:
            claimed = [[each.name for each in claims(sheet.header)] for sheet in sheets(file, path.name)]
        assert len([names for names in claimed if names]) <= 1, (path, claimed)


@pytest.mark.parametrize("exchange", ["kraken", "bybit", "okx", "coinbase", "htx"])
def test_files_of_an_account_say_the_same_in_any_order(exchange: str, tmp_path: Path) -> None:
    """And twice; but for notes, which stay as the first file had them."""
    paths = [path for layout, path in CASES if layout.startswith(f"{exchange}_")]
    assert len(paths) > 2
    said: list[dict[str, Transaction]] = []
    for number, order in enumerate((paths, [*paths[::-1], *paths])):
        folder = tmp_path / str(number)
        init(folder, Choices("de"))
        assert not files(folder, order, "mine", SILENT).failures
        with Ledger.open(folder, create=False) as ledger:
            said.append({t.id: replace(t, description="") for t in ledger.transactions()})
    assert said[0] and said[0] == said[1]


def test_a_folder_gives_what_it_has_and_lists_what_can_not_be_read(tmp_path: Path) -> None:
    person = Person(tmp_path)
    person.run("init", "--country", "us")
    folder = tmp_path / "downloads"
    for layout, path in CASES:
        if layout.startswith(("kraken", "okx_f")):
            (folder / layout).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / layout / path.name)
    count = len(list(folder.rglob("*.csv")))
    for name in ("b.pdf", "a.PDF", "photo.jpeg", "all.zip", "history.json", "setup.dmg", "notes", ".hidden.pdf"):
        (folder / name).write_bytes(b"x")
    (folder / "guests.csv").write_text("Name,Seat\nAda,1\n")
    (folder / "recipes.csv").write_text("Dish,Minutes\nSoup,20\n")
    (folder / "broken.csv").write_text('Date,Received Amount,Received Currency\n2025-01-05,"1,BTC\n')
    done = person.run("import", "downloads", code=1)
    lines = done.stdout.splitlines()
    assert sum(" new" in line for line in lines) == count
    assert [line.partition("; ")[0] for line in lines if "left out" in line] == [
        "downloads: left out 2 PDFs (a.PDF, b.pdf)",
        "downloads: left out 1 picture (photo.jpeg)",
        "downloads: left out 1 archive (all.zip)",
        "downloads: left out 1 JSON or XML file (history.json)",
        "downloads: left out 2 other files (notes, setup.dmg)",
    ]
    assert "(all.zip); if there are transactions in it, unpack it, and import what is in it" in done.stdout
    assert "guests.csv: is of no known layout; its header is: Name, Seat" in done.stderr
    assert "recipes.csv: is of no known layout" in done.stderr and "broken.csv row 2: a quote" in done.stderr
    assert done.stderr.count("--map FILE.toml") == 1  # what to do is said once
    again = person.run("import", "downloads", code=1).stdout
    assert sum(", 0 new" in line for line in again.splitlines()) == count


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("statement.pdf", "statement.pdf: a PDF can't be read; export the same as CSV or XLSX where it is from"),
        ("screen.PNG", "screen.PNG: a picture can't be read; export"),
        ("all.zip", "all.zip: an archive can't be read; unpack it"),
        ("history.json", "history.json: a JSON or XML file can't be read; export"),
        ("old.xls", "old.xls: an old or password-protected Excel workbook; save it as .xlsx"),
        ("missing.pdf", "missing.pdf: can't be opened"),
    ],
)
def test_a_file_of_a_kind_that_can_not_be_read_is_told_with_what_to_do(name: str, says: str, tmp_path: Path) -> None:
    person = Person(tmp_path)
    person.run("init", "--country", "us")
    if not name.startswith("missing"):
        (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 99)
    person.write("t.csv", "Date,Received Amount,Received Currency\n2025-01-05,1,BTC\n")
    done = person.run("import", name, "t.csv", code=1)
    assert done.stderr.startswith(says) and done.stderr.count("\n") == 1
    assert "t.csv: 1 transaction, 1 new" in done.stdout
