"""Spoiled files of every kind that taxsync reads, for as long as one likes: run by hand, never by the tests.

    python tests/fuzz.py --seconds 600 [--seed N] [--only WORD] [--keep DIR] [--again FILE]

Each input is one of the suite's own samples, changed once or a few times: its cells, lines, bytes, encoding, the parts
of its archive. Every one has to be taken, or refused in one to three lines that name the file and move no cursor; what
it leaves on refusal is byte for byte what was there. Where `atheris` is installed it leads (`--atheris`), by the lines
of the readers that an input reaches; else chance alone does. What breaks a promise is kept in DIR with its reason.

`tests/hard/test_files.py` runs a few hundred of them.
"""

import argparse
import csv
import gc
import importlib
import inspect
import io
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import importers  # noqa: E402
from importers import ahead  # noqa: E402
from importers.base import Refused, shown  # noqa: E402
from importers.mapping import read as read_mapping  # noqa: E402
from pipeline.cli import main  # noqa: E402
from pipeline.model import RawRecord  # noqa: E402
from tests.person import Done, Person, contents  # noqa: E402

SAMPLES = ROOT / "tests" / "importers" / "samples"
SECONDS = 10  # that one input may take
MEMORY = 3 << 30  # bytes of address space, of which the libraries have one
LINE = 1200  # characters: a header or row that a line quotes is cut long before

AMOUNTS = [
    "NaN", "sNaN", "-NaN", "Infinity", "-inf", "1e400", "1e-400", "1e999999999", "-1", "-0",
    "+0", "0", "1,5", "1.234,56",
    "1_000", "１２", "٣", "0x10", "9" * 50, "9" * 100_000, "0." + "1" * 60, "1e39", "1e-40",
    "١٫٥", "²", "½", "1 000", " 1 ",
    "1\u00a0000", "=1+1", "--5", "1.2.3", ".", "-", "e5", "1e", "(5)", "($5.00)", "5 BTC",
    "-5 BTC", "BTC", "₿1", "\u22125",
]  # fmt: skip
DATES = [
    "0000-01-01", "0001-01-01", "9999-12-31T23:59:59-14:00", "9999-12-31 23:59", "10000-01-01",
    "-2025-01-01", "2025-02-29",
    "2025-02-30T00:00:00Z", "2025-03-30 02:30:00", "2025-10-26 02:30:00", "2025-W01-1",
    "20250101", "2025-01-01T24:00:00Z",
    "2016-12-31T23:59:60Z", "2025-01-01T00:00:00+99:99", "2025-01-01T00:00:00.1234567890123Z",
    "1735689600", "1e12", "-1",
    "99999999999999999999", "31.12.2025", "12/31/2025", "31/12/25 11:59 PM", "２０２５-01-01",
    "2025-01-01T00:00:00Z\x00", "NaN",
    "2025-01-01T12:00:00[Europe/Berlin]", "2025-01-01 00:00:00 EST", "1969-12-31T23:59:59Z",
    "45658", "45658.5", "2958466",
]  # fmt: skip
TEXTS = [
    "", " ", "\ufeff", "\u0000", "\x1b]0;owned\x07", "\x1b[2J\x1b[31m", "\x9b31m", "\u202eCTB",
    "\u200bBTC", "ВТС", "ＢＴＣ", "BTC\u0301",
    "../../etc/passwd", "C:\\con\\aux", "/dev/zero", "'; DROP TABLE raw; --",
    '"]\n[accounts.x]\nexchange = "kraken"', "<script>",
    "]]>", "&xxe;", "<!DOCTYPE a>", "=HYPERLINK(\"http://x\")", "@SUM(A1)", "\t=1",
    "+cmd|' /C calc'!A0", "%s%n{0}{__class__}",
    "$(id)", "`id`", "\r\n", "a\nb", "a\rb", "\u2028", "\u0085",
    "😀" * 50, "A" * 61, "x" * 5001, "y" * 140_000, '"', '""', ",", ";",
    "null", "None", "true", "#REF!", "_x0041_", "\ufffe", "\uffff", "ß", "İ", "ﬁ", "ǅ", "é",
    "e\u0301", "CON", ".", "..", "-", "--help",
]  # fmt: skip
EVIL = AMOUNTS + DATES + TEXTS


# ---- changing ---------------------------------------------------------------------------------


