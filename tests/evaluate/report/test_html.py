"""The page in a real browser, and what strangers' names can do to it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from style3d.evaluate.metrics.figure import Figure, absent
from style3d.evaluate.metrics.measure import Evaluation, ReportPictures
from style3d.evaluate.metrics.registry import figure_names, meaning
from style3d.evaluate.report.curves import ticks
from style3d.evaluate.report.html import page
from style3d.evaluate.report.save import save
from style3d.evaluate.report.tables import number, summary_tiles
from tests.helpers.browser import FLAGS, browser

EVIL = "</script><script>document.body.dataset.broken=1</script><img src=x onerror=\"document.title='broken'\">"
DRIVER = """
const said = [];
addEventListener("error", event => said.push(String(event.message || event.target.src)), true);
addEventListener("securitypolicyviolation", event => said.push(event.violatedDirective + " " + event.blockedURI));
const error = console.error; console.error = (...words) => { said.push(words.join(" ")); error(...words); };
addEventListener("load", () => {
  const slider = document.querySelector(".compare input"), over = document.querySelector(".compare .over");
  const clip = () => getComputedStyle(over).clipPath;
  const before = clip();
  slider.value = 20; slider.dispatchEvent(new Event("input"));
  const images = [...document.images];
  document.body.dataset.told = JSON.stringify({
    said, before, after: clip(), images: images.length, loaded: images.filter(i => i.naturalWidth > 0).length,
    height: document.body.scrollHeight, wide: document.documentElement.scrollWidth > innerWidth,
    paper: getComputedStyle(document.body).backgroundColor, broken: document.body.dataset.broken || "",
  });
});
"""


def evaluation() -> Evaluation:
    rng = np.random.default_rng(0)
    images = tuple(rng.random((24, 24, 3)).astype(np.float32) for _ in range(2))
    error = np.where(rng.random((24, 24)) > 0.5, 0.1, np.nan)
    figures = [Figure(f"consistency.1.{m}{s}", 0.5, "lower", 2, "24×24", "valid") for m in ("rmse", "relative")
               for s in ("", ".floor", ".flat", ".independent")]  # fmt: skip
    figures += [
        Figure("consistency.1.over_floor", 1.0, "lower"),
        absent("consistency.1.over_independent", "lower", EVIL),
    ]
    figures += [
        Figure("style.gram", 0.4, "lower", network=EVIL, digest="ab" * 32),
        absent("content.lpips", "lower", "no"),
    ]
    pictures = ReportPictures(images, images[::-1], images, {1: {0: error.astype(np.float32)}}, images)
    run = {"losses": {EVIL: [3.0, 2.0, 1.0]}, "job": {"model": EVIL, EVIL: [1, None, EVIL]}}
    return Evaluation(EVIL, tuple(figures), (EVIL,), pictures, {"style": EVIL}, {"materials": [EVIL]}, run)


def seen(document: str, folder: Path, *flags: str) -> dict:
    """What a browser makes of a page, told by a script that is let in beside the page's own."""
    if browser() is None:
        pytest.skip("no Chromium is installed")
    digest = base64.b64encode(hashlib.sha256(DRIVER.encode()).digest()).decode()
    watched = document.replace("script-src ", f"script-src 'sha256-{digest}' ").replace(
        "<title>", f"<script>{DRIVER}</script><title>", 1
    )
    path = folder / "watched.html"
    path.write_text(watched, encoding="utf-8")
    command = [str(browser()), *FLAGS, *flags, "--virtual-time-budget=4000", f"--user-data-dir={folder / 'profile'}",
               "--dump-dom", path.as_uri()]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    told = re.search(r'data-told="([^"]*)"', done.stdout)
    assert told, done.stderr[-500:]
    return json.loads(unescape(told[1]))


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_lives_in_a_browser(dark: bool, tmp_path: Path) -> None:
    flags = ("--force-dark-mode", "--blink-settings=preferredColorScheme=0") if dark else ()
    told = seen(page(evaluation()), tmp_path, *flags)
    assert told["said"] == []
    assert told["broken"] == ""
    assert told["loaded"] == told["images"] == 9
    assert told["before"] != told["after"]
    assert "80%" in told["after"]
    assert told["height"] > 500
    assert not told["wide"]
    shade = sum(int(part) for part in re.findall(r"\d+", told["paper"])[:3])
    assert (shade < 200) == dark


def test_nothing_from_files_becomes_markup() -> None:
    text = page(evaluation())
    assert text.count("<script>") == 1
    assert 'onerror="' not in text
    assert "<img src=x" not in text
    links = re.findall(r"""(?:src|href)=["']([^"']{0,30})""", text)
    assert all(link.startswith("data:image/jpeg;base64") for link in links)
    assert "http" not in re.sub(r"http-equiv", "", text)


def test_absent_is_said_and_the_cheat_is_named() -> None:
    cheat = Figure("consistency.1.relative.flat", 1.0, "lower", note="cheat: agrees because it shows little")
    one = evaluation()
    figures = tuple(cheat if figure.name == cheat.name else figure for figure in one.figures)
    text = page(Evaluation("a", figures, (), one.pictures))
    assert "cheat: agrees because it shows little</small>" in text
    assert '<span class="absent">absent</span>' in text


def test_files_are_written_together(tmp_path: Path) -> None:
    written = save(evaluation(), tmp_path / "page.html")
    assert [path.name for path in written] == ["page.json", "page.csv", "page.html"]
    values = json.loads(written[0].read_text())
    assert values["figures"][-1]["value"] is None
    assert written[1].read_text().splitlines()[0].startswith("name,value,better,views")


def test_what_to_look_at_first() -> None:
    figures = [
        Figure("consistency.7.over_floor", 1.234, "lower"), Figure("consistency.7.over_independent", 0.2, "lower"),
        Figure("style.gram", 0.41, "lower"), Figure("style.gram.before", 2.0, "lower"),
        absent("style.palette", "lower", "no"),
    ]  # fmt: skip
    tiles = re.findall(r"<b>(.*?)</b><span>(.*?)</span>", summary_tiles(figures))
    assert [value for value, _ in tiles] == ["1.23", "0.41"]
    assert "7 views apart; 0.2 × that of views painted alone" in tiles[0][1]
    assert "2 before" in tiles[1][1]
    assert summary_tiles(figures[-1:]) == ""


def test_every_figure_says_what_it_means() -> None:
    for name in figure_names([1, 7]):
        assert meaning(name), name
    assert meaning("style.orientation.before") == "how far strokes must be turned, degrees"
    assert meaning("beauty") == meaning("style.gram.nonsense") == ""
    assert "strokes raised" in meaning("style.light.left.relief")


def test_counts_are_whole_and_ticks_few() -> None:
    assert number(Figure("mesh.unseen", 71118.0, "lower")) == "71,118"
    assert number(Figure("style.fid", 1234.56, "lower")) == "1235"
    assert ticks(-1.2, 1.1) == [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]
    assert ticks(-4, 2) == [1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0]
