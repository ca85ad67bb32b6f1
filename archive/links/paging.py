"""Further pages of a list: `rel=next`, higher numbers of the same address, and buttons that load more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl, urlsplit

from lxml import etree

from archive.links.addresses import Outlet
from archive.links.listing import MAX_NEXT_PAGES
from archive.urls import clean_url

#: A link as paging sees it: (address, whether the page says that it is the next one, text).
Shown = tuple[str, bool, str]


_PAGE_KEY = re.compile(r"(?i)^(page|paged|p|pg|pagina|pagenum|page_?no|seite|strana|strona|sayfa|sivu|start|offset)$")
_PAGE_PATH = re.compile(
    r"(?i)[/_-](?:(?:page|pagina|seite|strana|strona|sayfa|sivu|pag|p)[/_-]?|(?:index|list)[_-]?)(\d{1,4})(?:/?|\.\w+)$"
)
_BARE_NUMBER = re.compile(r"/(\d{1,3})/?$")
_INDEX_FILE = re.compile(r"(?i)/(?:(?:index|default|list)\.\w+)?$")


def _page_number(url: str, bare: bool = False) -> tuple[str, int]:
    """(the address without its page number, the number): 1 where an address names none.

    bare: a last segment that is nothing but a small number is a page number too.
    """
    parts = urlsplit(url)
    path, number = parts.path, 1
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    keyed = [(k, v) for k, v in pairs if _PAGE_KEY.match(k) and re.fullmatch(r"\d{1,6}", v)]
    match = _PAGE_PATH.search(path) or (_BARE_NUMBER.search(path) if bare else None)
    if keyed:
        number = int(keyed[0][1])
    elif match:
        path, number = path[: match.start()], int(match[1])
    rest = sorted(pair for pair in pairs if pair not in keyed)
    return f"{parts.netloc}{_INDEX_FILE.sub('', path)}?{rest}", number


def next_pages(tree: etree._Element, anchors: Sequence[Shown], outlet: Outlet, articles: set[str]) -> tuple[str, ...]:
    """Further pages of this list: `rel=next` first, then higher numbers of the same address, lowest first.

    anchors: the page's links, the `rel=next` among them marked.

    articles: what is no page of the list; some sites say `rel=next` of the next article.
    """
    named: list[str] = []
    numbered: list[tuple[int, str]] = []
    for url, is_next, text in _candidates_for_next(tree, anchors, outlet):
        if url == outlet.own or url in articles or not outlet.owns(url):
            continue
        bare = text.strip(" ›»>→[]").isdigit()
        page, current = _page_number(url, bare), _page_number(outlet.own, bare)
        if is_next:
            named.append(url)
        elif page[0] == current[0] and page[1] > current[1]:
            numbered.append((page[1], url))
    found = dict.fromkeys([*named, *(url for _, url in sorted(numbered))])
    return tuple(found)[:MAX_NEXT_PAGES]


def _candidates_for_next(tree: etree._Element, anchors: Sequence[Shown], outlet: Outlet) -> Iterator[Shown]:
    """(address, whether the page says that it is the next one, text) of links, and of buttons that load more."""
    for node in tree.iter("link"):
        rel = (node.get("rel") or "").lower().split()
        if "next" in rel and (url := clean_url(node.get("href") or "", outlet.page)):
            yield url, True, ""
    yield from anchors
    for node in tree.iter("a", "button", "div"):
        for name in ("data-url", "data-href", "data-next", "data-next-url", "data-load-more", "data-more-url"):
            value = node.get(name)
            if value and (url := clean_url(value, outlet.page)):
                yield url, "next" in name or "more" in name, ""