def spoiled(content: bytes, name: str, chance: random.Random) -> bytes:
    """`content` changed, by what kind of file it is; three quarters of the changes know what they change."""
    if chance.random() < 0.2:
        return _bytes(content, chance)
    try:
        if content[:2] == b"PK":
            return _archive(content, chance)
        if name.endswith(".toml"):
            return _toml(content, chance)
        if name.endswith(".csv"):
            return _table(content, chance)
    except Exception:  # noqa: BLE001  # it was spoiled before, and is no archive or text any more
        pass
    return _bytes(content, chance)


def _bytes(content: bytes, chance: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 5, 30))):
        at, much = chance.randrange(len(data) + 1), chance.choice((1, 1, 2, 8, 100, 5000))
        how = chance.randrange(7)
        if how == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif how == 1:
            del data[at : at + much]
        elif how == 2:
            data[at:at] = chance.randbytes(much)
        elif how == 3:
            data[at:at] = data[chance.randrange(len(data) + 1) :][:much]
        elif how == 4:
            del data[at:]
        elif how == 5:
            data[at:at] = chance.choice(
                (b"\0", b'"', b"\r", b"\n", b",", b";", b"\t", b"\xff\xfe", b"\xed\xa0\x80", b"<", b"\x1a")
            )
        elif at < len(data):
            data[at] = chance.randrange(256)
    return bytes(data)


def _table(content: bytes, chance: random.Random) -> bytes:
    """A CSV file, its cells and rows changed, written in one way or another."""
    mark = "\ufeff" if content.startswith(b"\xef\xbb\xbf") else ""
    text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace")
    separator = max(",;\t", key=text.partition("\n")[0].count)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        _change(rows, chance)
    if chance.random() < 0.1:
        separator = chance.choice(",;\t|")
    out = io.StringIO()
    ends = chance.choice(("\n", "\r\n", "\n", "\r")) if chance.random() < 0.2 else "\n"
    quoting = chance.choice((csv.QUOTE_ALL, csv.QUOTE_MINIMAL))
    csv.writer(out, delimiter=separator, lineterminator=ends, quoting=quoting).writerows(rows)
    written = mark + out.getvalue()
    if chance.random() < 0.1:
        coding = chance.choice(
            ("utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-32", "utf-7", "latin-1", "utf-8-sig")
        )
        return written.encode(coding, chance.choice(("replace", "ignore", "xmlcharrefreplace")))
    return written.encode("utf-8", "replace")


def _change(rows: list[list[str]], chance: random.Random) -> None:
    """One change of a table, in place; mostly of one cell of its body."""
    if not rows:
        rows.append([chance.choice(EVIL)])
        return
    at = chance.randrange(len(rows))
    row, how = rows[at], chance.randrange(24)
    place = chance.randrange(len(row)) if row else 0
    if how < 14 and row:
        row[place] = _other(row[place], chance)
    elif how == 14:
        del rows[at]
    elif how == 15:
        rows.insert(chance.randrange(len(rows) + 1), list(row))
    elif how == 16:
        chance.shuffle(rows)
    elif how == 17 and row:
        row.insert(place, chance.choice(EVIL))
    elif how == 18 and row:
        del row[place]
    elif how == 19:
        column = chance.randrange(max(map(len, rows)) + 1)
        for each in rows:
            del each[column : column + 1]
    elif how == 20:
        one, two = (chance.randrange(max(map(len, rows)) or 1) for _ in range(2))
        for each in rows:
            if max(one, two) < len(each):
                each[one], each[two] = each[two], each[one]
    elif how == 21:
        rows[0] += [chance.choice((*rows[0], "Status", *EVIL))]
    elif how == 22:
        rows[at:at] = [[chance.choice(EVIL)] for _ in range(chance.choice((1, 3, 50)))]
    elif row:
        other = chance.choice(rows)
        row[place] = chance.choice(other) if other else ""


def _other(cell: str, chance: random.Random) -> str:
    how = chance.randrange(8)
    if how < 4:
        kind = DATES if re.match(r"\d{4}-|\d\d[./]", cell) else AMOUNTS if re.match(r"[-+]?[\d.]", cell) else TEXTS
        return chance.choice(kind)
    if how == 4:
        return chance.choice(EVIL)
    if how == 5:
        return f"-{cell}"
    at = chance.randrange(len(cell) + 1)
    return cell[:at] + chance.choice(EVIL) + cell[at + how - 6 :]


