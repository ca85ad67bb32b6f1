"""What the words of a menu mean: the world's news, other sections, regions, languages; in the languages we know.

Three sources: `archive/data/section_names.tsv` (how the international section is called and which phrases only look
like it), `archive/data/menu_words.tsv` (its neighbours in a menu), and the Unicode CLDR (by babel) for what the world,
its continents and countries are called in some two hundred languages.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from urllib.parse import unquote

from babel import Locale, UnknownLocaleError

from archive.data import table

#: Territories of UN M.49 that news sites make sub-sections of, beside all countries (two letters).
_CONTINENTS = ("002", "003", "005", "009", "013", "019", "021", "029", "030", "034", "035", "142", "143", "145", "150",
               "151", "202", "419", "EU")  # fmt: skip
_WORLD = "001"
_SPLIT = re.compile(r"[\s/|&+,;:·•\-–—・،、]+")
#: Little words of many languages that stand between the names in a label.
_JOINING = frozenset(
    re.split(
        " ",
        "and & und oder et y e i och og en ja ve dan и та і й و the of from le la les el il de del do da dos das du "
        "des di dal dei von der den aus z ze iz sa din fra från из з от",
    )
)
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
#: Counts in brackets, and every sign but those that hold a label together or belong to a letter (Hindi, Thai).
_SIGNS = re.compile(
    r"\(\d*\)|[^\w\s&/+,'’.\-–—|·・\u0300-\u036f\u064b-\u065f\u0900-\u0dff\u0e31-\u0e4e\u1000-\u109f\u1780-\u17ff]"
)
_SUFFIX = re.compile(r"(?i)\.(?:s?html?|php\d?|aspx?|jsp|do|cms)$")
_NUMBERED = re.compile(r"[-_,.]?\d+$")
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "ł": "l", "đ": "d", "ı": "i", "ð": "d", "þ": "th", "œ": "oe"})


@dataclass(frozen=True, slots=True)
class Meaning:
    """How far words name the international section: points, and why, in a few words. Below 0: they name another."""

    points: float
    why: str


NOTHING = Meaning(0.0, "")
#: Points of a word that names the section at one outlet and the environment or the miscellany at the next ("Planète",
#: "Aus aller Welt"): never enough by itself, whatever menu it stands in.
WEAK = 0.6


@dataclass(frozen=True)
class _Words:
    """The lists as dictionaries, by normal form; `languages` of a name are those in which it is one."""

    names: dict[str, dict[str, str]]
    paths: dict[str, set[str]]
    others: frozenset[str]
    topics: dict[str, set[str]]
    topic_slugs: dict[str, set[str]]


def plain(text: str) -> str:
    """The normal form in which words are compared: NFKC, small letters, no signs round them, single spaces."""
    text = unicodedata.normalize("NFKC", text.replace("İ", "i")).casefold().replace("\u0307", "")
    text = re.sub(r"[\u200b-\u200f\u2060\ufeff\u00ad\u0640]", "", text)
    text = _SIGNS.sub(" ", text)
    return " ".join(text.split()).strip(" .,-–—|·/+&")


def slug(text: str) -> str:
    """A name as it is written into addresses: without accents, hyphens for spaces."""
    bare = "".join(
        c for c in unicodedata.normalize("NFKD", plain(text).translate(_LETTERS)) if not 0x300 <= ord(c) <= 0x36F
    )
    return re.sub(r"[\s_/&+,.'’]+", "-", unicodedata.normalize("NFC", bare)).strip("-")


@cache
def _words(drop: frozenset[str] = frozenset()) -> _Words:
    """The lists. drop: sources or languages to be left out, for tests that hold them back."""
    names: dict[str, dict[str, str]] = {}
    paths: dict[str, set[str]] = {}
    others: set[str] = set()
    for language, word, kind, source in table("section_names"):
        if drop & {source, language}:
            continue
        if kind == "other":
            others.add(plain(word))
        elif kind == "path":
            paths.setdefault(unquote(word).strip("/").lower(), set()).add(language)
        else:
            names.setdefault(plain(word), {}).setdefault(language, kind)
            if kind != "weak":
                paths.setdefault(slug(word), set()).add(language)
    topics: dict[str, set[str]] = {}
    topic_slugs: dict[str, set[str]] = {}
    for language, word, topic in table("menu_words"):
        if language in drop:
            continue
        topics.setdefault(plain(word), set()).add(topic)
        topic_slugs.setdefault(slug(word), set()).add(topic)
    return _Words(names, paths, frozenset(others - set(names)), topics, topic_slugs)


@cache
def _territories(language: str) -> tuple[frozenset[str], frozenset[str], str]:
    """(continents and the like, countries, the world) as a language calls them, normal forms; empty where unknown."""
    try:
        known = Locale.parse(language.replace("-", "_")).territories
    except (UnknownLocaleError, ValueError):
        return frozenset(), frozenset(), ""
    wide = {plain(known[code]) for code in _CONTINENTS if code in known}
    countries = {plain(name) for code, name in known.items() if len(code) == 2 and code != "ZZ"}
    return frozenset(wide - {""}), frozenset(countries - {""}), plain(known.get(_WORLD, ""))


def topics_of(text: str, drop: frozenset[str] = frozenset()) -> set[str]:
    """The topics that a label names (`politics`, `sport`, `language` …); empty where none is known."""
    return _words(drop).topics.get(plain(text), set())


def topics_of_segment(segment: str, drop: frozenset[str] = frozenset()) -> set[str]:
    """The topics that a path segment names."""
    return _words(drop).topic_slugs.get(bare_segment(segment), set())


def bare_segment(segment: str) -> str:
    """A path segment without its file suffix and number: `mundo.html` is `mundo`, `zahranicni-11` is `zahranicni`."""
    segment = _SUFFIX.sub("", unquote(segment).lower())
    return _NUMBERED.sub("", segment) or segment


def region(text: str, languages: Sequence[str], drop: frozenset[str] = frozenset()) -> str | None:
    """`continent` or `country` where a label or segment names one, in one of the languages or in English."""
    form = plain(text.replace("-", " ").replace("_", " "))
    if not form:
        return None
    if "region" in _words(drop).topics.get(form, ()) or "region" in _words(drop).topic_slugs.get(slug(text), ()):
        return "continent"
    for language in dict.fromkeys((*languages, "en")):
        wide, countries, _ = _territories(language)
        if form in wide:
            return "continent"
        if form in countries:
            return "country"
    return None


def label_meaning(text: str, languages: Sequence[str], drop: frozenset[str] = frozenset()) -> Meaning:
    """How far a link's text names the international section. languages: the page's, the likeliest first."""
    words, form = _words(drop), plain(text)
    if not form or len(form) > 60:
        return NOTHING
    if form in words.others:
        return Meaning(-6.0, f"“{text}” is the name of something else")
    exact = _named(form, languages, words, drop)
    if exact.points:
        return exact
    without_news = _without_news(form, words)
    if without_news != form and (found := _named(without_news, languages, words, drop)).points:
        return Meaning(found.points - 0.2, found.why)
    if any(f" {other} " in f" {form} " for other in words.others if " " in other or len(other) > 8):
        return Meaning(-4.0, f"“{text}” holds the name of something else")
    return _compound(form, text, languages, words, drop)


def _named(form: str, languages: Sequence[str], words: _Words, drop: frozenset[str]) -> Meaning:
    """A form that is a name as it stands: most in the page's own language, less in English, least in another."""
    known = words.names.get(form, {})
    for language in languages:
        if known.get(language) == "weak":
            return Meaning(WEAK, f"sometimes a name of it in {language}")
        if language in known:
            kind = "the usual name" if known[language] == "name" else "a name"
            return Meaning(4.0 if known[language] == "name" else 3.6, f"{kind} of it in {language}")
    for language in languages:
        if form == _territories(language)[2] and language not in drop:
            return Meaning(3.2, f"the word for the world in {language}")
    if "weak" in known.values() and (known.get("en") == "weak" or len(known) == 1):
        return Meaning(WEAK, "sometimes a name of it")
    if "en" in known:
        return Meaning(3.3, "a name of it in English")
    if known:
        # Scripts tell: what only Greeks write is Greek, whatever the page declares.
        sure = not form.isascii() and not any("LATIN" in unicodedata.name(c, "") for c in form if c.isalpha())
        return Meaning(3.2 if sure else 2.2, f"a name of it in {' or '.join(sorted(known)[:3])}")
    return NOTHING


