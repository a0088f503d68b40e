"""Looks at the pages of a served mirror in a headless Chromium, over its DevTools protocol.

  browse.py CHROMIUM URL [FOLDER]

Each page: no message on the console, nothing that axe-core finds against WCAG 2.1 A and AA (contrast among them), no
scrolling sideways on a phone, everything that can be used is reached by the keyboard alone, every link is alive.
With FOLDER a picture of each page, wide and narrow.
"""

import base64
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import axe_core_python
import websocket

chromium, site = sys.argv[1:3]
pictures = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 and sys.argv[3] else None
axe = (pathlib.Path(axe_core_python.__file__).parent / "axe.min.js").read_text()
PAGES = ["/", "/en", "/search", "/search?q=water&format=CSV", "/dataset/alle-velden", "/en/dataset/alle-velden", "/owners",
         "/en/owners", "/themes", "/lists", "/runs", "/nosuch"]


class Browser:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.process = subprocess.Popen(
            [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--remote-debugging-port=0", "--remote-allow-origins=*", f"--user-data-dir={self.folder.name}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port_file = pathlib.Path(self.folder.name) / "DevToolsActivePort"
        for _ in range(300):
            if port_file.exists() and port_file.read_text().count("\n"):
                break
            time.sleep(0.1)
        port = port_file.read_text().split("\n")[0]
        tabs = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json"))
        address = next(t["webSocketDebuggerUrl"] for t in tabs if t["type"] == "page")
        self.socket = websocket.create_connection(address, timeout=60)
        self.number = 0
        self.events = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def call(self, method, **parameters):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def wait(self, method):
        while not any(e.get("method") == method for e in self.events):
            self.events.append(json.loads(self.socket.recv()))

    def open(self, url, width, height, mobile):
        self.events = []
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        self.call("Page.navigate", url=url)
        self.wait("Page.loadEventFired")

    def value(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"])
        return result["result"].get("value")

    def close(self):
        self.process.terminate()
        self.process.wait()


def picture(browser, name):
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
        data = browser.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        (pictures / name).write_bytes(base64.b64decode(data))


problems = 0


def problem(text):
    global problems
    problems += 1
    print("FAIL ", text)


browser = Browser()
links = set()
owner = None
try:
    pages = list(PAGES)
    for page in pages:
        browser.open(site + page, 1200, 900, False)
        said = [e for e in browser.events if e.get("method") in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown")
                or e.get("method") == "Log.entryAdded" and not (page == "/nosuch" and "404" in str(e))]
        if said:
            problem(f"{page}: the console says {said[:2]}")
        links.update(browser.value("[...document.querySelectorAll('a[href],link[href]')].map(a => a.href)"))
        if page == "/owners":
            owner = browser.value("document.querySelector('td a').getAttribute('href')")
            pages += [owner, "/list/" + browser.value("'DONL%3AOrganization'")]
        elif owner and page == owner:
            check = browser.value("(document.querySelector('.chosen a') || {getAttribute() {}}).getAttribute('href')")
            if check:
                pages.append(check)
        for width in (1200, 360):
            if width == 360:
                browser.open(site + page, 360, 740, True)
            browser.value(axe + "; 0")
            found = json.loads(browser.value(
                "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})"
                ".then(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes.length, v.nodes[0].html])))"))
            for rule, count, html in found:
                problem(f"{page} at {width}: {rule}, {count} times, first {html[:160]}")
            picture(browser, f"{page.strip('/').replace('/', '-').replace('?', '-')[:60] or 'start'}-{width}.png")
        wide = browser.value("document.documentElement.scrollWidth")
        if wide > 360:
            problem(f"{page}: {wide} pixels wide on a phone of 360")
        # With Tab alone: every link, field, button, and whatever scrolls gets the focus, and shows it.
        wanted = browser.value(
            "[...document.querySelectorAll('a[href],button,input:not([type=hidden]),summary,[tabindex=\"0\"]')]"
            ".filter(e => e.checkVisibility()).length")
        browser.value("document.activeElement.blur(); window.seen = new Set(); window.bare = 0; 0")
        for _ in range(min(wanted, 40)):
            for kind in ("keyDown", "keyUp"):
                browser.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
            browser.value(
                "(e => { window.seen.add(e); if (getComputedStyle(e).outlineStyle === 'none') window.bare++ })"
                "(document.activeElement); 0")
        reached, bare = browser.value("window.seen.size"), browser.value("window.bare")
        if reached < min(wanted, 40) or bare:
            problem(f"{page}: {reached} of {min(wanted, 40)} reached by Tab, {bare} without showing it")
        print("ok    page", page)
finally:
    browser.close()

alive = 0
for link in sorted(links):
    if not link.startswith(site):
        continue
    try:
        with urllib.request.urlopen(link.split("#")[0]) as answer:
            answer.read(1)
            alive += 1
    except urllib.error.HTTPError as error:
        if "nosuch" not in link:
            problem(f"{link}: HTTP {error.code}")
print(f"ok    {alive} links alive" if not problems else f"{problems} problems")
sys.exit(1 if problems else 0)
