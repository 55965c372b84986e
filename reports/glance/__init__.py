"""The year at a glance: one HTML file that works offline, for a person; same report, same bytes.

    page(out, report, forms, lambda name: (folder / name).read_text())

The page makes no request and runs no script but its own, as its content-security policy says; what comes from outside
is data that the script shows as text. Charts are drawn by Chart.js (VENDORED.md), which is a part of the file.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

from reports.forms import Form
from reports.glance.figures import figures_of
from reports.glance.rows import blocks, too_many
from reports.table import Report, Table

_HERE = Path(__file__).parent
LIBRARY = "chart.umd.min.js"
_SCRIPTS = ("base.js", "charts.js", "coverage.js", "sections.js", "rows.js", "search.js", "trail.js", "start.js")
PLAIN = 1 << 20  # characters of rows that are not deflated, so that whoever looks into the file can read them
_PIECE = 3 << 18  # bytes that are written at once: in base64, three are four characters
_FULL = 10_200_000  # deflated bytes: more would make the file larger than 15 MB


def page(
    out: IO[bytes], report: Report, forms: Sequence[tuple[Form, Table]], file: Callable[[str], str], plain: int = PLAIN
) -> None:
    """Writes the page. `file` gives the text of a CSV file of the year; rows of more than `plain` are deflated."""
    style, library, script = _part("page.css"), _library(), _script()
    policy = (
        f"default-src 'none'; script-src {_hash(library)} {_hash(script)}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    parts = {
        "policy": policy.encode(),
        "title": f"Crypto tax {report.period.name} at a glance".encode(),
        "style": style,
        "heading": f"{report.period.name} at a glance".encode(),
        "figures": _inert(figures_of(report)),
        "library": library,
        "script": script,
    }
    rest = _part("page.html")
    for name, content in parts.items():
        before, _, rest = rest.partition(f"<!--{name}-->".encode())
        out.write(before)
        out.write(content)
    before, _, after = rest.partition(b"<!--rows-->")
    out.write(before)
    out.writelines(_rows(report, forms, file, plain))
    out.write(after)


def _rows(
    report: Report, forms: Sequence[tuple[Form, Table]], file: Callable[[str], str], most: int
) -> Iterator[bytes]:
    """{"plain": the blocks}, or {"deflated": the same in base64}, or {"left_out": true}: piece by piece."""
    if too_many(report):
        yield b'{"left_out":true}'
        return
    deflate, plain, size = zlib.compressobj(4, zlib.DEFLATED, -15), list[str](), 0
    deflated = bytearray()
    for block in blocks(report, forms, file, lambda: len(deflated) > _FULL):
        size += len(block)
        if size <= most:
            plain.append(block)
        else:
            plain.clear()
        deflated.extend(deflate.compress(block.encode("utf-8", "surrogatepass")))
    if size <= most:
        yield from (b'{"plain":', _inert("".join(plain)), b"}")
        return
    deflated.extend(deflate.flush())
    yield b'{"deflated":"'
    for start in range(0, len(deflated), _PIECE):
        yield base64.b64encode(deflated[start : start + _PIECE])
    yield b'"}'


def _inert(value: Any) -> bytes:
    return _safe(json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode())


def _safe(text: bytes) -> bytes:
    """JSON in ASCII as no part of HTML: nothing in it can end its element or begin another."""
    return text.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")


def _hash(content: bytes) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}'"


@cache
def _part(name: str) -> bytes:
    return (_HERE / name).read_bytes().replace(b"\r\n", b"\n")


@cache
def _library() -> bytes:
    """Without the line that names a file beside it, which is not there."""
    return _part(LIBRARY).partition(b"\n//# sourceMappingURL=")[0]


@cache
def _script() -> bytes:
    return b'"use strict";\n(() => {\n' + b"".join(map(_part, _SCRIPTS)) + b"})();\n"
