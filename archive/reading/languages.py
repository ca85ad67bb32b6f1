"""language(page, text): the language of a page, as it says itself, checked against what its text is written in.

The script decides first (Cyrillic text is not English), then the commonest words of the languages (jusText's lists).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from archive.reading.pages import Page, strings

Note = dict[str, Any]

#: Scripts by a letter range, and the languages that are written in them; the first is the one to guess, "" none.
_SCRIPTS = (
    ("[\u3040-\u30ff]", ("ja",), "ja"),
    ("[\uac00-\ud7af]", ("ko",), "ko"),
    ("[\u0e00-\u0e7f]", ("th",), "th"),
    ("[\u0370-\u03ff]", ("el",), "el"),
    ("[\u0590-\u05ff]", ("he", "yi", "iw"), "he"),
    (
        "[\u0400-\u04ff]",
        ("ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn", "tg", "tt", "ba", "ce", "os", "bs", "uz", "az", "hr"),
        "",
    ),
    ("[\u0600-\u06ff]", ("ar", "fa", "ur", "ps", "ug", "ckb", "ku", "sd", "az", "pa", "ks", "ms"), ""),
    ("[\u0900-\u097f]", ("hi", "mr", "ne", "sa", "mai", "bho", "kok", "doi"), ""),
    ("[\u0980-\u09ff]", ("bn", "as", "mni"), ""),
    ("[\u0a00-\u0a7f]", ("pa",), "pa"),
    ("[\u0a80-\u0aff]", ("gu",), "gu"),
    ("[\u0b80-\u0bff]", ("ta",), "ta"),
    ("[\u0c00-\u0c7f]", ("te",), "te"),
    ("[\u0c80-\u0cff]", ("kn",), "kn"),
    ("[\u0d00-\u0d7f]", ("ml",), "ml"),
    ("[\u0d80-\u0dff]", ("si",), "si"),
    ("[\u1000-\u109f]", ("my", "shn"), "my"),
    ("[\u1780-\u17ff]", ("km",), "km"),
    ("[\u0e80-\u0eff]", ("lo",), "lo"),
    ("[\u10a0-\u10ff]", ("ka",), "ka"),
    ("[\u0530-\u058f]", ("hy",), "hy"),
    ("[\u1200-\u137f]", ("am", "ti"), "am"),
    ("[\u0f00-\u0fff]", ("bo", "dz"), ""),
    ("[\u3400-\u9fff]", ("zh", "ja", "yue", "ko"), "zh"),
)
_COMPILED = [(re.compile(pattern), languages, guess) for pattern, languages, guess in _SCRIPTS]
_NOT_LATIN = {one for _, languages, _ in _SCRIPTS[:5] for one in languages} | {
    "zh",
    "ru",
    "uk",
    "bg",
    "mk",
    "be",
    "ar",
    "fa",
    "ur",
    "ps",
    "hi",
    "mr",
    "ne",
    "bn",
    "ta",
    "te",
    "kn",
    "ml",
    "si",
    "my",
    "km",
    "lo",
    "ka",
    "hy",
    "am",
    "gu",
}


def language(page: Page, text: str) -> tuple[str | None, Note]:
    """The page's language as an ISO 639 code: its own statement, refused where the text is plainly in another."""
    fits, guess = script(text)
    words = _words(text if guess is None else "")
    refused: list[str] = []
    for source, claim in _claims(page):
        code = re.split(r"[-_,;\s]", claim.strip().lower())[0]
        code = {"iw": "he", "in": "id", "ji": "yi", "nb": "no", "nn": "no"}.get(code, code)
        if not re.fullmatch(r"[a-z]{2,3}", code):
            continue
        if fits(code) and not denied(code, words, fits):
            return code, {"from": source} | ({"refused": refused} if refused else {})
        refused.append(code)
    found, by = (guess, "script") if guess else (by_words(words, fits), "words")
    note: Note = {"refused": refused} if refused else {}
    return (found, {"from": "visible", "by": by} | note) if found else (None, note)


def _claims(page: Page) -> list[tuple[str, str]]:
    """What the page says of its language, the root's attribute first."""
    root = page.tree.getroottree().getroot()
    claims = [("visible", root.get("lang") or root.get("xml:lang"))]
    claims += [("jsonld", one) for one in strings(page.thing.get("inLanguage"))[:1]]
    claims += [
        ("meta", page.meta(name))
        for name in ("content-language", "language", "dc.language", "og:language", "og:locale")
    ]
    return [(source, claim) for source, claim in claims if claim]


