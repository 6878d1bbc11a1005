"""Headless Chromium over the Chrome DevTools protocol: start it, talk to it, end it."""

import contextlib
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import websocket

SWITCHES = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-crash-reporter",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--mute-audio",
    "--no-first-run",
    "--remote-debugging-port=0",
]
# Connections that stay open by design and say nothing about whether a page has settled.
ENDLESS = ("/websocket", "/bus/", "/longpolling")


class ChromeError(Exception):
    """Chromium did not start, or the page did not do what was asked of it."""


class Chrome:
    """One browser with one page. Requests are synchronous; events that arrive meanwhile are taken note of."""

    def __init__(self, program):
        self.profile = tempfile.mkdtemp(prefix="soc-chromium-")
        with open(Path(self.profile, "browser.log"), "wb") as log:
            self.process = subprocess.Popen(
                [program, *SWITCHES, f"--user-data-dir={self.profile}", "about:blank"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.pending, self.errors, self.last_id = set(), [], 0
        try:
            self.socket = websocket.create_connection(self._page_address(), suppress_origin=True, timeout=60)
        except Exception:
            self.close()
            raise
        for domain in ("Page", "Runtime", "Network"):
            self.request(f"{domain}.enable")

    def _page_address(self):
        """WebSocket address of the first page, once the browser has said at which port it listens."""
        port_file = Path(self.profile, "DevToolsActivePort")
        for _attempt in range(150):
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError, IndexError, ValueError):
                port = int(port_file.read_text().splitlines()[0])
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=5) as answer:
                    pages = [page for page in json.load(answer) if page["type"] == "page"]
                return pages[0]["webSocketDebuggerUrl"]
            time.sleep(0.2)
        log = Path(self.profile, "browser.log").read_text(errors="replace")[-2000:]
        raise ChromeError(f"Chromium did not start:\n{log}")

    def close(self):
        """End the browser and forget its profile."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def request(self, method, **parameters):
        """Send one command and return its result."""
        self.last_id += 1
        self.socket.send(json.dumps({"id": self.last_id, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == self.last_id:
                if "error" in message:
                    raise ChromeError(f"{method}: {message['error'].get('message')}")
                return message["result"]
            self._take_note(message)

    def listen(self, seconds):
        """Take note of events for a while."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                self._take_note(json.loads(self.socket.recv()))
            except websocket.WebSocketTimeoutException:
                break
            finally:
                self.socket.settimeout(60)

    def _take_note(self, message):
        """Remember open requests, and errors nobody caught."""
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            if not any(part in parameters["request"]["url"] for part in ENDLESS):
                self.pending.add(parameters["requestId"])
        elif method in ("Network.loadingFinished", "Network.loadingFailed"):
            self.pending.discard(parameters["requestId"])
        elif method == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details.get("text", ""))
        elif method == "Page.javascriptDialogOpening":
            self.request("Page.handleJavaScriptDialog", accept=True)

    def evaluate(self, expression):
        """Value of a JavaScript expression; a promise is waited for."""
        result = self.request("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise ChromeError(details.get("exception", {}).get("description") or details["text"])
        return result["result"].get("value")
