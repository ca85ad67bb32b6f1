"""What a text, an element's attributes and a URL look like: cheap signs by which teasers are told from other links."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice

from lxml.html import HtmlElement

from archive.lines import line

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")

_UNSEEN = frozenset(("script", "style", "template"))
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WIDE = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_DATED = re.compile(r"/(?:19|20)\d\d[/-]?(?:0?[1-9]|1[0-2])(?:[/-]|\d)|/(?:19|20)\d\d/\w{3}/")
_NUMBERED = re.compile(r"\d{5,}")
_SUFFIX = re.compile(r"\.(?:s?html?|php|cms|aspx?|ece|story|amp)$")
_ID_QUERY = re.compile(r"(?i)[?&](?:id|idx|article\w*|news\w*|story\w*|aid|artid|no|p|nid|post)=[\w-]{3,}")
#: Second-level labels under which names are registered in country domains (publicsuffix.org), where news is found.
_SECOND_LEVEL = frozenset(
    ("co", "com", "org", "net", "gov", "gob", "ac", "edu", "or", "ne", "go", "info", "web", "press")
)


def class_words(*groups: str) -> re.Pattern[str]:
    """A pattern for class and id attributes: one of the words, not as a part of a longer word."""
    return re.compile(rf"(?:^|[^a-z])(?:{'|'.join(groups)})(?:$|[^a-z])")


def text_of(element: HtmlElement, limit: int) -> str:
    """The element's visible text with single spaces, cut after `limit` characters."""
    if not len(element):
        return line(element.text)[:limit]
    pieces: list[str] = []
    size = 0
    for piece in element.itertext():
        pieces.append(piece)
        size += len(piece)
        if size > 4 * limit:
            break
    text = line(" ".join(pieces))
    if "{" in text:  # a style sheet or a script inside
        text = line(" ".join(_visible(element, 4 * limit)))
    return text[:limit]


def _visible(element: HtmlElement, limit: int) -> list[str]:
    """The pieces of text that are no script or style, up to about `limit` characters."""
    pieces: list[str] = []
    size = 0
    for one in element.iter():
        said = one.text if isinstance(one.tag, str) and one.tag not in _UNSEEN else None
        for piece in (said or "", one.tail or "" if one is not element else ""):
            pieces.append(piece)
            size += len(piece)
        if size > limit:
            break
    return pieces


def own_text(element: HtmlElement) -> str:
    """A heading's text; where it has words of its own, without those of the links in it ("see all")."""
    whole = text_of(element, 200)
    own = whole
    for link in islice(element.iter("a"), 5):
        own = own.replace(text_of(link, 200), " ", 1)
    own = " ".join(own.split())
    return own if len(own) >= 3 else whole


def long_enough(text: str) -> bool:
    """Whether the text could be a headline: four words, or as much in a script that needs fewer characters."""
    if len(text) >= 24:
        return True
    return len(text) >= 8 and (text.count(" ") >= 3 or wide(text) >= 8)


def wide(text: str) -> int:
    """How many characters of the text are of scripts in which one says as much as three letters."""
    return len(_WIDE.findall(text))


def width(text: str) -> float:
    """The length of a headline, ideographs and syllables counted as the letters that they stand for."""
    return len(text) + 1.2 * wide(text)


def attribute_words(element: HtmlElement) -> str:
    """Class and id in small letters, words apart: `MainNavigation` is `main-navigation`."""
    return _apart(f"{element.get('class') or ''} {element.get('id') or ''}")


@lru_cache(maxsize=8192)
def _apart(names: str) -> str:
    return _CAMEL.sub("-", names).lower()


def first_piece(element: HtmlElement) -> str:
    return next((text for piece in element.itertext() if (text := line(piece)[:200])), "")


def article_shape(key: str) -> int:
    """How much a URL looks like an article's: 0 not, 1 somewhat, 2 much. key: host, path and query."""
    path = key[key.find("/") :] if "/" in key else ""
    if len(path) < 2:
        return 0
    last = path.partition("?")[0].rstrip("/").rpartition("/")[2]
    hyphens = last.count("-") + last.count("_")
    if _NUMBERED.search(path) or _DATED.search(path) or _ID_QUERY.search(path):
        return 2
    if hyphens >= 3 or (hyphens >= 1 and len(last) >= 25) or (len(last) > 40 and not last.isascii()):
        return 2
    if len(last) > 40 and "%" in last:
        return 2
    if len(last) > 12 and _SUFFIX.search(last):
        return 2
    return 1 if hyphens >= 1 or len(last) >= 14 or any(char.isdigit() for char in last) else 0


def url_form(key: str) -> tuple[object, ...]:
    """The form of a URL, in which the articles of an outlet resemble each other."""
    path = key.partition("?")[0].partition("/")[2]
    segments = path.split("/")
    last = segments[-1]
    return (
        len(segments),
        re.search(r"\.\w{2,5}$", last) is not None,
        re.search(r"\d{3,}[^/]{0,6}$", last) is not None,
        last[:1].isdigit(),
        _DATED.search("/" + path) is not None,
        last.count("-") >= 3,
        len(last) // 12,
        segments[0] if len(segments) > 1 else "",
    )


def same_outlet(page: str, other: str) -> bool:
    """Whether two hosts are one outlet: same registrable name (`bbc.com`, `news.bbc.co.uk`), or the brand in it."""
    if page == other:
        return True
    name = _name(other)
    if name == _name(page) and len(name) >= 2:
        return True
    return len(name) >= 5 and name in page.split(".")


def _name(host: str) -> str:
    """The label that an outlet registered: `bbc` of `www.bbc.co.uk`."""
    labels = host.rpartition("@")[2].partition(":")[0].strip(".").split(".")
    if len(labels) >= 3 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL:
        return labels[-3]
    return labels[-2] if len(labels) >= 2 else labels[0]
