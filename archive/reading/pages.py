"""Page: one payload decoded and parsed once, with what it says of itself in meta tags and JSON-LD.

Everything that reads a page shares this one tree and leaves it as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any
from urllib.parse import urljoin

from lxml import etree
from lxml.html import HtmlElement, document_fromstring

from archive.charset import Decoded, decode
from archive.lines import UNFIT, key_of, line
from archive.urls import host_of

MAX_PAGE = 10 << 20  # bytes, and characters once decoded
MAX_ATTRIBUTES = 10_000  # of the elements with very many; libxml2's time grows with their square
MAX_SCRIPT = 1 << 20  # characters of one script that are read as JSON
MAX_NESTING = 200  # levels of JSON that are read
MAX_HEADLINE = 1000  # characters of a headline that are compared
MAX_THINGS = 100  # JSON-LD articles of one page that are compared
MAX_OBJECTS = 2000  # JSON-LD objects looked at on one page

_MAGIC = (b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"\x1f\x8b", b"RIFF", b"OggS", b"ID3", b"wOF")
_PARTED = re.compile(r"(?<=[a-z]):(time|name)$")  # of Open Graph's property names, which some write with colons alone
_LONG_TAG = re.compile(rb"<[a-zA-Z][^<>]{60000,}")
_QUOTED = re.compile(rb"\"[^\"]*\"|'[^']*'")
_CLOSED = re.compile(rb"(?i)</(?:body|html)\s*>")
_ODD = bytes([*range(9), *range(14, 27), *range(28, 32)])  # control bytes that text does not have
_CONTROLS = bytes([*range(9), 11, *range(14, 32), 127])
_ARTICLE = re.compile(r"(?:Article|BlogPosting|Report|Review|SocialMediaPosting)$|^(?:NewsItem|CreativeWork)$")


#: One class for every element: lxml.html asks a Python function for each one, at a quarter of the time of a reading.
_PLAIN = etree.ElementDefaultClassLookup(element=HtmlElement)


class NotAPage(Exception):
    """The payload cannot be read as a page; the message is the one word for it."""


@dataclass
class Page:
    """A parsed page. `notes` become the extraction's fields; `things` are its JSON-LD objects, outermost first."""

    url: str
    tree: HtmlElement
    notes: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def base(self) -> str:
        """What relative links resolve against."""
        for one in self.tree.iter("base"):
            if href := one.get("href"):
                try:
                    return str(urljoin(self.url, href.strip()))
                except ValueError:
                    break
        return self.url

    @cached_property
    def metas(self) -> dict[str, list[str]]:
        """The contents of the meta tags by name, property or itemprop in small letters; empty ones left out.

        `article:published:time` is read as `article:published_time`, which it is meant for (ogp.me).
        """
        found: dict[str, list[str]] = {}
        for one in self.tree.iter("meta"):
            name = one.get("property") or one.get("name") or one.get("itemprop") or one.get("http-equiv")
            content = line(one.get("content"))
            if name and content:
                found.setdefault(_PARTED.sub(r"_\1", name.strip().lower()), []).append(content)
        return found

    def meta(self, *names: str) -> str | None:
        """The first content of the first of these meta tags that has one."""
        return next((self.metas[name][0] for name in names if name in self.metas), None)

    @cached_property
    def _marked(self) -> dict[str, list[HtmlElement]]:
        found: dict[str, list[HtmlElement]] = {}
        for one in self.tree.xpath("//*[@itemprop]"):
            for name in one.get("itemprop").split():
                found.setdefault(name, []).append(one)
        return found

    def marked(self, name: str) -> list[HtmlElement]:
        """The elements that microdata calls so, in page order."""
        return self._marked.get(name, [])

    @cached_property
    def things(self) -> list[dict[str, Any]]:
        """The page's JSON-LD objects, outermost first; broken or over-long scripts are left out and noted."""
        found: list[dict[str, Any]] = []
        for script in self.tree.iter("script"):
            if "ld+json" not in (script.get("type") or "").lower():
                continue
            value = read_json(script.text or "")
            if value is None:
                self.notes["jsonld"] = {"problem": "unreadable"}
            else:
                found.extend(_objects(value, MAX_OBJECTS - len(found)))
        return found

    @cached_property
    def thing(self) -> dict[str, Any]:
        """The JSON-LD object of this page's article, or {}.

        Lists of teasers are JSON-LD articles too: what names this page wins, then what has its headline, then the first
        one with a date; never one that has another address and another headline.
        """
        articles = [one for one in self.things if any(_ARTICLE.search(kind) for kind in kinds(one))]
        full = [one for one in articles if one.get("headline") or one.get("datePublished")]
        if len(full) == 1 and not _addresses(full[0]):
            return full[0]
        canonical = next((one.get("href") for one in self.tree.iter("link") if one.get("rel") == "canonical"), None)
        wanted = {_plain(text) for text in (self.url, canonical, self.meta("og:url")) if text}
        titles = [key_of(text) for text in self._shown_titles() if text]

        def worth(one: dict[str, Any]) -> tuple[bool, bool, bool]:
            told = [key_of(text[:MAX_HEADLINE]) for text in strings(one.get("headline"))]
            return (
                any(_plain(address) in wanted for address in _addresses(one)),
                any(key and any(key in title for title in titles) for key in told),
                bool(one.get("datePublished")),
            )

        for one in sorted(full[:MAX_THINGS], key=worth, reverse=True):  # of equals the first
            own, told, _ = worth(one)
            if own or told or not self._of_another(one, wanted, titles):
                return one
        return {}

    @cached_property
    def own_things(self) -> list[dict[str, Any]]:
        """The article's object, then what else is said of this page in JSON-LD; no other article's."""
        others = (one for one in self.things[:MAX_THINGS] if one is not self.thing)
        told = (None, "", self.thing.get("headline"))
        same = (one for one in others if one.get("headline") in told or "WebPage" in kinds(one))
        return [self.thing, *islice(same, 30)]

    def _shown_titles(self) -> list[str]:
        """Headlines as the page shows and shares them, without JSON-LD."""
        shown = texts([*islice(self.tree.iter("h1"), 5), *islice(self.tree.iter("title"), 1)])
        return [text[:MAX_HEADLINE] for text in (*shown, self.meta("og:title") or "", self.meta("twitter:title") or "")]

    def _of_another(self, one: dict[str, Any], wanted: set[str], titles: list[str]) -> bool:
        """Whether a JSON-LD article is surely another one than the page's: by its address and its headline."""
        ends = {address.rpartition("/")[2] for address in wanted}
        numbers = {number for address in wanted for number in re.findall(r"\d{5,}", address)}
        addresses = [_plain(address) for address in _addresses(one)]
        elsewhere = any(
            "/" in address
            and address.rpartition("/")[2] not in ends
            and not numbers & set(re.findall(r"\d{5,}", address))
            for address in addresses
        )
        if not elsewhere:
            return False
        told = [_grams(key_of(text[:MAX_HEADLINE])) for text in strings(one.get("headline"))]
        return bool(told) and not any(
            2 * len(mine & its) >= min(len(mine), len(its)) for mine in told for its in map(_grams, titles)
        )

    @cached_property
    def outlet(self) -> frozenset[str]:
        """The outlet's names as keys: as it signs itself in data and meta tags, and its host's."""
        publisher = self.resolved(self.thing.get("publisher"))
        said = strings(publisher.get("name")) if isinstance(publisher, dict) else strings(publisher)
        for one in self.things[:20]:
            if {"WebSite", "Organization", "NewsMediaOrganization"} & set(kinds(one)):
                said += strings(one.get("name"))
        said += self.metas.get("og:site_name", []) + self.metas.get("application-name", [])
        host = host_of(self.url).partition(":")[0].removeprefix("www.")
        names = {key_of(one) for one in (*said, host)}
        names |= {key_of(label) for label in host.split(".")[:-1] if len(label) > 3}
        return frozenset(name for name in names if len(name) > 1)

    def resolved(self, value: Any) -> Any:
        """A JSON-LD value; where it only refers to an object by `@id`, that object."""
        if isinstance(value, dict) and set(value) <= {"@id", "@type"} and "@id" in value:
            same = (one for one in self.things if one.get("@id") == value["@id"] and len(one) > len(value))
            return next(same, value)
        return value