def _toml(content: bytes, chance: random.Random) -> bytes:
    """Lines of settings or of a mapping changed: values of another type, keys, tables, deep nesting."""
    lines = content.decode().splitlines() or [""]
    values = ["true", "1", "1e400", "nan", "-inf", "9" * 5000, "[]", "{}", "[[]]", "2025-01-01", "0000-00-00",
              "07:32:00", '"\\ud800"',
              "[" * 3000, "[" * 3000 + "]" * 3000, "{a=" * 2000 + "1" + "}" * 2000, "'''",
              '"""', '"\\u0000"', "0x10", "''"]  # fmt: skip
    for _ in range(chance.choice((1, 1, 2, 4))):
        at = chance.randrange(len(lines))
        key, sign, value = lines[at].partition("=")
        how = chance.randrange(9)
        if how < 3:
            said = chance.choice((*values, *(_quoted(text) for text in EVIL)))
            lines[at] = f"{key or 'country'} = {said}"
        elif how == 3:
            lines[at] = f"{_quoted(chance.choice(EVIL))} {sign or '='} {value or 1}"
        elif how == 4:
            lines.insert(at, f"[{chance.choice(('accounts', 'methods', 'x', _quoted(chance.choice(EVIL))))}]")
        elif how == 5:
            lines.insert(at, chance.choice(lines))
        elif how == 6:
            del lines[at : at + 1]
            lines = lines or [""]
        elif how == 7:
            lines.insert(at, ".".join(["a"] * chance.choice((2, 50, 3000))) + " = 1")
        else:
            lines[at] = _other(lines[at], chance)
    return "\n".join(lines).encode("utf-8", "replace")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _archive(content: bytes, chance: random.Random) -> bytes:
    """A workbook or an OpenDocument with a part changed, left out or put in."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    for _ in range(chance.choice((1, 1, 2, 3))):
        name = chance.choice(
            [*parts, *(part for part in parts if "sheet1" in part or "content" in part for _ in range(5))]
        )
        how = chance.randrange(10)
        if how == 0:
            parts[name] = _bytes(parts[name], chance)
        elif how == 1:
            del parts[name]
            parts = parts or {"x": b""}
        elif how == 2:
            parts[name] = chance.choice(list(parts.values()))
        else:
            parts[name] = _markup(parts[name].decode("utf-8", "replace"), chance).encode("utf-8", "replace")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def _markup(text: str, chance: random.Random) -> str:
    """XML with a value, an attribute, a tag or its beginning changed."""
    spots = [(m.start(1), m.end(1)) for m in re.finditer(r">([^<]+)<|=\"([^\"]*)\"", text) if m.group(1)]
    spots += [(m.start(2), m.end(2)) for m in re.finditer(r">([^<]+)<|=\"([^\"]*)\"", text) if m.group(2) is not None]
    how = chance.randrange(8)
    if how < 5 and spots:
        start, end = chance.choice(spots)
        more = ["A1048577", "XFD1", "AAAA1", "1048577", "0", "-1", "99999999999999999999", "e", "b", "d",
                "x", "/etc/passwd",
                "../../x.xml", "http://127.0.0.1:9/", "&#xD800;", "&amp;", "&lt;", "boolean",
                "time", "percentage"]  # fmt: skip
        value = chance.choice((*more, *EVIL))
        if chance.random() < 0.7:
            value = value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        return text[:start] + value + text[end:]
    if how == 5:
        tags = [(m.start(), m.end()) for m in re.finditer(r"<[^>]*>", text)] or [(0, 0)]
        start, end = chance.choice(tags)
        return (
            text[:start]
            + chance.choice(("", text[start:end] * 2, "<f>1</f>", "<row/>", "<c/>", "<v>7</v>"))
            + text[end:]
        )
    if how == 6:
        laugh = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
        return re.sub(r"(<\?xml[^>]*\?>)?", lambda m: m.group() + laugh, text, count=1)
    at = chance.randrange(len(text) + 1)
    return (
        text[:at]
        + chance.choice(("<a>" * 5000, "</a>", "<!--", "<![CDATA[", "&", "\x01", "<?x?>", "\ufffe"))
        + text[at:]
    )


# ---- judging ----------------------------------------------------------------------------------


class Broken(Exception):
    """A promise that an input broke."""


class _TooLong(BaseException):
    pass


def said_well(lines: str, name: str, most: int = 3) -> None:
    """One to three lines, that name the file, with nothing in them that moves a cursor."""
    found = lines.split("\n")
    if not 1 <= len(found) <= most or not all(found):
        raise Broken(f"{len(found)} lines: {lines[:300]!r}")
    if name and not any(name in line for line in found):
        raise Broken(f"does not name the file: {lines[:300]!r}")
    if wrong := next((c for line in found for c in line if not c.isprintable()), ""):
        raise Broken(f"shows {wrong!r}: {lines[:300]!r}")
    if any(len(line) > LINE for line in found):
        raise Broken(f"a line of {max(map(len, found))} characters")
    if "fault in taxsync" in lines or "not enough memory" in lines:
        raise Broken(lines)


def read_alone(path: Path, mapping: Path | None = None) -> str:
    """Reads a file and what its rows say, without a ledger: "taken" or "refused"."""
    try:
        by_hand = read_mapping(mapping) if mapping else None
        reading = ahead.read(path, None, "Europe/Berlin", by_hand)
        records: dict[str, list[RawRecord]] = {}
        for page in reading.pages:
            for record in page.records:
                records.setdefault(record.account, []).append(record)
        for account, some in records.items():
            if len({record.source_id for record in some}) < len({record.source_id + record.digest for record in some}):
                raise Broken(f"one id of {account} with two contents")
            for parsed in importers.parse(reading.format, some):
                for transaction in parsed.transactions:
                    sides = (transaction.sent, transaction.received, transaction.fee, transaction.net_worth)
                    for amount in filter(None, sides):
                        if not (amount.quantity.is_finite() and amount.quantity >= 0 and amount.asset):
                            raise Broken(f"an amount of {amount}")
                    if (
                        transaction.sent
                        and transaction.received
                        and transaction.sent.asset == transaction.received.asset
                    ):
                        raise Broken(f"trades {transaction.sent} for itself")
                    if not 1999 <= transaction.at.year <= 2101:
                        raise Broken(f"a date of {transaction.at}")
                for issue in parsed.issues:
                    said_well(shown(issue.details.get("why", "?"), 5000), "")
    except Refused as refused:
        said_well(str(refused), "")
        if not any(each.name in str(refused) for each in filter(None, (path, mapping))):
            raise Broken(f"names no file: {refused}") from None
        return "refused"
    return "taken"


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of file: its name, what is spoiled, and how it is tried in a folder of its own."""

    name: str
    content: bytes
    file: str
    trial: Callable[["Target", Person, bytes], str]

    def alone(self, folder: Path, content: bytes) -> str:
        """Without the program around it, where that can be."""
        path = folder / self.file
        path.write_bytes(content)
        if self.trial is _mapped:
            (folder / "table.csv").write_bytes(TABLE)
            return read_alone(folder / "table.csv", path)
        return read_alone(path)


