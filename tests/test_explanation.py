"""What `extract --explain` says is how the page was read."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from archive import Capture, explain, extract
from crawler.cli import main
from tests.pages import AT, ENGLISH, URL, article, page

TEASER = (
    '<div class="more"><h3>Most read</h3><ul><li><a href="/world/2026/11/night-ferry-returns-411150">'
    "The night ferry returns after nine winters</a></li></ul></div>"
)
NOTICE = "<p>Sign up for our newsletter and get the harbour news every morning.</p>"


def markup() -> str:
    return page(article([*ENGLISH, "</p>" + NOTICE + "<p>"]) + TEASER)


def test_verdicts_are_the_reading() -> None:
    capture = Capture(URL, AT, status=200, payload=markup().encode(), content_type="text/html; charset=utf-8")
    told = explain(capture)
    assert told.extraction == extract(capture)
    assert "\n\n".join(one.text for one in told.verdicts if one.verdict == "body") == told.extraction.text
    dropped = {one.text: one.why for one in told.verdicts if one.verdict == "dropped"}
    notice = next(why for text, why in dropped.items() if text.startswith("Sign up"))
    assert any("notice of the house" in words for words in notice)
    assert [(kind, heading) for kind, heading, _, _ in told.boxes] == [("readers", "Most read")]


def test_pages_that_are_no_article() -> None:
    assert explain(Capture(URL, AT, status=200, payload=b"%PDF-1.7")).verdicts == ()


def test_command(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(markup(), encoding="utf-8")
    done = CliRunner().invoke(main, ["extract", str(file), "--url", URL, "--explain"])
    assert done.exit_code == 0, done.output
    assert "[readers] Most read" in done.output
    assert "notice of the house" in done.output
    assert ENGLISH[0][:60] in done.output


def test_a_sites_rules_on_a_loose_page(tmp_path: Path) -> None:
    advert = "<div id='x'><p>Lanterns at half their price, only this Saturday at the market hall.</p></div>"
    (tmp_path / "page.html").write_text(page(article([*ENGLISH, f"</p>{advert}<p>"])), encoding="utf-8")
    rules = "[herald]\nhome = 'https://h.example/'\nprune = [\"//*[@id='x']\"]\n"
    (tmp_path / "own.toml").write_text(rules, encoding="utf-8")
    words = ["extract", str(tmp_path / "page.html"), "--executor", "serial"]
    free = CliRunner().invoke(main, words)
    ruled = CliRunner().invoke(main, [*words, "--site", "herald", "--sites", str(tmp_path / "own.toml")])
    assert ("Lanterns" in free.stdout, "Lanterns" in ruled.stdout) == (True, False), ruled.output
