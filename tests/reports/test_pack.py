"""The archive for the accountant: everything that the figures rest on, explained, and nothing of this machine."""

import io
import json
import zipfile
from pathlib import Path

from pipeline.model import RawRecord
from reports.pack import EXPLAINED, RECORDS
from reports.write import write_year
from tests.reports.example import full

RECORD = RawRecord(
    "kraken", "../Kraken", "Ledgers", "L-1", 1, '{"amount": "1.10", "note": "=1+1\\ud800"}', "kraken Ledgers"
)
ROW = RawRecord("universal", "mine", "rows", "r1", 2, "{}", "/home/someone/secret/trades.csv row 7")


def packed(folder: Path) -> tuple[bytes, dict[str, bytes]]:
    paths = write_year(folder / "2025", full(), xlsx=True, records=[RECORD, ROW])
    data = paths[-1].read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return data, {name.removeprefix("taxsync-2025/"): archive.read(name) for name in archive.namelist()}


def test_the_pack_holds_every_file_of_the_year_as_it_is(tmp_path: Path) -> None:
    data, inside = packed(tmp_path)
    assert (tmp_path / "2025" / "taxsync-2025.zip").stat().st_mode & 0o777 == 0o600
    written = {path.name: path.read_bytes() for path in (tmp_path / "2025").iterdir() if path.suffix != ".zip"}
    assert {name: inside[name] for name in written} == written
    assert inside.keys() - written.keys() == {EXPLAINED, RECORDS}
    assert packed(tmp_path / "again")[0] == data


def test_records_are_as_received_and_say_no_folder_of_this_machine(tmp_path: Path) -> None:
    _, inside = packed(tmp_path)
    first, second = [json.loads(line) for line in inside[RECORDS].splitlines()]
    assert first == {
        "account": "../Kraken", "source": "kraken", "list": "Ledgers", "id": "L-1", "from": "kraken Ledgers",
        "record": RECORD.payload,
    }  # fmt: skip
    assert second["from"] == "trades.csv row 7"
    assert not any(b"/home/" in data or str(tmp_path).encode() in data for data in inside.values())


def test_the_page_says_the_figures_and_what_each_file_is(tmp_path: Path) -> None:
    _, inside = packed(tmp_path)
    page = inside[EXPLAINED].decode()
    assert "Gain 26.80 USD (proceeds 160.26, cost 133.46), income 26.75 USD" in page
    for name in inside.keys() - {EXPLAINED}:
        assert f"\r\n  {name}: " in page


def test_a_report_without_records_leaves_no_old_pack_behind(tmp_path: Path) -> None:
    packed(tmp_path)
    write_year(tmp_path / "2025", full(), xlsx=False)
    assert not list((tmp_path / "2025").glob("taxsync-*"))
