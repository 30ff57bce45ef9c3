"""Tourist photo → Top-5, in a browser, against everything that `make run` starts."""

from __future__ import annotations

import base64
import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ANSWER = re.compile(r"/recognize/[0-9a-f-]{36}/$")
# Hands files to the page the way a drop or a paste does.
GIVE_FILES = """([kind, files]) => {
  const transfer = new DataTransfer();
  for (const { name, type, content } of files) {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type }));
  }
  const options = { bubbles: true, cancelable: true };
  const target = document.querySelector("photo-upload");
  target.dispatchEvent(kind === "paste"
    ? new ClipboardEvent("paste", { ...options, clipboardData: transfer })
    : new DragEvent("drop", { ...options, dataTransfer: transfer }));
}"""


def give(page: Page, kind: str, *paths: Path) -> None:
    files = [
        {
            "name": path.name,
            "type": "image/jpeg",
            "content": base64.b64encode(path.read_bytes()).decode(),
        }
        for path in paths
    ]
    page.evaluate(GIVE_FILES, [kind, files])


def expect_first(page: Page, slug: str) -> None:
    page.wait_for_url(ANSWER)
    first = page.locator("[data-certainty] [data-landmark]").first
    expect(first).to_have_attribute("data-landmark", slug)


def test_a_photo_finds_its_place_and_one_of_no_place_is_refused(open_browser, sample):
    page = open_browser("/", **PHONE)

    page.set_input_files("#photo-camera", sample("sungnyemun"))
    expect_first(page, "sungnyemun")
    expect(page.locator("[data-certainty]")).to_have_attribute("data-certainty", "sure")
    expect(page.locator("h1")).to_have_text("이곳은 숭례문입니다")
    shares = page.locator("[data-probability]").evaluate_all(
        "entries => entries.map((entry) => Number(entry.dataset.probability))"
    )
    assert len(shares) == 5
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 1

    page.locator("[data-landmark=sungnyemun] a").click()
    expect(page.locator("h1")).to_have_text("숭례문")
    assert page.url.endswith("/landmarks/sungnyemun/")

    page.go_back()
    page.locator("[data-reset]").click()
    page.set_input_files("#photo-file", sample("dishes"))
    page.wait_for_url(ANSWER)
    expect(page.locator("[data-certainty]")).to_have_attribute("data-certainty", "unknown")
    expect(page.locator("h1")).to_have_text("제가 아는 장소가 아닙니다.")
    expect(page.locator("[data-landmark]").first).to_be_hidden()


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_photo_can_be_dropped_or_pasted(open_browser, sample, kind):
    page = open_browser("/")

    give(page, kind, sample("cheomseongdae"))

    expect_first(page, "cheomseongdae")


def test_a_tap_on_a_sample_sends_it(open_browser):
    page = open_browser("/en/")

    page.locator("[data-sample=n-seoul-tower]").click()

    expect_first(page, "n-seoul-tower")
    expect(page.locator("h1")).to_have_text("This looks like N Seoul Tower")


def test_the_photo_is_seen_at_once(open_browser, sample):
    page = open_browser("/")
    held = []
    page.route("**/recognize/", lambda route: held.append(route))  # no answer yet

    page.set_input_files("#photo-file", sample("dabotap"))

    expect(page.locator("[data-part=preview]")).to_be_visible()
    expect(page.locator("progress")).to_be_visible()
    expect(page.locator("[data-part=choices]")).to_be_hidden()
    while not held:
        page.wait_for_timeout(20)
    held[0].abort()
    expect(page.locator("[data-part=choices]")).to_be_visible()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"this is only a text", "읽을 수 있는 사진 파일이 아닙니다"),
        (b"", "빈 파일입니다"),
        (None, "손상되었거나 일부만"),
    ],
    ids=["text named .jpg", "empty file", "half a photo"],
)
def test_a_bad_file_is_explained_in_place_and_a_good_one_follows(
    open_browser, sample, tmp_path, content, words
):
    good = sample("gwangandaegyo")
    bad = tmp_path / "photo.jpg"
    bad.write_bytes(good.read_bytes()[:9000] if content is None else content)
    page = open_browser("/")

    page.set_input_files("#photo-file", bad)
    expect(page.locator("[data-part=error]")).to_contain_text(words)
    expect(page.locator(".upload-send")).to_be_hidden()  # the same file would not help

    page.set_input_files("#photo-file", good)
    expect_first(page, "gwangandaegyo")


def test_two_files_are_too_many(open_browser, sample):
    page = open_browser("/en/")

    give(page, "drop", sample("dabotap"), sample("seokgatap"))

    expect(page.locator("[data-part=error]")).to_have_text("Please send one photo at a time.")


def test_a_broken_line_loses_nothing(open_browser, sample):
    page = open_browser("/en/")
    page.route("**/recognize/", lambda route: route.abort(), times=1)

    page.set_input_files("#photo-file", sample("dabotap"))
    expect(page.locator("[data-part=error]")).to_contain_text("Your photo is still here")
    expect(page.locator("[data-part=preview]")).to_be_visible()

    page.get_by_role("button", name="Try again").click()
    expect_first(page, "dabotap")


def test_going_back_gives_a_fresh_form(open_browser, sample):
    page = open_browser("/")
    page.set_input_files("#photo-file", sample("dabotap"))
    page.wait_for_url(ANSWER)

    page.go_back()

    expect(page.locator("[data-part=prompt]")).to_be_visible()
    expect(page.locator("[data-part=choices]")).to_be_visible()