def _imported(target: Target, person: Person, content: bytes) -> str:
    """Through the whole program: what is refused leaves everything as it was; of what is taken a report is made."""
    (person.home / target.file).write_bytes(content)
    arguments = ["import", target.file]
    return _whole(person, arguments, target.file, partly=target.name.startswith("review"))


def _mapped(target: Target, person: Person, content: bytes) -> str:
    (person.home / target.file).write_bytes(content)
    (person.home / "table.csv").write_bytes(TABLE)
    return _whole(person, ["import", "table.csv", "--map", target.file], "")


def _whole(person: Person, arguments: list[str], name: str, *, partly: bool = False) -> str:
    before = kept(person)
    done = ran(person, *arguments)
    if done.code:
        said_well(done.stderr.rstrip("\n"), name, 60 if partly else 3)
        if not partly and kept(person) != before:
            raise Broken(f"left something behind: {done.stderr}")
        return "refused"
    for command in (["check"], ["status"], ["report", "--year", "2025", "--no-xlsx"]):
        ran(person, *command)
    return "taken"


def _compared(target: Target, person: Person, content: bytes) -> str:
    """Another tool's report: whatever it says, nothing of it is kept."""
    (person.home / target.file).write_bytes(content)
    before = kept(person)
    done = ran(person, "compare", target.file, "--year", "2025", "--no-xlsx")
    if kept(person) != before:
        raise Broken("kept something of another tool's report")
    if done.stdout:
        return "taken"
    said_well(done.stderr.rstrip("\n"), "")
    return "refused"


