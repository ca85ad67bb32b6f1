"""wall(page, ...), stub(page, ...): pages that show something else than an article, and why.

What stands instead of an article says so: an error, a question for consent, a question who is reading, a login. Phrases
are data with their languages (`data/page_phrases.tsv`), and one alone is no proof, since articles are written about
errors and cookies: what counts is how much of the headline, and of the text, is made of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from archive.data import table
from archive.lines import key_of
from archive.reading.blocks import FOOTER, HIDDEN, NAV, Block, Place, width
from archive.reading.bodies import Body
from archive.reading.metadata import access
from archive.reading.notices import Phrases, alike, notice, quoted
from archive.reading.pages import Page, strings

SHORT = 500  # letters of running text that may still be a notice, a stub or a caption
STUB = 700  # letters that a paid article shows at most of itself where it is cut
SHOWN = 1500  # … where a wall that speaks of the rest stands right below its text
FEW = 120  # letters of text in which hardly any news is told
TEASER = 300  # letters in which an article that breaks off has said nothing yet
LONG_WALL = 2500  # letters of the longest questions for consent
BELOW = 4  # blocks below the text in which its wall begins

#: What a page of this kind of phrases is, and how the reason is put.
_SAYS = {
    "error": ("error", "it says"),
    "consent": ("consent", "it asks for consent:"),
    "challenge": ("error", "it asks who is reading:"),
    "login": ("paywall", "it asks for a login:"),
}
_NUMBER = re.compile(r"\d[\d.,\s]*")
_TITLE_PARTS = re.compile(r"\s+[|–—·:»-]+\s+|\s*[|｜]\s*")
_CONSENTING = re.compile(r"(?:^|[^a-z])(?:consent|cookies?|gdpr|cmp)(?:$|[^a-z])")
_WALLED = re.compile(r"paywall|regwall|piano|subscriber-?only|barrier")


@cache
def _phrases(kind: str) -> Phrases:
    return Phrases((phrase, kind) for _, phrase, kind_named in table("page_phrases") if kind_named == kind)


def speaks(kind: str, text: str) -> str | None:
    """The phrase of a kind that stands in the text, as the table spells it in small letters; None if there is none."""
    return next((phrase for _, phrase, _ in _phrases(kind).within(alike(text))), None)


def share(kind: str, lines: Iterable[str], *, also: str | None = None) -> tuple[float, str]:
    """(how much of the lines' letters is in phrases of a kind, the longest of these). also: a kind of words that count
    as well where there is a phrase; numbers count nowhere but in errors (`404`)."""
    said = total = 0
    longest = ""
    for one in lines:
        told = alike(one)
        told = told if kind == "error" else _NUMBER.sub("", told)
        covered = bytearray(len(told))
        for name in (kind, also):
            for at, phrase, _ in _phrases(name).within(told) if name and (name == kind or longest) else ():
                if quoted(told, at):
                    continue
                covered[at : at + len(phrase)] = b"\x01" * len(phrase)
                longest = max(longest, phrase, key=len) if name == kind else longest
        said += sum(bool(mark) and char.isalnum() for mark, char in zip(covered, told, strict=True))
        total += sum(map(str.isalnum, told))
    return (said / total if total else 0.0), longest


def wall(
    page: Page, found: Sequence[Block], body: Body, title: str | None, own: dict[str, Any], published: str | None
) -> tuple[str, str] | None:
    """(kind, reason) of a page that shows an error, a question or a login. own: its article's JSON-LD object, or {}."""
    size = sum(width(one) for one in body.paragraphs)
    dated = bool(own.get("datePublished"))
    if size > LONG_WALL or (dated and size >= SHORT):
        return None
    heads = _heads(page, found, title)
    lines = body.paragraphs or [one.text for one in found if not one.marks & (NAV | FOOTER)][:60]
    if size < SHORT and not dated and (reason := _consenting(page, found)):
        return "consent", reason
    for name, (kind, reason) in _SAYS.items():
        if size >= SHORT and name != "consent":
            continue
        headed, phrase = max((share(name, [one], also="sorry") for one in heads), default=(0.0, ""))
        told, other = share(name, lines)
        if _proves(name, headed, told, size, published, own=dated):
            return kind, f"{reason} {phrase or other!r}"
    return None


def _proves(name: str, headed: float, told: float, size: float, published: str | None, *, own: bool) -> bool:
    """Whether the shares of headline and text that are phrases of a kind are enough to be what they say."""
    if own:
        return told >= 0.4
    if size >= SHORT:
        return told >= 0.15 and (headed >= 0.25 or told >= 0.25)
    if size < FEW:
        return headed >= 0.5 or (name != "login" and told >= 0.22)
    if headed >= 0.8 and (published is None or told > 0):
        return True
    if name == "consent" and headed >= 0.6 and told >= 0.1:
        return True
    return told >= 0.28 and (headed >= 0.5 or name != "login")


def denied(page: Page, found: Sequence[Block], title: str | None) -> str | None:
    """The phrase by which the headline says that the page is not there, where it says little else."""
    headed, phrase = max((share("error", [one], also="sorry") for one in _heads(page, found, title)), default=(0.0, ""))
    return phrase if headed >= 0.5 else None


def _heads(page: Page, found: Sequence[Block], title: str | None) -> list[str]:
    """The page's headlines: the one read, its h1, and the parts of its title, without the outlet's name."""
    named = [part for one in page.tree.iter("title") for part in _TITLE_PARTS.split(one.text or "")]
    heads = [title or "", *(one.text for one in found if one.heading and one.place.tag == "h1"), *named]
    return [one for one in dict.fromkeys(heads) if one.strip() and key_of(one) not in page.outlet][:8]


def _consenting(page: Page, found: Sequence[Block]) -> str | None:
    """Whether nearly all text stands in elements that are called consent or cookie, or on a host that is."""
    text = [one for one in found if not one.marks & (NAV | FOOTER)]
    total = sum(len(one.text) for one in text)
    if total >= LONG_WALL or not any(speaks("consent", _NUMBER.sub("", one.text)) for one in text):
        return None
    if re.match(r"(?:consent|cmp|privacy)\.", urlsplit(page.url).netloc):
        return "the host asks for consent"
    asked = sum(
        len(one.text)
        for one in text
        if any(
            _CONSENTING.search(step.sort[1].lower()) for step in steps(one.place) if step.tag not in ("html", "body")
        )
    )
    return "nearly all text stands in a consent dialogue" if total and asked >= 0.7 * total else None


def steps(place: Place | None) -> list[Place]:
    """The element and those that hold it, innermost first."""
    found = []
    while place is not None:
        found.append(place)
        place = place.parent
    return found


# -- the beginning of a paid article -----------------------------------------------------------------------------------


def stub(page: Page, found: Sequence[Block], body: Body) -> str | None:
    """Why the page is the beginning of a paid article and no more; None where it is not."""
    if sum(map(len, body.paragraphs)) >= 2 * SHOWN:
        return None
    own = [one for one in body.paragraphs if speaks("paywall", one) is None and notice(one) is None]
    size, words, told = sum(map(width, own)), sum(len(one.split()) for one in own), _counted(page)
    if size >= SHOWN or (told > 60 and words >= 0.8 * told):
        return None
    paid = access(page)[0] == "paid"
    cut = bool(own) and own[-1].rstrip().endswith(("…", "...", "[…]"))
    rest = any(speaks("stub", one.text) for one in _below(found, own))
    few = told > 60 and size < STUB and words < 0.4 * told
    if few and (paid or _walled(found) or _asks(found)):
        return f"{words} of {told} words are shown"
    if paid and cut and size < TEASER:
        return "it says that it is paid for, and breaks off"
    if paid and rest and not _opened(page, found, own):
        return "it says that it is paid for, and that the rest stands behind a wall"
    if size < STUB and cut and rest:
        return "it breaks off, and the rest stands behind a wall"
    if (size < 250 or (cut and size < STUB)) and _walled(found) and _asks(found):
        return "a subscription is asked for, and hardly any text is shown"
    return None


def _shown(found: Sequence[Block]) -> Iterator[Block]:
    return (one for one in found if not one.marks & (NAV | FOOTER | HIDDEN))


def _walled(found: Sequence[Block]) -> bool:
    """Whether anything stands in an element that is called a wall."""
    return any(_WALLED.search(step.sort[1].lower()) for one in _shown(found) for step in steps(one.place)[:4])


def _asks(found: Sequence[Block]) -> bool:
    return any(speaks("paywall", one.text) for one in _shown(found))


def _below(found: Sequence[Block], own: Sequence[str]) -> list[Block]:
    """The first visible blocks below the text."""
    texts = set(own)
    last = max((one.order for one in found if one.text in texts), default=-1)
    return list(_shown(found[last + 1 : last + 1 + BELOW]))


def _opened(page: Page, found: Sequence[Block], own: Sequence[str]) -> bool:
    """Whether the part that JSON-LD calls paid for is there: it names its element by a class (`hasPart`)."""
    parts = page.thing.get("hasPart")
    names = {
        name
        for part in (parts if isinstance(parts, list) else [parts])
        if isinstance(part, dict)
        for text in strings(part.get("cssSelector"))
        for name in re.findall(r"\.([\w-]+)", text)
    }
    texts = set(own)
    return any(
        one.text in texts and any(names & set(step.sort[1].split()) for step in steps(one.place))
        for one in (found if names else ())
    )


def _counted(page: Page) -> int:
    """How many words the article has as JSON-LD counts them; 0 where it does not say."""
    value = page.thing.get("wordCount")
    counts = [int(text) for text in strings(value) if text.isdecimal()]
    return max([*counts, value if isinstance(value, int) else 0])