def test_a_large_photo_is_made_smaller_before_it_is_sent(open_browser):
    page = open_browser("/")

    size = page.evaluate(
        """async () => {
          const canvas = new OffscreenCanvas(4000, 3000);
          canvas.getContext("2d").fillRect(0, 0, 900, 900);
          const file = new File([await canvas.convertToBlob({ type: "image/png" })], "a.png");
          const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
          const module = loaded.find((name) => name.includes("shrink-photo"));
          const { shrinkPhoto } = await import(module);
          const small = await createImageBitmap(await shrinkPhoto(file));
          return [small.width, small.height];
        }"""
    )

    assert size == [2560, 1920]


def test_everything_works_without_script(open_browser, sample):
    page = open_browser("/en/", java_script_enabled=False)

    page.set_input_files("#photo-file", sample("independence-gate"))
    page.get_by_role("button", name="Find the place").click()
    expect_first(page, "independence-gate")
    page.locator("[data-reset]").click()

    page.get_by_role("button", name="Find the place").click()
    expect(page.locator("[data-part=error]")).to_contain_text("No photo arrived")


def test_an_answer_changes_its_language_and_stays_the_same(open_browser, sample):
    page = open_browser("/")
    page.set_input_files("#photo-file", sample("cheomseongdae"))
    page.wait_for_url(ANSWER)

    page.locator("[data-language=en]").click()

    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("h1")).to_have_text("This looks like Cheomseongdae Observatory")


def test_a_deleted_answer_is_gone(open_browser, sample):
    page = open_browser("/en/")
    page.set_input_files("#photo-file", sample("cheomseongdae"))
    page.wait_for_url(ANSWER)
    receipt = page.url

    page.locator("[data-delete]").click()

    expect(page.locator("h1")).to_have_text("Your photo is gone.")
    assert page.request.get(receipt).status == 410
    assert page.request.get(f"{receipt}photo.jpg").status == 410


def test_a_photo_that_waits_is_answered_by_itself(open_browser, sample, running_portal):
    model = running_portal.processes("ml.serving")
    page = open_browser("/en/")
    try:
        for process in model:
            os.kill(process, signal.SIGSTOP)
        page.set_input_files("#photo-file", sample("sungnyemun"))
        page.wait_for_url(ANSWER)
        expect(page.locator("[data-state=pending] h1")).to_be_visible()
    finally:
        for process in model:
            os.kill(process, signal.SIGCONT)

    expect(page.locator("[data-certainty]")).to_be_visible(timeout=60_000)
    expect_first(page, "sungnyemun")


PAGES = [
    *("/", "/landmarks/", "/landmarks/cheomseongdae/", "/landmarks/udo/", "/recognize/"),
    *("/map/", "/map/?bbox=126.9,37.5,127.1,37.65", "/map/?near=37.5759,126.9768"),
    *("/routes/", "/routes/busan-coast/", "/routes/plan/", "/not-there/"),
    "/routes/plan/?near=37.5759,126.9768&hours=4",
    "/routes/plan/?places=udo,bijarim&q=제주",
]


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_no_page_scrolls_sideways_on_a_small_phone(open_browser, sample, prefix):
    small = PHONE | {"viewport": {"width": 320, "height": 640}}
    page = open_browser(f"{prefix}/", **small)
    page.set_input_files("#photo-file", sample("gwanghwamun-yi-sun-sin-statue"))
    page.wait_for_url(ANSWER)

    for path in [page.url, *(f"{prefix}{path}" for path in PAGES)]:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path


def test_the_last_answers_are_noted_on_the_device_and_forgotten(open_browser, sample):
    page = open_browser("/en/recognize/", **PHONE)
    expect(page.locator("recent-answers")).to_be_hidden()
    for slug in ("cheomseongdae", "dishes"):
        page.set_input_files("#photo-file", sample(slug))
        page.wait_for_url(ANSWER)
        page.wait_for_load_state("load")
        page.locator("[data-reset]").click()
    texts = page.locator(".recent-answer a")
    expect(texts).to_have_text(["Not a landmark I know", "Cheomseongdae Observatory"])

    page.get_by_role("button", name="Forget: Not a landmark I know").click()
    expect(texts).to_have_count(1)
    texts.first.click()
    expect_first(page, "cheomseongdae")
    page.locator("[data-delete]").click()
    expect(page.locator("h1")).to_have_text("Your photo is gone.")
    page.goto("/recognize/")

    expect(page.locator("recent-answers")).to_be_hidden()


def test_feedback_is_given_with_consent_and_told_back(open_browser, sample):
    page = open_browser("/en/recognize/", **PHONE)
    page.set_input_files("#photo-file", sample("cheomseongdae"))
    expect_first(page, "cheomseongdae")
    expect(page.locator(".guess-map .sketch-pin")).to_have_count(5)

    page.get_by_text("No, it is …").click()
    page.get_by_label("Another place").fill("석굴암")
    page.get_by_role("button", name="Look for it").click()
    page.get_by_label("Gilnun may keep my photo").check()
    page.get_by_role("button", name="Seokguram").click()

    expect(page.get_by_text("You said that it is Seokguram")).to_be_visible()
    expect(page.get_by_text("Your photo is kept to learn from.")).to_be_visible()