def _settings(target: Target, person: Person, content: bytes) -> str:
    path = person.data / target.file
    path.write_bytes(content)
    before, refused = kept(person), False
    for command in (["status"], ["report", "--year", "2025", "--no-xlsx"]):
        done = ran(person, *command)
        if done.code:
            said_well(done.stderr.rstrip("\n"), "")
            refused = True
        if kept(person)["taxsync.toml"] != before["taxsync.toml"]:
            raise Broken("wrote the settings")
    return "refused" if refused else "taken"


def _restored(target: Target, person: Person, content: bytes) -> str:
    (person.home / target.file).write_bytes(content)
    around = contents(person.home)
    done = ran(person, "restore", target.file, "--data", "new")
    if done.code:
        said_well(done.stderr.rstrip("\n"), "")
        if contents(person.home) != around:
            raise Broken(f"left something behind: {sorted(contents(person.home).keys() - around.keys())}")
        return "refused"
    if strange := [name for name in contents(person.home).keys() - around.keys() if not name.startswith("new/")]:
        raise Broken(f"wrote {strange}")
    ran(person, "check", "--data", "new")
    return "taken"


def _sealed(target: Target, person: Person, content: bytes) -> str:
    """A backup with the right passphrase, whose inside someone made up."""
    from importers.sealed import sealing

    with (person.home / "made.backup").open("wb") as file, sealing(file, "correct horse") as sealed:
        sealed.write(content)
    content = (person.home / "made.backup").read_bytes()
    (person.home / "made.backup").unlink()
    return _restored(target, person, content)


def _vault(target: Target, person: Person, content: bytes) -> str:
    path = person.data / target.file
    path.write_bytes(content)
    done = ran(person, "keys", "list", "--json")
    if done.code:
        said_well(done.stderr.rstrip("\n"), "")
    if path.read_bytes() != content:
        raise Broken("changed the vault")
    return "refused" if done.code else "taken"


def kept(person: Person) -> dict[str, bytes]:
    return {
        name: (person.data / name).read_bytes()
        for name in ("ledger.db", "taxsync.toml")
        if (person.data / name).exists()
    }


def ran(person: Person, *arguments: str) -> Done:
    """One command in this process; whatever its code, it says no fault and moves no cursor."""
    out, err, code = io.StringIO(), io.StringIO(), None
    with person._here(""), redirect_stdout(out), redirect_stderr(err):
        try:
            main(list(arguments))
        except SystemExit as end:
            code = end.code
    done = Done(int(code or 0), out.getvalue(), err.getvalue())
    if (
        code not in (0, 1, 2)
        or "Traceback" in done.said
        or "fault in taxsync" in done.said
        or "enough memory" in done.said
    ):
        raise Broken(f"{arguments[0]}: exit {code}: {done.stderr[:500]}")
    if wrong := next(
        (c for c in done.said if not (c.isprintable() or c == "\n" or unicodedata.category(c) == "Zs")), ""
    ):
        raise Broken(f"{arguments[0]}: shows {wrong!r}")
    return done


# ---- what is spoiled --------------------------------------------------------------------------

TABLE = (
    b"Time;Coin;Change;Kind;Fee\n31.03.2025 14:05;BTC;-0,5;sale;0,1 EUR\n01.04.2025 02:30;ETH;1.234,5;Staking reward;\n"
)
MAPPING = (
    '[columns]\nDate = "Time"\nAmount = "Change"\nCurrency = "Coin"\nLabel = "Kind"\n'
    '[date]\nformat = "%d.%m.%Y %H:%M"\n'
    'zone = "Europe/Berlin"\n[numbers]\ndecimal = ","\nthousands = "."\n'
    '[labels]\n"Staking reward" = "reward"\nsale = "spend"\n'
    '[skip]\ncolumn = "Kind"\nwords = ["failed"]\n[table]\nnewest_first = true\n'
    'changing = ["Fee"]\n[constant]\nAccount = "Bank"\n'
)
SETTINGS = (
    'country = "us"\ncurrency = "USD"\ntimezone = "America/New_York"\nmethod = "fifo"\nlot_scope = ""\n'
    "lookups = false\n"
    'prices = "day"\n[methods]\n2025-01-01 = "hifo"\n[methods.Kraken]\n2026-01-01 = "lifo"\n'
    '[form_1099_da.2025]\nKraken = "proceeds"\n'
    '[rules]\n[accounts.Kraken]\nexchange = "kraken"\n'
)
UNIVERSAL = (
    "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,Net Worth Amount,"
    "Net Worth Currency,Label,Description,TxHash,ID\n"
    "2025-01-05T12:00:00Z,Kraken,1000,USD,0.01,BTC,1,USD,,,,first,0xab,a\n"
    "2025-02-05 13:00,Kraken,0.005,BTC,,,,,,,spend,coffee,,b\n2025-03-05,Wallet,,,1,ETH,,,2000,USD,reward,,,\n"
    "2025-03-06T01:02:03.5+02:00,Wallet,0.5,ETH,0.02,BTC,0.001,ETH,,,,swap,0xcd,d\n"
)
ROBINHOOD = (
    "1099-DA,ACCOUNT NUMBER,TAX YEAR,DATE ACQUIRED,SALE DATE,DTIF CODE,DTIF NAME,DTIF UNITS,COST BASIS,SALES PRICE,"
    "TERM,"
    "NON COVERED,FORM8949CODE,Account\n"
    "1099-DA,123,2025,20240105,20250207,4H95J0R2X,Bitcoin,1,2500,50000.00,LONG,Y,K,Kraken\n"
)
PRICES = "Date,Asset,Currency,Price\n2025-02-05,BTC,USD,50000\n2025-03-06T00:00:00Z,ETH,USD,2000.5\n"


