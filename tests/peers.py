"""The benchmark's history in the words of two other programs, and what runs them: only where they are installed.

    python tests/benchmark.py --peers BIN       # BIN: the folder with `rp2_us` and `bittytax`

RP2 reads an ODS file with a sheet for each asset and a configuration (its docs/input_files.md); BittyTax a CSV file of
its own (its README). Both get every value in the home currency, so that they look up no price.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZipFile

Row = dict[str, str]

IN = "timestamp asset exchange holder transaction_type spot_price crypto_in fiat_fee unique_id".split()
OUT = "timestamp asset exchange holder transaction_type spot_price crypto_out_no_fee crypto_fee unique_id".split()
BITTYTAX = (
    "Type,Buy Quantity,Buy Asset,Buy Value in GBP,Sell Quantity,Sell Asset,Sell Value in GBP,"
    "Fee Quantity,Fee Asset,Fee Value in GBP,Wallet,Timestamp,Note"
)


def rows(history: Path) -> Iterator[Row]:
    with history.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def bittytax(history: Path, folder: Path) -> list[str]:
    """Writes its file, and in HOME that it asks nobody for prices; the command that reports 2025/26."""
    (folder / ".bittytax").mkdir(exist_ok=True)
    (folder / ".bittytax" / "bittytax.conf").write_text("data_source_fiat:\n    []\ndata_source_crypto:\n    []\n")
    with (folder / "bittytax.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(BITTYTAX.split(","))
        for row in rows(history):
            home = [row[f"{side} Currency"].replace("USD", "GBP") for side in ("Received", "Sent", "Fee")]
            at = row["Date"].replace("T", " ").replace("Z", " UTC")
            buy, sell, fee = row["Received Amount"], row["Sent Amount"], row["Fee Amount"]
            out.writerow(["Trade", buy, home[0], "", sell, home[1], "", fee, home[2], "", row["Account"], at, ""])
    return ["bittytax", "bittytax.csv", "-ty", "2026", "--nopdf", "--skipint"]


def rp2(history: Path, folder: Path) -> list[str]:
    """Writes its two files; the command that reports 2025."""
    tables: dict[str, tuple[list[list[str]], list[list[str]]]] = defaultdict(lambda: ([], []))
    accounts: dict[str, None] = {}
    for row in rows(history):
        buys = row["Sent Currency"] == "USD"
        asset = row["Received Currency" if buys else "Sent Currency"]
        units = Decimal(row["Received Amount" if buys else "Sent Amount"])
        paid = Decimal(row["Sent Amount" if buys else "Received Amount"])
        spot = f"{paid / units:.8f}"
        accounts.setdefault(row["Account"])
        common = [row["Date"].replace("T", " ").replace("Z", " +0000"), asset, row["Account"], "me"]
        if buys:
            tables[asset][0].append([*common, "Buy", spot, str(units), row["Fee Amount"], row["ID"]])
        else:
            tables[asset][1].append([*common, "Sell", spot, str(units), "0", row["ID"]])
    with ZipFile(folder / "rp2.ods", "w") as out:
        out.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        out.writestr("META-INF/manifest.xml", _MANIFEST)
        sheets = (_sheet(asset, *tables[asset]) for asset in sorted(tables))
        out.writestr("content.xml", _CONTENT.format("".join(sheets)))
    headers = "\n".join(
        f"[{name}]\n" + "\n".join(f"{column} = {n}" for n, column in enumerate(columns))
        for name, columns in (("in_header", IN), ("out_header", OUT), ("intra_header", INTRA))
    )
    general = f"[general]\nassets = {', '.join(sorted(tables))}\nexchanges = {', '.join(accounts)}\nholders = me\n"
    (folder / "rp2.ini").write_text(f"{general}{headers}\n", encoding="utf-8")
    return ["rp2_us", "-f", "2025-01-01", "-t", "2025-12-31", "-o", "rp2", "rp2.ini", "rp2.ods"]


INTRA = (
    "timestamp asset from_exchange from_holder to_exchange to_holder spot_price crypto_sent crypto_received unique_id"
).split()
_NUMBERS = {"spot_price", "crypto_in", "fiat_fee", "crypto_out_no_fee", "crypto_fee"}
_MANIFEST = (
    '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    '<manifest:file-entry manifest:full-path="/" '
    'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)
PEERS = {"rp2": rp2, "BittyTax": bittytax}
_CONTENT = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">'
    "<office:body><office:spreadsheet>{}</office:spreadsheet></office:body></office:document-content>"
)


def _sheet(asset: str, bought: list[list[str]], sold: list[list[str]]) -> str:
    lines = []
    for name, columns, table in (("IN", IN, bought), ("OUT", OUT, sold)):
        texts = [[name], columns, *table, ["TABLE END"], [""]]
        for n, line in enumerate(texts):
            data = 1 < n < len(texts) - 2
            pairs = zip(line, columns, strict=False)
            lines.append("".join(_cell(text, data and column in _NUMBERS) for text, column in pairs))
    body = "".join(f"<table:table-row>{line}</table:table-row>" for line in lines)
    return f'<table:table table:name="{asset}">{body}</table:table>'


def _cell(text: str, number: bool) -> str:
    if number:
        return f'<table:table-cell office:value-type="float" office:value="{text}"/>'
    return f'<table:table-cell office:value-type="string"><text:p>{escape(text)}</text:p></table:table-cell>'
