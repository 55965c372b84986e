"""In a process of its own: asks each address that it is given once, as an import would; tells what it said and the
most memory that it took.

    python -m tests.hard.listener kraken http://127.0.0.1:1234/ ...
"""

import base64
import json
import sys
from decimal import Decimal

import importers
from importers.base import Refused, Span
from importers.client import open_client

KEY = {"apiKey": "k" * 56, "secret": base64.b64encode(b"a made-up secret").decode()}


def main(name: str, *addresses: str) -> None:
    exchange = importers.exchange(name)
    stream, told = exchange.streams[0], list[str]()
    open_client(exchange, KEY)
    before = _peak()
    for address in addresses:
        client = open_client(exchange, KEY, address)
        client._part = 6  # one try
        client._api.timeout = 500  # milliseconds
        span = Span(since=Decimal(1_700_000_000))
        try:
            client.call(stream.method, stream.ask(span), lambda answer, span=span: stream.read(answer, span))  # type: ignore[misc]
            told.append("taken")
        except Refused as refused:
            told.append(str(refused))
    print(json.dumps({"told": told, "before": before, "peak": _peak()}))


def _peak() -> int:
    """The most memory of this process so far, in megabytes; `ru_maxrss` would count its parent's, too."""
    with open("/proc/self/status") as file:  # noqa: PTH123
        return next(int(line.split()[1]) >> 10 for line in file if line.startswith("VmHWM"))


main(*sys.argv[1:])
