"""Take pictures of the public pages of a running portal.

    make screenshots

Starts the portal with the demo set in a folder of its own and leaves every picture in
docs/screenshots/all; the few that the README shows are kept small in docs/screenshots.
"""

from __future__ import annotations

import io
import itertools
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.running import ROOT, Portal, start_portal, stop_portal

FOLDER = ROOT / "docs" / "screenshots"
PICTURES = ROOT / "ml" / "demo" / "pictures"
QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
QUIET += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
DEVICES = {
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "desktop": {"viewport": {"width": 1200, "height": 800}},
}
LANGUAGES = {"ko": "", "en": "/en"}
SURE = PICTURES / "samples" / "gyeongbokgung-geunjeongjeon"
UNKNOWN = PICTURES / "nonlandmarks" / "dishes" / "dishes-02.jpg"
KEPT = [
    "result-sure-ko-phone-light",
    "result-sure-ko-desktop-light",
    "result-unknown-en-phone-dark",
    "home-ko-desktop-light",
    "place-en-desktop-light",
]
LARGEST_BYTES = 200_000
MIDDLE = 0.35
COLOURS = (256, 160, 96)


def main() -> int:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        print("Chromium is needed (Debian: apt-get install chromium).", file=sys.stderr)
        return 2
    everything = FOLDER / "all"
    shutil.rmtree(everything, ignore_errors=True)
    everything.mkdir(parents=True)
    with running() as portal, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        for name in take_all(browser, portal, everything):
            print(name, flush=True)
        browser.close()
    for name in KEPT:
        make_small(everything / f"{name}.png", FOLDER / f"{name}.png")
    return 0


@contextmanager
def running() -> Iterator[Portal]:
    with tempfile.TemporaryDirectory() as logs:
        data = ROOT / ".gilnun" / "screenshots"
        # A fresh installation, so that the pictures show the demo set as it is now.
        shutil.rmtree(data, ignore_errors=True)
        portal, process = start_portal(data, log_folder=Path(logs))
        try:
            yield portal
        finally:
            stop_portal(process)


def take_all(browser: Browser, portal: Portal, folder: Path) -> Iterator[str]:
    """Take every page in each language, on each device, in light and dark; yield the names."""
    unsure = find_unsure(browser, portal)
    for device, scheme, language in itertools.product(DEVICES, ("light", "dark"), LANGUAGES):
        context = browser.new_context(
            base_url=portal.address,
            locale=language,
            color_scheme=scheme,
            reduced_motion="reduce",
            **DEVICES[device],
        )
        page = context.new_page()
        for name in show_pages(page, portal, LANGUAGES[language], unsure):
            page.wait_for_load_state("networkidle")
            page.evaluate("document.fonts.ready")
            full = f"{name}-{language}-{device}-{scheme}"
            page.screenshot(path=folder / f"{full}.png")
            yield full
        context.close()


def show_pages(page: Page, portal: Portal, prefix: str, unsure: bytes | None) -> Iterator[str]:
    """Bring up one page after the other; yield its name while it is shown."""
    for name, path in {
        "home": "/",
        "list": "/landmarks/",
        "list-filtered": "/landmarks/?q=궁&category=heritage&region=KR-11",
        "list-near": "/landmarks/?near=37.5759,126.9768&radius_m=5000",
        "list-empty": "/landmarks/?q=zzzz&photos=1",
        "place-bare": "/landmarks/gyeongbokgung/",
        "report": "/landmarks/gyeongbokgung/report/",
        "place": "/landmarks/gyeongbokgung-geunjeongjeon/",
        "map": "/map/",
        "map-city": "/map/?bbox=126.92,37.53,127.06,37.61",
        "map-near": "/map/?near=37.5759,126.9768&radius_m=5000",
        "routes": "/routes/",
        "route": "/routes/seoul-palaces-on-foot/",
        "own-route": "/routes/plan/?near=37.5759,126.9768&hours=4",
        "form": "/recognize/",
        "missing": "/not-there/",
    }.items():
        page.goto(f"{prefix}{path}")
        yield name
    page.goto(f"{prefix}/landmarks/cheomseongdae/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.locator("keep-place button").click()
    page.locator("keep-place [aria-pressed=true]").wait_for()
    page.goto(f"{prefix}/kept/")
    yield "kept"
    page.context.set_offline(True)
    page.goto(f"{prefix}/landmarks/udo/")
    page.locator(".kept-place").wait_for()
    yield "offline"
    page.goto(f"{prefix}/landmarks/cheomseongdae/")
    yield "offline-kept-place"
    # A page that waits for the network would load itself again.
    page.goto("about:blank")
    page.context.set_offline(False)
    send(page, prefix, sorted(SURE.glob("*.jpg"))[0])
    yield "result-sure"
    if unsure:
        send(page, prefix, unsure)
        yield "result-unsure"
    send(page, prefix, UNKNOWN)
    yield "result-unknown"
    page.goto(f"{prefix}/recognize/")
    page.set_input_files(
        "#photo-file", {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": b"only a text"}
    )
    page.locator("[data-part=error]:visible").wait_for()
    yield "error"
    with model_server_paused(portal):
        send(page, prefix, sorted(SURE.glob("*.jpg"))[1])
        yield "result-pending"


def send(page: Page, prefix: str, picture: Path | bytes) -> None:
    content = picture if isinstance(picture, bytes) else picture.read_bytes()
    page.goto(f"{prefix}/recognize/")
    page.set_input_files(
        "#photo-file", {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": content}
    )
    page.locator("[data-state]").wait_for()


def find_unsure(browser: Browser, portal: Portal) -> bytes | None:
    """Return a picture of which Gilnun is not sure: the middle of a sample; None without any."""
    page = browser.new_page(base_url=portal.address)
    try:
        for sample in sorted(PICTURES.glob("samples/*/*.jpg"), reverse=True):
            picture = middle_of(sample)
            send(page, "", picture)
            if page.locator("[data-certainty=unsure]").count():
                return picture
    finally:
        page.close()
    return None


def middle_of(sample: Path) -> bytes:
    picture = Image.open(sample)
    width, height = picture.size
    edge = (1 - MIDDLE) / 2
    box = (width * edge, height * edge, width * (1 - edge), height * (1 - edge))
    content = io.BytesIO()
    picture.crop(tuple(map(int, box))).resize(picture.size).save(content, "JPEG")
    return content.getvalue()


@contextmanager
def model_server_paused(portal: Portal) -> Iterator[None]:
    processes = portal.processes("ml.serving")
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


def make_small(source: Path, target: Path) -> None:
    """Save a picture with as many colours as the README's size allows."""
    picture = Image.open(source).convert("RGB")
    for colours in COLOURS:
        picture.quantize(colours, dither=Image.Dither.FLOYDSTEINBERG).save(target, optimize=True)
        if target.stat().st_size <= LARGEST_BYTES:
            return


if __name__ == "__main__":
    sys.exit(main())