#: jusText's lists of common words, by code; close relatives that one list serves are left out.
_LISTS = {
    "af": "Afrikaans",
    "sq": "Albanian",
    "ar": "Arabic",
    "az": "Azerbaijani",
    "eu": "Basque",
    "be": "Belarusian",
    "bn": "Bengali",
    "bs": "Bosnian",
    "bg": "Bulgarian",
    "ca": "Catalan",
    "hr": "Croatian",
    "cs": "Czech",
    "da": "Danish",
    "nl": "Dutch",
    "en": "English",
    "et": "Estonian",
    "fi": "Finnish",
    "fr": "French",
    "gl": "Galician",
    "de": "German",
    "hi": "Hindi",
    "hu": "Hungarian",
    "is": "Icelandic",
    "id": "Indonesian",
    "ga": "Irish",
    "it": "Italian",
    "kk": "Kazakh",
    "ky": "Kyrgyz",
    "lv": "Latvian",
    "lt": "Lithuanian",
    "lb": "Luxembourgish",
    "mk": "Macedonian",
    "ms": "Malay",
    "mr": "Marathi",
    "ne": "Nepali",
    "no": "Norwegian_Bokmal",
    "fa": "Persian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sr": "Serbian",
    "sk": "Slovak",
    "sl": "Slovenian",
    "es": "Spanish",
    "sw": "Swahili",
    "sv": "Swedish",
    "tl": "Tagalog",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "uz": "Uzbek",
    "vi": "Vietnamese",
    "cy": "Welsh",
    "yo": "Yoruba",
}
_MIN_WORDS = 40
_SAMPLE = 4000  # characters of a text whose words are counted
_SURE = 0.2  # share of a text's words among a language's commonest that its own texts have, or nearly
_ALONE = 0.06  # … of those that inflect words so much that few are common, where no other language comes near
_NONE = {"en": 0.12}  # … below which a text is surely not in the language: templates call everything English
_HARDLY = 0.02  # … in any other
_FAR_AHEAD = 3  # … how many times as many of them
_LEAD = 3  # words by which one language must be ahead of another
#: Standard forms of one language, which lists of words do not tell apart.
_ONE_LANGUAGE = frozenset(("bs", "hr", "sr", "sh", "me", "cnr"))


@cache
def _common_words() -> dict[str, tuple[str, ...]]:
    """Which languages have a word among their 150 commonest; the lists are in the order of frequency."""
    found: dict[str, list[str]] = {}
    for code, name in _LISTS.items():
        lines = files("justext").joinpath(f"stoplists/{name}.txt").read_text("utf-8").split("\n", 200)[:200]
        for word in list(dict.fromkeys(word.strip().lower() for word in lines if word.strip()))[:150]:
            found.setdefault(word, []).append(code)
    return {word: tuple(codes) for word, codes in found.items()}


@dataclass(frozen=True, slots=True)
class _Words:
    """A text's words as far as they tell its language: which share of them is common in each, and which they are."""

    shares: dict[str, float]
    common: list[tuple[str, ...]]  # for every word that is common in any language, in which

    def ahead(self, one: str, other: str) -> bool:
        """Whether the text is rather in the one language, by the words that are not common in both."""
        mine = sum(one in codes and other not in codes for codes in self.common)
        its = sum(other in codes and one not in codes for codes in self.common)
        return mine >= 2 * its and mine - its >= _LEAD


def _words(text: str) -> _Words:
    """What a text's words tell; nothing for a text of few words."""
    # Words in small letters, with their combining marks.
    words = re.findall(r"[^\s\d.,;:!?…।॥\"'()\[\]{}«»‹›“”„‘’|/–—-]+", text[:_SAMPLE].lower())
    if len(words) < _MIN_WORDS:
        return _Words({}, [])
    known = _common_words()
    common = [codes for word in words if (codes := known.get(word))]
    counts = Counter(code for codes in common for code in codes)
    return _Words({code: counts[code] / len(words) for code in _LISTS}, common)


def by_words(words: _Words, fits: Callable[[str], bool]) -> str | None:
    """The language whose common words the text uses most, where that is beyond doubt."""
    ranks = sorted(((share, code) for code, share in words.shares.items() if fits(code)), reverse=True)[:2]
    if not ranks:
        return None
    (best, code), (second, next_code) = ranks[0], ranks[1] if len(ranks) > 1 else (0.0, "")
    sure = best >= _SURE and words.ahead(code, next_code)
    return code if sure or (best >= _ALONE and best >= _FAR_AHEAD * second) else None


def denied(code: str, words: _Words, fits: Callable[[str], bool]) -> bool:
    """Whether the text's words are beyond doubt another language's than the one it is said to be in."""
    if code not in words.shares:
        return False  # nothing is known of its words, and a relative's may be near
    if words.shares[code] < _NONE.get(code, _HARDLY):
        return True
    found = by_words(words, fits)
    return found not in (None, code) and not {found, code} <= _ONE_LANGUAGE and words.ahead(found or "", code)


_KANA, _HAN = re.compile("[\u3040-\u30ff]"), re.compile("[\u3400-\u9fff]")
_CHINESE = frozenset(("zh", "yue", "wuu", "nan", "hak", "lzh", "cmn"))
_MIN_HAN = 60  # letters of a text that would have kana, were it Japanese
#: Letters that are not of the Latin alphabet (Vietnamese stands in Latin Extended Additional).
_BEYOND = re.compile("[\u0250-\u1dff\u1f00-\U0010ffff]")


def script(text: str) -> tuple[Callable[[str], bool], str | None]:
    """(whether a language code can be that of the text, the one language that its script stands for or None)."""
    sample = re.sub(r"[\W\d_]+", "", text[:4000])
    latin = len(sample) - len(_BEYOND.findall(sample))
    if len(sample) >= 20 and latin > 0.8 * len(sample):
        return (lambda code: code not in _NOT_LATIN), None
    kana, han = len(_KANA.findall(sample)), len(_HAN.findall(sample))
    if len(sample) >= _MIN_HAN and 2 * han > len(sample) and 50 * kana < len(sample):
        return (lambda code: code in _CHINESE), "zh"  # Japanese cannot do without kana
    for pattern, languages, guess in _COMPILED:
        # Japanese mixes kana with ideographs: a tenth of kana is enough to tell.
        if len(sample) >= 20 and len(pattern.findall(sample)) > len(sample) * (0.1 if guess == "ja" else 0.5):
            return frozenset(languages).__contains__, guess or None
    return (lambda code: True), None