def _without_news(form: str, words: _Words) -> str:
    """A form without words for "news" at its ends; 国际新闻 is 国际."""
    parts = form.split(" ")
    while len(parts) > 1 and "news" in words.topics.get(parts[-1], ()):
        parts.pop()
    while len(parts) > 1 and "news" in words.topics.get(parts[0], ()):
        parts.pop(0)
    form = " ".join(parts)
    if _UNSPACED.search(form):
        for word, topics in words.topics.items():
            if "news" in topics and _UNSPACED.search(word) and len(form) > len(word):
                form = form.removesuffix(word).removeprefix(word).strip() or form
    return form


def _compound(form: str, text: str, languages: Sequence[str], words: _Words, drop: frozenset[str]) -> Meaning:
    """`Deutschland & Welt`, `U.S. & World`, `Politik Ausland`: a name with a country, a region, home or politics."""
    parts = [p.strip(".'’") for p in _SPLIT.split(form)]
    parts = [p for p in parts if p and p not in _JOINING]
    kinds = [_part(p, languages, words, drop) for p in parts]
    if not 2 <= len(parts) <= 5 or "name" not in kinds:
        return NOTHING
    rest = [k for k in kinds if k != "name"]
    bad = [k for k in rest if k in BANNED]
    if bad:
        return Meaning(-4.0, f"“{text}” is about {bad[0]}")
    if all(rest):
        return Meaning(2.7, f"“{text}”: a name of it with {', '.join(key for key, _ in groupby(rest)) or 'itself'}")
    return Meaning(0.5 if len(parts) <= 3 else 0.0, f"“{text}” holds a name of it")