def read_page(url: str, payload: bytes | None, content_type: str | None = None, charset: str | None = None) -> Page:
    """The payload as a Page. charset: overrules whatever the page says.

    Raises NotAPage: `empty`, `not_html` (binary bytes), `too_large` (over 10 MiB), `unparsable`.
    """
    if not payload or not payload.strip(b"\x00\t\n\r\f "):
        raise NotAPage("empty")
    if len(payload) > MAX_PAGE:
        raise NotAPage("too_large")
    if payload.startswith(_MAGIC) or payload[4:8] == b"ftyp":
        raise NotAPage("not_html")
    if sum(len(_QUOTED.sub(b"", tag[0]).split()) for tag in _LONG_TAG.finditer(payload)) > MAX_ATTRIBUTES:
        raise NotAPage("unparsable")
    decoded = decode(payload, content_type, charset)
    if _binary(payload, decoded):
        raise NotAPage("not_html")
    # Faultless UTF-8 is parsed as it came; its control bytes mean nothing in markup.
    clean = (
        payload.translate(None, _CONTROLS) if decoded.exact else UNFIT.sub("", decoded.text).encode("utf-8", "replace")
    )
    # What stands behind an early </html> is lost in libxml2; the end of the page closes both anyway.
    clean = _CLOSED.sub(b"", clean)
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=False, no_network=True, remove_comments=True, remove_pis=True)
    parser.set_element_class_lookup(_PLAIN)
    try:
        tree = document_fromstring(clean, parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        raise NotAPage("unparsable" if b"<" in clean else "empty") from None
    page = Page(url, tree, {"charset": decoded.note()})
    if any("epth" in entry.message for entry in parser.error_log if entry.level >= 3):
        page.notes["parser"] = {"problem": "too_deep"}  # what is nested deeper is lost in libxml2
    return page


def read_json(text: str) -> Any:
    """The value of a script's JSON, or None: over-long, nested too deep, or broken beyond the usual slips."""
    if len(text) > MAX_SCRIPT or not text.strip() or _nesting(text) > MAX_NESTING:
        return None
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        pass
    # The usual slips: CDATA or comment wrappers, a semicolon at the end, commas before a bracket.
    text = re.sub(
        r"/\*\s*<!\[CDATA\[\s*\*/|/\*\s*\]\]>\s*\*/|//\s*<!\[CDATA\[|//\s*\]\]>|<!\[CDATA\[|\]\]>|<!--|-->", " ", text
    )
    text = re.sub(r",(\s*[}\]])", r"\1", text.strip().rstrip(";"))
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def kinds(thing: dict[str, Any]) -> list[str]:
    """The types of a JSON-LD object, without the vocabulary's address."""
    value = thing.get("@type")
    return [one.rpartition("/")[2] for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def strings(value: Any) -> list[str]:
    """The strings in a JSON-LD value that may be one or a list, each on one line, the empty ones left out."""
    return [
        text for one in (value if isinstance(value, list) else [value]) if isinstance(one, str) and (text := line(one))
    ]


def _objects(value: Any, limit: int) -> Iterator[dict[str, Any]]:
    """The objects that stand for themselves in JSON-LD: lists, graphs and main entities opened, breadth first."""
    waiting = [value]
    while waiting and limit > 0:
        following: list[Any] = []
        for one in waiting:
            if isinstance(one, list):
                following.extend(one[:MAX_OBJECTS])
            elif isinstance(one, dict):
                limit -= 1
                yield one
                following.extend(one[key] for key in ("@graph", "mainEntity", "mainEntityOfPage") if key in one)
        waiting = following


def _addresses(thing: dict[str, Any]) -> list[str]:
    """The web addresses by which a JSON-LD object names its page."""
    found = []
    for value in (thing.get("url"), thing.get("@id"), thing.get("mainEntityOfPage")):
        value = value.get("@id") or value.get("url") if isinstance(value, dict) else value
        if isinstance(value, str) and value.startswith(("http://", "https://")):
            found.append(value)
    return found


def _plain(address: str) -> str:
    """An address without what the spellings of one page differ in: scheme, www, query, fragment, the AMP form's end."""
    plain = address.strip().partition("#")[0].partition("?")[0].partition("://")[2].removeprefix("www.").rstrip("/")
    return plain.removesuffix("/amp")


@lru_cache(maxsize=64)
def _grams(key: str) -> frozenset[str]:
    """The runs of three letters in a key; texts that share half of them say the same in other words."""
    return frozenset(key[at : at + 3] for at in range(len(key) - 2))


def _nesting(text: str) -> int:
    """How deep brackets are nested, those in strings counted too: never too little."""
    if text.count("[") + text.count("{") <= MAX_NESTING:
        return 0
    depth = deepest = 0
    for bracket in re.sub(r"[^\[\]{}]+", "", text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _binary(payload: bytes, decoded: Decoded) -> bool:
    """Whether the bytes are no text: many control bytes in their beginning, and no markup there."""
    if decoded.charset.startswith("utf-16"):
        return False
    start = payload[:4096]
    controls = len(start) - len(start.translate(None, _ODD))
    markup = re.search(rb"(?i)<(?:!doctype|html|head|body|meta|div|p)\b", start) is not None
    return controls * 100 > len(start) * (30 if markup else 5)


_BREAKING = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    ]
)
_UNSEEN = frozenset(("script", "style", "template", "noscript", "svg", "rt", "rp"))


def text_of(element: HtmlElement) -> str:
    """The element's text on one line: inline markup joined without a gap, blocks and line breaks with one."""
    pieces: list[str] = []
    for event, one in etree.iterwalk(element, events=("start", "end")):
        if not isinstance(one.tag, str):
            continue
        if event == "start":
            if one.tag in _BREAKING:
                pieces.append(" ")
            if one.tag not in _UNSEEN:
                pieces.append(one.text or "")
        else:
            if one.tag in _BREAKING:
                pieces.append(" ")
            if one is not element:
                pieces.append(one.tail or "")
    return line("".join(pieces))


def texts(elements: Iterable[HtmlElement]) -> list[str]:
    """The texts of elements, each on one line, the empty ones left out."""
    return [text for one in elements if (text := text_of(one))]
