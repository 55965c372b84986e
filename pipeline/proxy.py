"""Which proxy may see API keys and signed requests: one over https, or one on this machine. One rule for all who ask.

proxy_address("http://127.0.0.1:8080")      # "http://127.0.0.1:8080/", or ValueError
on_this_machine(proxy_address(...))         # True
"""

import ipaddress
import re
from urllib.parse import urlsplit


def proxy_address(url: str) -> str:
    """The address so that the whole original address can follow it. Raises ValueError, without the address in it."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for a port that is none
        host = parts.hostname or ""
    except ValueError:
        host = ""
    plain = re.fullmatch(r"[!-~]+", url) is not None and not set(url) & set("\\#")
    if not plain or not host or not (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))):
        raise ValueError("neither an https address nor one on this machine")
    return url if url.endswith("/") or parts.query else url + "/"


def on_this_machine(url: str) -> bool:
    """Whether who listens at a proxy's address is on this machine; not of "" (no proxy)."""
    return _is_loopback(urlsplit(url).hostname or "")


def _is_loopback(host: str) -> bool:
    """All of 127.0.0.0/8 (RFC 1122 section 3.2.1.3), ::1, and their name."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
