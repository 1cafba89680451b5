"""Takes the pictures of README and the guide from the demo (`make run`): `python -m tools.screenshots`."""

import io
import os
from dataclasses import dataclass

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tools import chromium
from tools.common import ROOT, SetupError, say

FOLDER = ROOT / "docs" / "screenshots"
ADDRESS = os.environ.get("TENCHO_ORIGIN", "http://127.0.0.1:8000")
PASSWORD = "tencho-demo"  # of the invented people of the demo
LANGUAGES = {"ja": "ja-JP", "en": "en-US"}
COLOURS = 256
MAX_BYTES = 150_000


@dataclass(frozen=True)
class Picture:
    """`path` leads to a page; `link` is a selector to click there until the page to show is reached."""

    name: str
    who: str
    language: str
    width: int
    height: int
    path: str
    link: str = ""


PICTURES = (
    Picture("home-ja", "aya", "ja", 1280, 800, "/"),
    Picture("home-en", "aya", "en", 1280, 800, "/"),
    Picture("templates-ja", "aya", "ja", 1280, 800, "/templates/"),
    Picture("templates-en", "aya", "en", 1280, 800, "/templates/"),
    Picture("operations-ja", "aya", "ja", 1280, 800, "/operations/"),
    Picture("operations-en", "aya", "en", 1280, 800, "/operations/"),
    Picture("board-ja", "aya", "ja", 1280, 800, "/batches/", ".rows a >> text=商品説明の追加"),
    Picture("review-ja", "dai", "ja", 1280, 800, "/review/", "[data-row] a.row-link"),
    Picture("review-en", "dai", "en", 1280, 800, "/review/", "[data-row] a.row-link"),
    Picture("task-phone-ja", "fumi", "ja", 390, 844, "/my-work/?tab=hand", ".rows a.row-link"),
)


def main() -> None:
    path = chromium.find()
    if path is None:
        raise SetupError("There is no Chromium: `make test` installs one, or set CHROMIUM_PATH.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.LAUNCH_FLAGS))
        for picture in PICTURES:
            _keep(picture.name, _take(browser, picture))
        browser.close()


def _take(browser: Browser, picture: Picture) -> bytes:
    context = browser.new_context(
        base_url=ADDRESS,
        viewport={"width": picture.width, "height": picture.height},
        locale=LANGUAGES[picture.language],
        timezone_id="Asia/Tokyo",
    )
    page = context.new_page()
    _sign_in(page, picture)
    page.goto(picture.path)
    if picture.link:
        page.locator(picture.link).first.click()
        page.wait_for_load_state()
    page.wait_for_selector("[data-live-sign][data-state=live]")
    # The counters in the bar and the comparison on the desk are drawn by scripts.
    page.wait_for_timeout(1000)
    shot = page.screenshot()
    context.close()
    return shot


def _sign_in(page: Page, picture: Picture) -> None:
    page.goto("/accounts/login/")
    page.fill("input[name=login]", f"{picture.who}@demo.example")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_selector("header.bar")
    if page.locator("html").get_attribute("lang") != picture.language:
        page.click("header details.menu summary")
        page.click(f"header button[name=language][value={picture.language}]")
        page.wait_for_selector(f"html[lang={picture.language}]")


def _keep(name: str, shot: bytes) -> None:
    """Writes a small PNG: the pages have few colours."""
    target = FOLDER / f"{name}.png"
    small = Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(target, optimize=True)
    size = target.stat().st_size
    if size > MAX_BYTES:
        raise SetupError(f"{target.name} has {size} bytes, more than {MAX_BYTES}.")
    say(f"{target.relative_to(ROOT)}: {size // 1000} kB")


if __name__ == "__main__":
    main()
