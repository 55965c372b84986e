"""Each layout in `importers/formats` that is not ours, read from a file in the form that its source documents.

    samples/LAYOUT/CASE.csv (or .xlsx)     what a person downloads
    samples/LAYOUT/CASE.expected.csv       what the universal file would say of it
    samples/LAYOUT/CASE.told.txt           rows that count for nothing, columns not known, rows that are not understood

`REGENERATE_SAMPLES=1 pytest tests/importers` writes the expected files anew; review the difference.
"""

import json
import os
from pathlib import Path

import pytest

import importers
from importers import ahead
from importers.exports import Row, Said, export
from importers.formats import formats, universal
from pipeline.model import RawRecord
from tests.importers.exchanges.judged import as_file, as_row

SAMPLES = Path(__file__).parents[1] / "samples"
LAYOUTS = sorted(name for name, layout in formats().items() if layout.export is not None)
CASES = [
    (layout, path)
    for layout in LAYOUTS
    for path in sorted((SAMPLES / layout).glob("*.*"))
    if path.suffix in (".csv", ".xlsx", ".ods", ".tsv", ".txt") and not path.stem.endswith((".expected", ".told"))
]


def test_every_layout_has_a_sample() -> None:
    assert {layout for layout, _ in CASES} == set(LAYOUTS)


@pytest.mark.parametrize(("layout", "path"), CASES, ids=[f"{layout}-{path.stem}" for layout, path in CASES])
def test_samples_say_what_was_judged_right(layout: str, path: Path) -> None:
    """Of a file, in all its accounts; and in whatever order its rows are kept."""
    reading = ahead.read(path, None, "Europe/Berlin")
    records = [record for page in reading.pages for record in page.records]
    export = formats()[layout].export
    assert export is not None and reading.format == (export.kept_as or layout)
    assert {record.stream for record in records} == {layout}
    transactions, issues = [], []
    for account in sorted({record.account for record in records}):
        mine = [record for record in records if record.account == account]
        for parsed, again in zip(
            importers.parse(reading.format, mine), importers.parse(reading.format, mine[::-1]), strict=True
        ):
            transactions += sorted(parsed.transactions, key=lambda t: (t.at, t.position, t.source_id))
            issues += parsed.issues
            assert {t.id: as_row(t) for t in again.transactions} == {t.id: as_row(t) for t in parsed.transactions}
    told = [f"not counted: {count} {why}" for why, count in sorted(reading.passed().items())]
    told += [f"unknown column: {column}" for column in reading.unknown]
    told += sorted(f"{issue.code}: {issue.details.get('why', issue.ref)}" for issue in issues)
    judge(path, "expected.csv", as_file(transactions))
    judge(path, "told.txt", "".join(f"{line}\n" for line in told))
    assert len({t.id for t in transactions}) == len(transactions)
    for transaction in transactions:
        universal.row({column: cell for column, cell in as_row(transaction).items() if cell})


def judge(path: Path, ending: str, text: str) -> None:
    expected = path.with_name(f"{path.stem}.{ending}")
    if os.environ.get("REGENERATE_SAMPLES"):
        if text:
            expected.write_bytes(text.encode())
        else:
            expected.unlink(missing_ok=True)
    assert text == (expected.read_bytes().decode() if expected.exists() else "")


def test_what_a_layout_did_not_foresee_stops_no_import_and_leaves_no_row_out_unseen() -> None:
    """Rows that are read together, where the reader itself fails; and no number is taken for none."""

    def fails(rows: list[Row]) -> list[Said]:
        return [row.transaction(received=row.amount("Amount", row["Coin"])) for row in rows]

    layout = export("made", 1, needs=("Time", "Amount", "Coin"), date="Time", together=fails)
    assert layout.parse is not None
    said = [json.dumps({"Time": "2025-01-01", "Amount": amount, "Coin": "BTC"}) for amount in ("1", "NaN")]
    records = (RawRecord("made", "mine", "made", str(n), n, text, f"t.csv row {n}") for n, text in enumerate(said))
    parsed = layout.parse(records)
    assert parsed.transactions == []
    assert [issue.code for issue in parsed.issues] == ["unread_record"] * 2
    assert all("'NaN' is no number" in issue.details["why"] for issue in parsed.issues)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_row_of_nonsense_is_an_open_problem_that_quotes_it(layout: str) -> None:
    """Every layout keeps what it can't read, and says so: nothing is dropped, nothing stops the others."""
    columns = formats()[layout].columns
    payload = "{" + ", ".join(f'"{column}": "so\u2028it\u202eis"' for column in columns) + "}"
    record = RawRecord(layout, "mine", layout, "nonsense", 1, payload, "t.csv row 2", "nonsense")
    passed = formats()[layout].export.passed(dict.fromkeys(columns, "nonsense"))  # type: ignore[union-attr]
    (parsed,) = importers.parse(layout, [record])
    assert parsed.transactions == []
    assert passed or [issue.code for issue in parsed.issues] == ["unread_record"]
    for issue in parsed.issues:
        assert "t.csv row 2: " in issue.details["why"]
        assert issue.details["why"].isprintable()
