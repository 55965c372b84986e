"""A server on this machine that repeats what it was asked, in answers that can't be taken.

    with Echo(ANSWERS["500"]) as echo:
        person.environment["TAXSYNC_PROXY_URL"] = echo.url

`sent` is what may have been a key, a signature or a passphrase in the requests.
"""

import re
import socket
import struct
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.traces import N

How = Callable[[BaseHTTPRequestHandler, str], None]


class Echo:
    """The running server; `how` answers a request (handler, what was asked)."""

    def __init__(self, how: How) -> None:
        self.sent: dict[str, str] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                outer._keep(self.path, dict(self.headers), body)
                how(self, f"{self.path} {dict(self.headers)} {body}".replace('"', "'").replace("\n", " "))

            do_POST = do_GET

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a connection that was cut
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def _keep(self, path: str, headers: Mapping[str, str], body: str) -> None:
        """Whatever may be a key, signature or passphrase: every long value but times and what every request has."""
        common = {"user-agent", "accept", "accept-encoding", "connection", "host", "origin", "content-type"}
        values = [value for name, value in headers.items() if name.lower() not in common]
        for text in (urllib.parse.urlsplit(urllib.parse.unquote(path)).query, body):
            values += [value for _, value in urllib.parse.parse_qsl(text)]
        for value in values:
            if len(value) > N and not re.fullmatch(r"[\d:.TZ+-]+", value) and len(self.sent) < 12:
                self.sent[f"sent {len(self.sent)}"] = value

    def __enter__(self) -> "Echo":
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def says(status: int, text: str, kind: str = "application/json", *, reason: str = "", location: str = "") -> How:
    """An answer in which `%s` is the request."""

    def how(handler: BaseHTTPRequestHandler, told: str) -> None:
        handler.send_response(status, reason.replace("%s", told) or None)
        handler.send_header("Content-Type", kind)
        if location:
            handler.send_header("Location", location.replace("%s", urllib.parse.quote(told)))
        handler.end_headers()
        handler.wfile.write(text.replace("%s", told).encode())

    return how


def raw(text: str) -> How:
    def how(handler: BaseHTTPRequestHandler, told: str) -> None:
        handler.wfile.write(text.replace("%s", told).encode())

    return how


def reset(handler: BaseHTTPRequestHandler, told: str) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


ANSWERS: dict[str, How] = {
    "an error that repeats the request": says(200, '{"error":["EGeneral:%s"],"code":1,"msg":"%s","success":false}'),
    "400": says(400, '{"error":["E:%s"],"code":1,"msg":"%s","message":"%s"}', reason="Bad %s"),
    "401": says(401, '{"error":["EAPI:Invalid key:%s"],"code":-2015,"msg":"%s"}'),
    "403": says(403, "<html>%s</html>", "text/html"),
    "429": says(429, '{"msg":"%s"}', reason="Slow down %s"),
    "500": says(500, "<html><h1>Error</h1><pre>%s</pre></html>", "text/html"),
    "503": says(503, "%s", "text/plain"),
    "cut JSON": says(200, '{"error":[],"result":{"permissions":["%s"'),
    "another form": says(200, '{"error":[],"result":"%s","data":"%s"}'),
    "text": says(200, '"%s"'),
    "a redirect": says(302, "", location="http://127.0.0.1:9/%s"),
    "a redirect that keeps the body": says(307, "", location="/%s"),
    "no HTTP": raw("%s\r\n%s\r\n\r\n"),
    "half an answer": raw("HTTP/1.1 200 OK\r\nX-Told: %s\r\nContent-Length: 99999\r\n\r\n{%s"),
    "endless headers": raw("HTTP/1.1 200 OK\r\n" + "X-Told: %s\r\n" * 200 + "\r\n"),
    "broken headers": raw("HTTP/1.1 200 OK\r\nX-Told: %s\r\n%s no header\r\nX-More: 1\r\n\r\n{}"),
    "wrongly packed": raw("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n%s"),
    "a reset": reset,
}
