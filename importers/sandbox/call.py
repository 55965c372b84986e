"""One request as an exchange's protocol gets it."""

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from msgspec import Struct


class Call(Struct, frozen=True):
    """One request to the exchange itself: `path` without the query, header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: str

    @property
    def name(self) -> str:
        return self.path.split("/", 3)[-1]

    @property
    def params(self) -> dict[str, str]:
        """The parameters of query or body, without nonce and one-time password."""
        pairs = parse_qsl(self.query, keep_blank_values=True)
        if self.body.lstrip().startswith("{"):
            pairs += [(name, str(value)) for name, value in json.loads(self.body).items()]
        else:
            pairs += parse_qsl(self.body, keep_blank_values=True)
        return {name: value for name, value in pairs if name not in ("nonce", "otp", "signature")}
