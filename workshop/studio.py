"""Takes the pictures of the documentation from a served database, in headless Chromium.

``python -m workshop.studio SCENES.py [NAME ...]``, started by ``./dev screenshots``. The scenes file holds
``SCENES``, a dictionary of name -> function; each function gets a :class:`Studio`, leads the page to where the
picture is taken, and returns (the picture is then taken of the window) or calls ``save`` itself. Example::

    def order_on_hold(studio):
        studio.login("demo")
        studio.open(f"/odoo/sales/{studio.record_id('sale_order_control.order_on_hold')}")
        studio.click(text="Make it pass")

    SCENES = {"order-on-hold": order_on_hold}
"""

import base64
import importlib.util
import io
import json
import os
import sys
import time
import urllib.request
from pathlib import Path

from PIL import Image

from .chrome import Chrome, ChromeError

# Nothing moves and no cursor blinks, so that two runs take the same picture.
STILL = "*, *::before, *::after { transition: none !important; animation: none !important; caret-color: transparent; }"
SETTLED = """
    document.readyState === 'complete' && (!window.odoo || odoo.isReady !== false)
    && !document.querySelector('.o_loading_indicator, .o_blockUI, .o_view_sample_data_loading')
"""


class Studio:
    """A logged-in browser window and the few gestures a picture needs."""

    def __init__(self, chrome, address, database, folder):
        self.chrome, self.address, self.database, self.folder = chrome, address, database, Path(folder)
        self.session, self.saved = None, 0
        self.chrome.request("Emulation.setTimezoneOverride", timezoneId="UTC")
        self.size()

    def size(self, width=1280, height=800, scale=1, mobile=False):
        """Set the window's size; ``mobile`` for the small-screen layout."""
        self.chrome.request(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=mobile
        )

    def login(self, user, password=None):
        """Become ``user``; demo users have their login as password."""
        parameters = {"db": self.database, "login": user, "password": password or user}
        _result, headers = self._post("/web/session/authenticate", parameters)
        cookies = [value for name, value in headers.items() if name.lower() == "set-cookie"]
        self.session = next(part for part in cookies if part.startswith("session_id=")).split(";")[0].split("=", 1)[1]
        self.chrome.request("Network.clearBrowserCookies")
        self.chrome.request("Network.setCookie", name="session_id", value=self.session, url=self.address)

    def call(self, model, method, *arguments, **keywords):
        """Call a public model method as the logged-in user."""
        parameters = {"model": model, "method": method, "args": arguments, "kwargs": keywords}
        return self._post(f"/web/dataset/call_kw/{model}/{method}", parameters)[0]

    def record_id(self, xmlid):
        """Database id behind an external id."""
        module, name = xmlid.split(".")
        return self.call("ir.model.data", "check_object_reference", module, name)[1]

    def _post(self, path, parameters):
        """A JSON-RPC request outside of the page."""
        headers = {"Content-Type": "application/json"}
        if self.session:
            headers["Cookie"] = f"session_id={self.session}"
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": parameters}).encode()
        request = urllib.request.Request(self.address + path, body, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            content = json.load(answer)
            if "error" in content:
                raise ChromeError(f"{path}: {content['error']['data'].get('message', content['error'])}")
            return content.get("result"), answer.headers

    def open(self, path):
        """Go to an address of the server and wait until the page has settled."""
        self.chrome.request("Page.navigate", url="about:blank")
        self.chrome.pending.clear()
        self.chrome.request("Page.navigate", url=self.address + path)
        self.settle()

    def settle(self, seconds=60, quiet=0.7):
        """Wait until the web client is ready and nothing has been loading for a moment."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.chrome.listen(quiet)
            if not self.chrome.pending and self.chrome.evaluate(SETTLED):
                self.chrome.evaluate(
                    f"""(async () => {{
                        if (!document.getElementById('studio_still')) {{
                            const style = document.createElement('style');
                            style.id = 'studio_still';
                            style.textContent = {json.dumps(STILL)};
                            document.head.append(style);
                        }}
                        await document.fonts.ready;
                        await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
                    }})()"""
                )
                return
        raise ChromeError(f"the page did not settle in {seconds} s")

    def wait_for(self, selector, seconds=20):
        """Wait until an element is there."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.chrome.evaluate(f"!!document.querySelector({json.dumps(selector)})"):
                return
            self.chrome.listen(0.2)
        raise ChromeError(f"there is no element {selector}")

    def click(self, selector="button, a, .o_menu_sections *, [role=tab]", text=None):
        """Click the first visible element that matches, or the one with this text, and wait for the effect."""
        if text is None:
            self.wait_for(selector)
        done = self.chrome.evaluate(
            f"""(() => {{
                const text = {json.dumps(text)};
                const found = [...document.querySelectorAll({json.dumps(selector)})].find(
                    node => node.getClientRects().length && (text === null || node.innerText.trim() === text));
                if (found) {{ found.scrollIntoView({{block: 'nearest'}}); found.click(); }}
                return !!found;
            }})()"""
        )
        if not done:
            raise ChromeError(f"there is nothing to click: {selector} {text or ''}".rstrip())
        self.settle()

    def evaluate(self, expression):
        """Value of a JavaScript expression in the page, for what the other gestures do not cover."""
        return self.chrome.evaluate(expression)

    def type(self, selector, text):
        """Put the cursor into a field and type."""
        self.wait_for(selector)
        self.chrome.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
        self.chrome.request("Input.insertText", text=text)
        self.settle()

    def scroll_to(self, selector):
        """Bring an element into the middle of the window."""
        self.wait_for(selector)
        self.chrome.evaluate(f"document.querySelector({json.dumps(selector)}).scrollIntoView({{block: 'center'}})")

    def save(self, name, selector=None, margin=12):
        """Write the window, or one element with some margin, to ``<folder>/<name>.png``."""
        self.settle()
        options = {"format": "png"}
        if selector:
            options["clip"] = {**self._box(selector, margin), "scale": 1}
        data = base64.b64decode(self.chrome.request("Page.captureScreenshot", **options)["data"])
        self.folder.mkdir(parents=True, exist_ok=True)
        target = self.folder / f"{name}.png"
        with Image.open(io.BytesIO(data)) as image:
            image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(target, optimize=True)
        self.saved += 1
        print(f"[dev] {target.relative_to(Path.cwd())}", flush=True)

    def _box(self, selector, margin):
        """Where an element is, with a margin, inside the window."""
        self.wait_for(selector)
        return self.chrome.evaluate(
            f"""(() => {{
                const box = document.querySelector({json.dumps(selector)}).getBoundingClientRect();
                const x = Math.max(0, box.x - {margin}), y = Math.max(0, box.y - {margin});
                return {{x, y, width: Math.min(innerWidth, box.right + {margin}) - x,
                         height: Math.min(innerHeight, box.bottom + {margin}) - y}};
            }})()"""
        )


def load_scenes(path):
    """The ``SCENES`` of a scenes file."""
    spec = importlib.util.spec_from_file_location("scenes", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.SCENES


def take(studio, name, scene):
    """Play one scene; False, with the reason and a picture of where it went wrong, when it fails."""
    studio.chrome.errors.clear()
    studio.size()
    before = studio.saved
    try:
        scene(studio)
        if studio.saved == before:
            studio.save(name)
        problems = list(studio.chrome.errors)
    except ChromeError as error:
        problems = [str(error), *studio.chrome.errors]
    for problem in problems:
        print(f"[dev] scene {name}: {problem}", file=sys.stderr, flush=True)
    return not problems


def main(path, *names):
    """Take all pictures, or the named ones; exit status 1 if a scene failed."""
    scenes = load_scenes(path)
    if unknown := set(names) - set(scenes):
        sys.exit(f"[dev] There is no scene {', '.join(sorted(unknown))}; there are: {', '.join(scenes)}.")
    chrome = Chrome(os.environ["SOC_CHROMIUM"])
    try:
        studio = Studio(chrome, os.environ["SOC_ADDRESS"], os.environ["SOC_DATABASE"], Path(path).parent / "images")
        results = [take(studio, name, scenes[name]) for name in names or scenes]
    finally:
        chrome.close()
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
