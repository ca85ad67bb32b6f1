"""One spelling a page; nothing that is not http(s); no false merges; never an exception."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import clean_url

BASE = "https://paper.test/world/list?page=2"


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        ("HTTPS://Paper.TEST:443/World/A", "https://paper.test/World/A"),
        ("http://paper.test:80", "http://paper.test/"),
        ("http://paper.test:8080/a", "http://paper.test:8080/a"),
        ("/a/./b/../c#top", "https://paper.test/a/c"),
        ("story-1?utm_source=x&id=7&fbclid=y", "https://paper.test/world/story-1?id=7"),
        ("?page=3", "https://paper.test/world/list?page=3"),
        ("//cdn.paper.test/x", "https://cdn.paper.test/x"),
        ("https://user:secret@paper.test/x", "https://paper.test/x"),
        ("https://paper.test/%7euser/%e4%b8%96", "https://paper.test/~user/%E4%B8%96"),
        ("https://paper.test/世界/記事", "https://paper.test/%E4%B8%96%E7%95%8C/%E8%A8%98%E4%BA%8B"),
        ("https://münchen.test/a", "https://xn--mnchen-3ya.test/a"),
        (" https://paper.test/a\n ", "https://paper.test/a"),
        ("https://paper.test/a b", "https://paper.test/a%20b"),
        ("https://paper.test/a%2Fb", "https://paper.test/a%2Fb"),
        ("https://paper.test?q=1&q=2", "https://paper.test/?q=1&q=2"),
        ("http://[2001:DB8::1]/x", "http://[2001:db8::1]/x"),
    ],
)
def test_one_spelling(found: str, kept: str) -> None:
    assert clean_url(found, BASE) == kept


@pytest.mark.parametrize(
    "pair",
    [
        ("/A", "/a"),
        ("/a/", "/a"),
        ("http://paper.test/a", "https://paper.test/a"),
        ("https://www.paper.test/a", "https://paper.test/a"),
        ("/a?b=1&c=2", "/a?c=2&b=1"),
    ],
)
def test_two_pages_when_in_doubt(pair: tuple[str, str]) -> None:
    assert clean_url(pair[0], BASE) != clean_url(pair[1], BASE)


@pytest.mark.parametrize(
    "found",
    [
        "javascript:alert(1)",
        "mailto:a@b.test",
        "data:text/html,x",
        "ftp://paper.test/a",
        "file:///etc/passwd",
        "http://[::1",
        "http://",
        "http://paper.test:99999999/",
        "http://a b/",
        "https://paper.test/" + "x" * 3000,
    ],
)
def test_what_is_not_visited(found: str) -> None:
    assert clean_url(found, BASE) is None


@settings(max_examples=200)
@given(st.text(max_size=60) | st.from_regex(r"https?://[a-z.:\[\]@%#?/\\]{0,40}", fullmatch=True))
def test_never_raises_and_is_stable(found: str) -> None:
    """Whatever a page holds: None, or an http(s) URL that cleans to itself."""
    kept = clean_url(found, BASE)
    if kept is not None:
        assert urlsplit(kept).scheme in ("http", "https")
        assert clean_url(kept) == kept