THEIRS = (
    "Description,Date Acquired,Date Sold,Proceeds,Cost Basis,Gain\n"
    "0.005 BTC,01/05/2025,02/05/2025,250.00,500.00,-250.00\n0.5 ETH,03/05/2025,03/06/2025,1000.25,1000.00,0.25\n"
)


def _answers() -> dict[str, str]:
    from tests.test_answers import ANSWERS, ref
    from tests.test_brokers import FORMS

    return ANSWERS | {
        "duplicates.csv": f"Repeat,First,Counts,Note\n{ref('here')},{ref('there')},once,an old export\n",
        "accounts.csv": "Account,Same As,Note\nTrezor,Ledger,one device\n",
        "assets.csv": "Account,Asset,Is,Note\nKraken,BTC,XBT,same\n,ETH,FAKE,\n",
        "gaps.csv": "Account,Stream,From,To,Note\nKraken,Ledgers,2024-01-01T00:00:00Z,2024-02-01T00:00:00Z,a boat\n",
        "claims.csv": "Claim Date,Asset,Value,Value Currency,Note\n2025-03-01,BTC,10,GBP,negligible\n",
        "rules.csv": f"Transaction ID,Rule,Choice,Note\n{ref('given')},gifts,to-spouse,hers\n",
        "forms.csv": FORMS,
        "robinhood.csv": ROBINHOOD,
        "settled.csv": f"Record,Settled,Note\n{ref('coffee')},yes,a picture\n",
    }


def begun(home: Path) -> Person:
    """A person whose ledger has questions, so that answers have something to say."""
    from tests.test_answers import PRICES as GIVEN
    from tests.test_answers import TRADES

    home.mkdir(parents=True, exist_ok=True)
    person = Person(home)
    person.run("init", "--country", "us")
    person.run("import", person.write("trades.csv", TRADES), person.write("given.csv", GIVEN))
    person.run("review", "--out", "review.xlsx")
    shutil.copy(person.home / "review.xlsx", home / "questions.xlsx")
    return person


def targets(home: Path) -> list[Target]:
    """Every kind of file. `home`: a folder where some are made."""
    person = begun(home)
    found = [Target(f"export {path.parent.name}", path.read_bytes(), path.name, _imported) for path in _samples()]
    found += [Target(f"answers {name}", text.encode(), name, _imported) for name, text in _answers().items()]
    for name, text in (("universal", UNIVERSAL), ("prices", PRICES)):
        found.append(Target(name, text.encode(), f"{name}.csv", _imported))
        found.append(Target(f"{name} xlsx", _workbook(text), f"{name}.xlsx", _imported))
    found.append(Target("universal ods", _document(UNIVERSAL), "universal.ods", _imported))
    found.append(Target("review", _filled((home / "questions.xlsx").read_bytes()), "review.xlsx", _imported))
    found.append(Target("mapping", MAPPING.encode(), "map.toml", _mapped))
    found.append(Target("compare", THEIRS.encode(), "theirs.csv", _compared))
    found.append(Target("compare xlsx", _workbook(THEIRS), "theirs.xlsx", _compared))
    found.append(Target("settings", SETTINGS.encode(), "taxsync.toml", _settings))
    person.run("backup", "my.backup")
    person.run("backup", "all.jsonl", "--records")
    for name in ("my.backup", "all.jsonl"):
        found.append(Target(f"backup {name}", (home / name).read_bytes(), name, _restored))
    found.append(Target("inside of a backup", _inside(home / "my.backup"), "my.backup", _sealed))
    found.append(Target("vault", _keys(home / "keys"), "vault.bin", _vault))
    return found