#: Topics below or beside which a "World" is another one: the world of sport, of travel, of business, a TV programme.
BANNED = ("sport", "travel", "business", "weather", "video", "culture", "opinion", "life", "science", "edition",
          "language")  # fmt: skip


def _part(part: str, languages: Sequence[str], words: _Words, drop: frozenset[str]) -> str:
    """What one word of a label is: `name`, a topic, `region`, or nothing that we know."""
    known = words.names.get(part, {})
    if any(language in known for language in (*languages, "en")):
        return "name"
    topics = words.topics.get(part, set())
    for topic in ("home", "politics", "news", *BANNED):
        if topic in topics:
            return topic
    return "region" if region(part, languages, drop) else ""


def path_meaning(segments: Sequence[str], languages: Sequence[str], drop: frozenset[str] = frozenset()) -> Meaning:
    """How far the end of a path names the international section; segments: unquoted."""
    words = _words(drop)
    if not segments:
        return NOTHING
    last = bare_segment(segments[-1])
    if len(last) == 2 and last in languages and len(segments) > 1:
        return path_meaning(segments[:-1], languages, drop)
    if last in ("index", "home", "default", "une", "all", "latest") and len(segments) > 1:
        return path_meaning(segments[:-1], languages, drop)
    for form in (last, last.replace("_", "-")):
        known = words.paths.get(form)
        if known:
            fits = known & {*languages, "en"}
            return Meaning(3.0 if fits else 2.2, f"the path ends in /{segments[-1]}")
    parts = [p for p in re.split(r"[-_]+", last) if p and p not in _JOINING]
    if 2 <= len(parts) <= 4:
        kinds = [_path_part(p, languages, words, drop) for p in parts]
        rest = [k for k in kinds if k != "name"]
        if "name" in kinds and all(rest) and not any(k in BANNED for k in rest):
            return Meaning(2.2, f"the path ends in /{segments[-1]}")
    return NOTHING


def _path_part(part: str, languages: Sequence[str], words: _Words, drop: frozenset[str]) -> str:
    """What one word of a path segment is, as `_part` says of a label's; a segment of its own may be a part too."""
    named = words.paths.get(part, set()) & {*languages, "en"}
    return "name" if named and len(part) > 3 else _part(part, languages, words, drop)
