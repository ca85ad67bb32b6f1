"""The settings as a checklist: what must be off is off, what must be bounded is, and nobody can miss it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from scrapy.settings import Settings

from archive import BadQuery
from archive.urls import MAX_URL
from crawler import settings as ours
from crawler.cli.options import settled

ROOT = Path(__file__).parent.parent
TRUST = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def settings() -> Settings:
    loaded = Settings()
    loaded.setmodule("crawler.settings", priority="project")
    return loaded


def test_what_must_be_off_is_off(settings: Settings) -> None:
    for name in (
        "REMOTE_CONTROL_ENABLED",
        "TELNETCONSOLE_ENABLED",
        "COOKIES_ENABLED",
        "REFERER_ENABLED",
        "METAREFRESH_ENABLED",
        "HTTPPROXY_ENABLED",
        "HTTPCACHE_ENABLED",
        "AUTOTHROTTLE_ENABLED",
    ):
        assert settings.getbool(name) is False, name
    assert settings.getbool("DOWNLOAD_VERIFY_CERTIFICATES") is True
    assert settings.get("JOBDIR") is None
    handlers = {scheme for scheme, path in settings.getwithbase("DOWNLOAD_HANDLERS").items() if path}
    assert handlers == {"http", "https"}


def test_only_our_own_middlewares_run(settings: Settings) -> None:
    """None that follows, retries, decodes or remembers behind our back."""
    named = settings.get_component_priority_dict_with_base("DOWNLOADER_MIDDLEWARES")
    assert {str(name).rpartition(".")[2] for name in named} == {
        "RobotsMiddleware",
        "DownloadTimeoutMiddleware",
        "DefaultHeadersMiddleware",
        "UserAgentMiddleware",
    }
    assert not settings.get_component_priority_dict_with_base("SPIDER_MIDDLEWARES")


def test_bounds(settings: Settings) -> None:
    """The limits that docs/trust.md promises, by their names and values."""
    table = dict(re.findall(r"^\| `([A-Z_]+)` \| ([^|]+?) \|", TRUST, re.M))
    assert len(table) > 20
    for name, value in table.items():
        assert hasattr(ours, name), name
        assert settings.getfloat(name) == float(value.replace(",", "")), name
    assert settings.getint("URLLENGTH_LIMIT") == MAX_URL
    bounded = {
        node.targets[0].id
        for node in ast.parse((ROOT / "crawler" / "settings.py").read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and type(getattr(ours, node.targets[0].id)) in (int, float)
    }
    unsaid = bounded - set(table) - {"DOWNLOAD_WARNSIZE", "DEPTH_LIMIT", "LOGSTATS_INTERVAL", "DOWNLOAD_DELAY_JITTER"}
    assert not unsaid, f"docs/trust.md does not list {unsaid}"


def test_set_takes_known_names_and_numbers() -> None:
    assert settled(("DOWNLOAD_TIMEOUT=10", "RETRY_TIMES=0", "USER_AGENT=me/1")) == {
        "DOWNLOAD_TIMEOUT": 10.0,
        "RETRY_TIMES": 0,
        "USER_AGENT": "me/1",
    }
    with pytest.raises(BadQuery, match="Did you mean DOWNLOAD_TIMEOUT"):
        settled(("DOWNLOAD_TIMEOUTS=10",))
    with pytest.raises(BadQuery, match="is a number"):
        settled(("RETRY_TIMES=often",))
    with pytest.raises(BadQuery, match="NAME=VALUE"):
        settled(("RETRY_TIMES",))


def test_nothing_is_unpickled() -> None:
    """No pickle, marshal, shelve or eval in what we run: nothing from disk, database or network becomes code."""
    for file in (*(ROOT / "archive").rglob("*.py"), *(ROOT / "crawler").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.partition(".")[0] for name in names} & {"pickle", "marshal", "shelve", "dill"}, file
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec"), file


def test_the_crawler_parses_no_html() -> None:
    """No parser of pages in the crawler's rooms: what reads them runs in killable workers, behind archive's names."""
    for file in (ROOT / "crawler").rglob("*.py"):
        if "newsroom" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {n.partition(".")[0] for n in names} & {"lxml", "parsel", "bs4", "html", "trafilatura"}, file


def test_trust_names_tests_that_exist() -> None:
    """docs/trust.md proves its points: each test that it names is one."""
    named = re.findall(r"`(test_\w+)\.(test_\w+)`", TRUST)
    assert len(named) > 25
    for room, test in named:
        text = (ROOT / "tests" / f"{room}.py").read_text(encoding="utf-8")
        assert f"def {test}(" in text, f"{room}.{test}"