def _samples() -> list[Path]:
    return [
        p for p in sorted(SAMPLES.glob("*/*")) if p.suffix in (".csv", ".xlsx", ".ods") and ".expected" not in p.name
    ]


def _workbook(text: str) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    assert book.active is not None
    for row in csv.reader(io.StringIO(text)):
        book.active.append([float(cell) if re.fullmatch(r"[\d.]+", cell) else cell for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _document(text: str) -> bytes:
    from xml.sax.saxutils import escape

    cell_begins = '<table:table-cell office:value-type="string"><text:p>'
    rows = (
        "<table:table-row>" + "".join(f"{cell_begins}{escape(cell)}</text:p></table:table-cell>" for cell in row)
        + "</table:table-row>" for row in csv.reader(io.StringIO(text))
    )  # fmt: skip
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{spaces}><office:body><office:spreadsheet>'
        f'<table:table table:name="Sheet1">{"".join(rows)}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
    return out.getvalue()


def _filled(content: bytes) -> bytes:
    """The questions with an answer to each."""
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(content))
    for sheet in book:
        column = next((cell.column for cell in sheet[1] if cell.value == "Answer"), None)
        for row in range(2, sheet.max_row + 1) if column else ():
            sheet.cell(row, column).value = ("as proposed", "spend", "bought", 12.5)[row % 4]  # type: ignore[arg-type]
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _inside(backup: Path) -> bytes:
    from importers.sealed import unsealing

    with backup.open("rb") as file, unsealing(file, "correct horse", "my.backup") as plain:
        return b"".join(iter(lambda: plain.read(1 << 16), b""))


def _keys(home: Path) -> bytes:
    from importers.credentials import Credentials
    from importers.vault import open_vault

    home.mkdir()
    vault = open_vault(home, "file", "correct horse", create=True)
    vault.put("Kraken", "kraken", "2025-01-05", ("trade",), Credentials({"apiKey": "k" * 20, "secret": "c2VjcmV0"}))
    return (home / "vault.bin").read_bytes()


# ---- trying -----------------------------------------------------------------------------------


class Trials:
    """Tries inputs, each in a fresh copy of a person's folder, in bounded time and memory."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.targets = targets(home / "begun")
        self.tried: Counter[tuple[str, str]] = Counter()

    def one(self, target: Target, content: bytes, *, whole: bool) -> str:
        """ "taken" or "refused". Raises Broken. `whole`: through the program, with its ledger."""
        place = self.home / "place"
        shutil.rmtree(place, ignore_errors=True)
        if whole or target.trial not in (_imported, _mapped):
            shutil.copytree(self.home / "begun" / "data", place / "data")
            done = _bounded(lambda: target.trial(target, Person(place), content))
        else:
            place.mkdir()
            done = _bounded(lambda: target.alone(place, content))
        self.tried[target.name, done] += 1
        return done


def _bounded(trial: Callable[[], str]) -> str:
    """What a trial says; whatever it raises but `Broken`, or how long it takes, is broken too."""
    signal.signal(signal.SIGVTALRM, _late)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        return trial()
    except Broken:
        raise
    except _TooLong:
        raise Broken(f"takes more than {SECONDS} seconds") from None
    except Exception as error:
        places = [f"{Path(f.filename).name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)][-4:]
        raise Broken(f"{type(error).__name__} at {' > '.join(places)}: {str(error)[:200]!r}") from error
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _late(*_: object) -> None:
    raise _TooLong


def inputs(found: list[Target], seed: int) -> Iterator[tuple[Target, bytes, random.Random]]:
    """Inputs without end, each by a chance of its own, so that one can be made again."""
    chance = random.Random(seed)
    kinds = sorted({target.name.split()[0] for target in found})
    while True:
        kind = chance.choice(kinds)  # a hundred exports weigh no more than the one vault
        kind = "export" if chance.random() < 0.4 and "export" in kinds else kind
        target = chance.choice([each for each in found if each.name.split()[0] == kind])
        yield target, spoiled(target.content, target.file, chance), chance


def by_chance(trials: Trials, found: list[Target], seconds: float, seed: int, keep: Path) -> int:
    """Tries for so many seconds of processor time; the number of different promises that were broken."""
    broken: Counter[str] = Counter()
    begin, told = time.process_time(), time.process_time()
    for number, (target, content, chance) in enumerate(inputs(found, seed)):
        if time.process_time() - begin > seconds:
            break
        try:
            trials.one(target, content, whole=chance.random() < 0.2)
        except Broken as why:
            kind = re.sub(r"[0-9]+|'.*'", "*", f"{target.name.split()[0]}: {why}")[:160]
            broken[kind] += 1
            if broken[kind] <= 3:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{seed}-{number}-{target.file}").write_bytes(content)
                print(f"{seed}-{number} {target.name}: {why}", flush=True)
        if number % 200 == 0:
            gc.collect()
        if time.process_time() - told > 60:
            told = time.process_time()
            print(f"... {number + 1} inputs, {told - begin:.0f} s", flush=True)
    for kind in sorted({name.split()[0] for name, _ in trials.tried}):
        told_of = {
            how: sum(c for (n, h), c in trials.tried.items() if n.split()[0] == kind and h == how)
            for how in ("taken", "refused")
        }
        print(f"{kind:12}{told_of['taken']:8} taken{told_of['refused']:8} refused")
    print(f"{sum(trials.tried.values()) + broken.total()} inputs, {len(broken)} kinds of broken promises")
    return len(broken)


def led(trials: Trials, found: list[Target], seconds: float, corpus: Path) -> None:
    """Lets atheris choose, by what an input reaches; ends the process, at the first promise that is broken too."""
    atheris: Any = importlib.import_module("atheris")  # where it is installed

    files = [target for target in found if target.trial in (_imported, _mapped)]
    corpus.mkdir(parents=True, exist_ok=True)
    for number, target in enumerate(files):
        (corpus / f"seed-{number}").write_bytes(number.to_bytes(2, "big") + target.content)

    def one(data: bytes) -> None:
        trials.one(files[int.from_bytes(data[:2], "big") % len(files)], data[2:], whole=False)

    def changed(data: bytes, most: int, seed: int) -> bytes:
        chance, number = random.Random(seed), int.from_bytes(data[:2], "big") % len(files)
        own = chance.random() < 0.7 and data[2:]
        content = spoiled(data[2:], files[number].file, chance) if own else atheris.Mutate(data[2:], most - 2)
        return (number.to_bytes(2, "big") + content)[:most]  # its number first

    for name, module in list(sys.modules.items()):
        if name.startswith("importers."):
            members = [*vars(module).values()]
            members += [method for each in members if isinstance(each, type) for method in vars(each).values()]
            for each in members:
                if inspect.isfunction(each) and each.__module__ == name:
                    atheris.instrument_func(each)
    arguments = [sys.argv[0], f"-max_total_time={int(seconds)}", "-max_len=1000000", "-rss_limit_mb=0", str(corpus)]
    atheris.Setup(arguments, one, custom_mutator=changed)
    atheris.Fuzz()


@contextmanager
def trials() -> Iterator[Trials]:
    """With a folder in memory, where the system has one."""
    memory = Path("/dev/shm")
    home = Path(tempfile.mkdtemp(prefix="taxsync-fuzz-", dir=memory if memory.is_dir() else None))
    try:
        yield Trials(home)
    finally:
        shutil.rmtree(home)


def begin() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=float, default=60, help="of processor time")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only", default="", help="targets whose name has this word")
    arguments.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "taxsync-fuzz")
    arguments.add_argument("--again", type=Path, help="try one file that was kept, once more")
    arguments.add_argument(
        "--atheris", type=Path, metavar="CORPUS", help="let atheris lead, by the clock; a folder for its inputs"
    )
    given = arguments.parse_args()
    import tests.conftest  # noqa: F401  # a passphrase is derived once

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with trials() as made:
        found = [target for target in made.targets if given.only in target.name]
        if given.again:
            target = next(each for each in found if given.again.name.endswith(each.file))
            print(made.one(target, given.again.read_bytes(), whole=True))
            return 0
        if given.atheris:
            led(made, found, given.seconds, given.atheris)
        return min(by_chance(made, found, given.seconds, given.seed, given.keep), 1)


if __name__ == "__main__":
    sys.exit(begin())
