"""A real headless Chromium, spoken to over two pipes in its own DevTools protocol: no driver, no port, no package.

    with Browser() as browser:
        page = browser.open(Path("report.html"))
        page.run("document.title")
        page.click("#theme"); page.type("II.3"); page.key("Enter")
        page.errors, page.requests          # what its console and its network saw

The browser gets a profile of its own and ends with the block. `Browser.find` says which program it is.
"""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
KEYS = {"Enter": (13, "\r"), "Tab": (9, ""), "/": (191, "/"), " ": (32, " "), "Escape": (27, "")}
PATIENCE = 30.0  # seconds for whatever is waited for


class Browser:
    """One process, which several pages share."""

    @staticmethod
    def find() -> str | None:
        return next((found for name in NAMES if (found := shutil.which(name))), None)

    def __enter__(self) -> "Browser":
        program = self.find()
        assert program is not None
        self.profile = tempfile.mkdtemp(prefix="taxsync-browser-")
        out_there, self.out = os.pipe()
        self.back, back_there = os.pipe()

        def at_3_and_4() -> None:
            copies = os.dup(out_there), os.dup(back_there)  # neither may stand where the other goes
            os.dup2(copies[0], 3)
            os.dup2(copies[1], 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-background-networking", "--disable-dev-shm-usage", "--hide-scrollbars",
             "--force-prefers-reduced-motion", f"--user-data-dir={self.profile}", "about:blank"],
            preexec_fn=at_3_and_4, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(out_there)
        os.close(back_there)
        self.number, self.unread, self.heard = 0, b"", list[dict[str, Any]]()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.ask("Browser.close")
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            os.close(self.out)
            os.close(self.back)
            shutil.rmtree(self.profile, ignore_errors=True)

    def ask(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """What a method of the protocol answers; events that come first are kept in `heard`."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self.number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                found: dict[str, Any] = answer["result"]
                return found
            self.heard.append(answer)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self.unread:
            more = os.read(self.back, 1 << 20)
            assert more, "the browser has ended"
            self.unread += more
        text, _, self.unread = self.unread.partition(b"\0")
        found: dict[str, Any] = json.loads(text)
        return found

    def open(self, path: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> "Page":
        """A page of a file on this machine, once it is loaded."""
        page = Page(self, width, height, dark)
        page.send("Page.navigate", url=path.resolve().as_uri())
        page.wait("document.readyState === 'complete' && location.protocol === 'file:'")
        return page


_LAID_OUT = """new Promise(done => {
    const look = left => left && !matchMedia("(width: WIDTHpx)").matches
        ? requestAnimationFrame(() => look(left - 1)) : requestAnimationFrame(() => done(left))
    look(300)
})"""


class Page:
    """A tab."""

    def __init__(self, browser: Browser, width: int, height: int, dark: bool) -> None:
        self.browser = browser
        self.target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.ask("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.send(f"{domain}.enable")
        self.size(width, height)
        self.coloured("dark" if dark else "light")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self.browser.ask(method, self.session, **parameters)

    def size(self, width: int, height: int) -> None:
        phone = width < 600
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, mobile=phone,
            deviceScaleFactor=2 if phone else 1,
        )  # fmt: skip
        self.run(_LAID_OUT.replace("WIDTH", str(width)))  # the answer comes before the page is

    def coloured(self, scheme: str, media: str = "") -> None:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.send("Emulation.setEmulatedMedia", media=media, features=features)

    def run(self, script: str) -> Any:
        """The value of an expression in the page; promises are waited for."""
        found = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait(self, script: str) -> None:
        """Until an expression is true."""
        waited(lambda: self.run(f"!!({script})"), script)

    def text(self, selector: str) -> str:
        found = self.run(f"document.querySelector({json.dumps(selector)}).innerText")
        assert isinstance(found, str)
        return found

    def click(self, selector: str) -> None:
        """Where a person sees it."""
        self.run(
            f"document.querySelector({json.dumps(selector)}).scrollIntoView({{block: 'center', behavior: 'instant'}})"
        )
        x, y = self.run(
            f"(() => {{ const b = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
            " return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, text: str) -> None:
        self.send("Input.insertText", text=text)

    def key(self, name: str) -> None:
        code, text = KEYS[name]
        for kind in ("keyDown", "keyUp"):
            self.send(
                "Input.dispatchKeyEvent", type=kind, key=name, windowsVirtualKeyCode=code,
                **({"text": text} if text and kind == "keyDown" else {}),
            )  # fmt: skip

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """A PNG of what is seen, or of the whole page."""
        found = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **self._clip(whole))
        path.write_bytes(base64.b64decode(found["data"]))

    def _clip(self, whole: bool) -> dict[str, Any]:
        if not whole:
            return {}
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        return {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}}

    def _events(self, *methods: str) -> list[dict[str, Any]]:
        self.run("0")  # what has happened until now
        here = [each for each in self.browser.heard if each.get("sessionId") == self.session]
        return [each["params"] for each in here if each.get("method") in methods]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """What a developer's console shows: exceptions, violations of the policy, messages and warnings."""
        return self._events(
            "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded", "Audits.issueAdded"
        )

    @property
    def requests(self) -> list[str]:
        """The addresses that were asked for, but for the file itself."""
        asked = [each["request"]["url"] for each in self._events("Network.requestWillBeSent")]
        return [url for url in asked if not url.startswith(("file:", "data:"))]


def waited(ready: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.02)
