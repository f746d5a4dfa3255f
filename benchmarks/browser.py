"""Click → DOM in Chromium, beside a hand-written page over a bare Tornado socket."""

from statistics import median
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from tools import chromium

from .processes import HOST, Stopwatch, serve
from .report import Figure, Sample, compare

FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# The browser's clock counts tenths of a millisecond, and two pages differ by less: ten clicks are timed at once.
WARM_UP, BLOCKS, BLOCK = 3, 50, 10
_LIMIT_MS = 60_000

# In the page: one click after the other, each when the label shows what the one before has led to.
_CLICK: Final = """
async ([blocks, clicks]) => {
  const button = document.getElementById("w1"), label = document.getElementById("w2"), times = [];
  for (let block = 0; block < blocks; block++) {
    const begin = performance.now();
    for (let i = 0; i < clicks; i++) {
      const next = "count: " + (Number(label.textContent.split(" ")[1]) + 1);
      await new Promise(resolve => {
        const observer = new MutationObserver(() => {
          if (label.textContent === next) { observer.disconnect(); resolve(); }
        });
        observer.observe(label, {childList: true, characterData: true, subtree: true});
        button.click();
      });
    }
    times.push((performance.now() - begin) / clicks);
  }
  return times;
}
"""


def measure(rounds: int) -> list[Figure]:
    """The median over the blocks of each round."""
    figures = [Figure("click → DOM in Chromium, median", "ms", "at most 1.2")]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=FLAGS)
        try:
            return compare(rounds, figures, lambda: _click(browser, "bare_counter"), lambda: _click(browser, "counter"))
        finally:
            browser.close()


def _click(browser: Browser, name: str) -> Sample:
    with serve(name) as server:
        context = browser.new_context()
        page = context.new_page()
        page.set_default_timeout(_LIMIT_MS)
        page.goto(f"http://{HOST}:{server.port}/")
        page.evaluate(_CLICK, [WARM_UP, BLOCK])
        watch = Stopwatch(server)
        times = page.evaluate(_CLICK, [BLOCKS, BLOCK])
        usage = watch.read()
        context.close()
    return Sample((median(times),), usage.noise)
