"""find_lists: where a page leads to its outlet's international section, to feeds and to sitemaps, with the evidence.

Each link of the page that is no article's is weighed by what its text and its path say (in the page's language, in
English, in any other), by where it stands (menu, breadcrumb, body), by its neighbours (a section stands among politics,
economy and sport; a world of sport among football and tennis; an edition among languages) and by what lies below it
(Europe, Asia and Africa under one path make that path the world's, whatever it is called). Points are added; the best
link at or above THRESHOLD is the section. Nothing is fetched and nothing raises on content.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from lxml import etree

from archive.links import vocabulary
from archive.links.addresses import Outlet, bare_host, domain_of
from archive.links.fronts import characters
from archive.links.listing import ListingError
from archive.links.shapes import same_outlet
from archive.links.webpages import Anchor, anchors_of, parsed, shown, word_count
from archive.urls import clean_url

THRESHOLD = 3.6
#: Topics whose menu is that of a paper of general news.
GENERAL = ("politics", "business", "sport", "culture", "opinion", "science", "home")
MAX_SECTIONS = 40
MAX_GROUP = 150  # links of a menu that are looked at as neighbours
LABEL_WORDS = 6  # a menu's label has no more


@dataclass(frozen=True, slots=True)
class Candidate:
    """A link that may be worth visiting: `kind` is main, other, region, feed or sitemap; evidence in short phrases."""

    url: str
    label: str
    kind: str
    points: float
    evidence: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As `discover --json` prints it."""
        return {"url": self.url, "label": self.label, "kind": self.kind, "evidence": list(self.evidence)}


@dataclass(frozen=True, slots=True)
class Lists:
    """What a page leads to: the international section first among `sections`, if there is one."""

    sections: tuple[Candidate, ...] = ()
    feeds: tuple[Candidate, ...] = ()
    sitemaps: tuple[Candidate, ...] = ()
    languages: tuple[str, ...] = ()
    title: str = ""
    problem: str | None = None

    @property
    def section(self) -> Candidate | None:
        """The international section, or None where the page leads to none."""
        return next((one for one in self.sections if one.kind == "main"), None)


@dataclass(slots=True)
class _Link:
    """All anchors of a page to one address, with what was found out about it."""

    url: str
    anchors: list[Anchor]
    label: str = ""
    points: float = 0.0
    why: list[str] = field(default_factory=list)

    def add(self, points: float, why: str) -> None:
        """Put points to it; whys of small weight are not told."""
        self.points += points
        if abs(points) >= 0.5 and why:
            self.why.append(why)


def find_lists(payload: bytes, url: str, content_type: str | None = None, drop: frozenset[str] = frozenset()) -> Lists:
    """What a page of an outlet leads to. url: the page's own. drop: see `vocabulary`, for tests."""
    try:
        text, _ = characters(payload, content_type)
        tree = parsed(text)
    except ListingError as error:
        return Lists(problem=error.word)
    outlet = Outlet.of(url, None)
    base = tree.find(".//base[@href]")
    if base is not None and (based := clean_url(base.get("href", ""), url)):
        outlet = Outlet(based, outlet.own, outlet.domains)
    # bbc.com and bbc.co.uk are one outlet, and each links to the other's sections.
    host = urlsplit(outlet.own).netloc
    hosts = {urlsplit_host(node.get("href") or "") for node in tree.iter("a")} - {""}
    sisters = {domain_of(one) for one in hosts if same_outlet(host, one)}
    outlet = replace(outlet, domains=outlet.domains | sisters)
    languages = _languages(tree)
    links = _links(anchors_of(tree, outlet, own=True))
    page = _Page(outlet, languages, drop, links, _brand(tree, outlet))
    sections = page.sections()
    return Lists(
        sections=tuple(sections),
        feeds=tuple(_feeds(tree, outlet, links, sections)),
        languages=languages,
        title=page.brand,
    )


def _languages(tree: etree._Element) -> tuple[str, ...]:
    """The page's languages as it declares them, two or three letters each."""
    found = [tree.get("lang") or "", tree.get("{http://www.w3.org/XML/1998/namespace}lang") or ""]
    for node in tree.iter("html", "meta"):
        if node.tag == "html":
            found.append(node.get("lang") or "")
        elif (node.get("property") or node.get("http-equiv") or node.get("name") or "").lower() in (
            "og:locale", "content-language", "language", "dc.language",
        ):  # fmt: skip
            found.append(node.get("content") or "")
    codes = (re.match(r"([A-Za-z]{2,3})(?![A-Za-z])", one.strip()) for one in found)
    kept = [code[1].lower() for code in codes if code]
    alike = {"no": "nb", "iw": "he", "in": "id", "cn": "zh", "jp": "ja", "kr": "ko", "nn": "nb", "fil": "tl"}
    return tuple(dict.fromkeys(alike.get(code, code) for code in kept))


def _brand(tree: etree._Element, outlet: Outlet) -> str:
    """The outlet's name as the page gives it, "" where it does not."""
    for node in tree.iter("meta"):
        if (node.get("property") or node.get("name") or "").lower() in ("og:site_name", "application-name"):
            return " ".join((node.get("content") or "").split())[:80]
    return ""


def _links(anchors: list[Anchor]) -> list[_Link]:
    found: dict[str, _Link] = {}
    for anchor in anchors:
        found.setdefault(anchor.url, _Link(anchor.url, [])).anchors.append(anchor)
    for link in found.values():
        texts = [a.text for a in link.anchors if a.text]
        link.label = min(texts, key=len) if texts else ""
    return list(found.values())


class _Page:
    """One page while its links are weighed."""

    def __init__(
        self, outlet: Outlet, languages: tuple[str, ...], drop: frozenset[str], links: list[_Link], brand: str
    ) -> None:
        self.outlet, self.languages, self.drop, self.brand = outlet, languages, drop, brand
        self.host = urlsplit(outlet.own).netloc
        self.links = [link for link in links if self._may_be(link)]
        self.by_url = {_plain_url(link.url): link for link in self.links}
        self._groups: dict[etree._Element, list[_Link]] = {}
        self._of_node = {a.node: link for link in self.links for a in link.anchors}

    def _may_be(self, link: _Link) -> bool:
        """Whether a link could be a section's: a label or none, no file, no long path, no article's number."""
        parts = urlsplit(link.url)
        segments = [s for s in parts.path.split("/") if s]
        if len(segments) > 6 or any(s.count("-") > 5 for s in segments):
            return False
        return any(word_count(a.text) <= LABEL_WORDS and len(a.text) <= 60 for a in link.anchors)

    def sections(self) -> list[Candidate]:
        """The main section, others that came near, and regional ones, best first."""
        below = self._regions_below()
        for link in self.links:
            self._weigh(link, below)
        ranked = sorted((one for one in self.links if one.points >= THRESHOLD), key=lambda one: -one.points)
        found = [
            Candidate(one.url, one.label, "other" if n else "main", round(one.points, 1), tuple(one.why))
            for n, one in enumerate(ranked)
        ]
        return [*found[:5], *self._regional(found)][:MAX_SECTIONS]

    def _weigh(self, link: _Link, below: dict[str, int]) -> None:
        parts = urlsplit(link.url)
        segments = [unquote(s) for s in parts.path.split("/") if s]
        meanings = [self._label_meaning(text) for text in dict.fromkeys(a.text for a in link.anchors) if text]
        worst = min(meanings, key=lambda m: m.points, default=vocabulary.NOTHING)
        label = max(meanings, key=lambda m: m.points, default=vocabulary.NOTHING)
        if worst.points < -3 and len(meanings) == 1:
            label = worst
        path = self._path(parts.netloc, segments, parts.query)
        regions = below.get(_plain_url(link.url), 0)
        if label.points <= 0.5 and path.points >= 2:
            path = self._path_alone(link, path)
        if label.points <= 0.5 and path.points < 2 and regions < 2:
            link.points = min(label.points, 0.0)
            return
        if not segments and not parts.query and bare_host(link.url) == bare_host(self.outlet.own):
            return
        link.add(label.points, label.why)
        link.add(path.points, path.why)
        if regions >= 2:
            link.add(3.0 if regions >= 3 else 1.8, f"{regions} regions lie below it")
        self._weigh_address(link, parts.netloc, segments)
        self._weigh_place(link)
        self._weigh_neighbours(link)
        link.label = next((a.text for a in link.anchors if self._label_meaning(a.text) == label), link.label)

    def _label_meaning(self, text: str) -> vocabulary.Meaning:
        """What a label says, also without a word of the outlet's own name ("The Morning: World")."""
        meaning = vocabulary.label_meaning(text, self.languages, self.drop)
        own = {word for word in vocabulary.plain(self.brand).split() if len(word) > 2}
        rest = [word for word in vocabulary.plain(text).split() if word not in own]
        if (
            meaning.points > 0.5
            or len(rest) in (0, len(text.split()))
            or vocabulary.plain(text) == vocabulary.plain(self.brand)
        ):
            return meaning
        without = vocabulary.label_meaning(" ".join(rest), self.languages, self.drop)
        return vocabulary.Meaning(without.points - 0.5, without.why) if without.points > 1 else meaning

    def _path_alone(self, link: _Link, path: vocabulary.Meaning) -> vocabulary.Meaning:
        """What a path is worth whose label says nothing of the kind: less where the label says something else."""
        if vocabulary.topics_of(link.label, self.drop) - {"news", "home"}:
            return vocabulary.NOTHING
        return vocabulary.Meaning(path.points - max(0.0, word_count(link.label) - 1.5), path.why)

    def _path(self, host: str, segments: Sequence[str], query: str) -> vocabulary.Meaning:
        """What the address says: its path's end, else a subdomain of its own, else a value of its query."""
        meaning = vocabulary.path_meaning(segments, self.languages, self.drop)
        if meaning.points:
            return meaning
        first = host.split(".")[0]
        if not segments and host != self.host and host.count(".") >= 2:
            named = vocabulary.path_meaning([first], self.languages, self.drop)
            if named.points >= 3:
                return vocabulary.Meaning(named.points, f"a subdomain {first}. of its own")
        for _, value in parse_qsl(query):
            named = vocabulary.path_meaning([value], self.languages, self.drop)
            if named.points >= 3:
                return vocabulary.Meaning(2.0, f"its query says {value}")
        return vocabulary.NOTHING

    def _weigh_address(self, link: _Link, host: str, segments: Sequence[str]) -> None:
        """Against it: a place below sport, travel or business, a tag, a person, another host, a long way down."""
        above = [*segments[:-1]]
        if host != self.host:
            above.insert(0, host.split(".")[0])
        named = {topic for segment in above for topic in vocabulary.topics_of_segment(segment, self.drop)}
        banned = (named & set(vocabulary.BANNED)) - {"language", "edition"}
        # "mehr-eishockey", "all-sports": one word of it is enough.
        pieces = (piece for segment in above for piece in segment.lower().split("-"))
        banned |= {"sport"} & {topic for piece in pieces for topic in vocabulary.topics_of_segment(piece, self.drop)}
        # What is both ("Actualité" is news and, elsewhere, home) or stands right below news or politics is no harm.
        near = vocabulary.topics_of_segment(above[-1], self.drop) if above else set()
        if banned and not near & {"news", "politics", "home"}:
            # Below sport, travel or business no "World" is the news'; below culture or society it may be.
            hard = banned & {"sport", "travel", "business", "weather", "video"}
            link.add(-7.0 if hard else -4.0, f"it lies below {'/'.join(sorted(banned))}")
        lower = [s.lower() for s in segments]
        if any(s in ("tag", "tags", "topic", "topics", "thema", "themen", "tema", "temas", "emne") for s in lower):
            link.add(-0.6, "a topic page")
        if any(s in ("author", "authors", "autor", "autoren", "profile", "search", "suche", "forum") for s in lower):
            link.add(-4.0, "a person's or a search page")
        if host != self.host and bare_host(f"http://{host}/") != bare_host(self.outlet.own):
            link.add(-0.8, "on another host of the outlet")
        link.add(-0.25 * max(0, len(segments) - 1), "")
        if re.search(r"\d{5,}", "/".join(segments)):
            link.add(-0.4, "")
        if any(a.node.get("hreflang") for a in link.anchors):
            link.add(-6.0, "an edition in another language")

    def _weigh_place(self, link: _Link) -> None:
        """In a menu or a breadcrumb it is a section; inside running text it is a word."""
        if any(a.menu for a in link.anchors):
            link.add(0.7, "in a menu")
        elif all(_in_text(a.node) for a in link.anchors):
            link.add(-3.0, "only inside running text")
        if len(link.anchors) > 1:
            link.add(0.3, "")
        if self.brand and vocabulary.plain(link.label) == vocabulary.plain(self.brand):
            link.add(-7.0, "the outlet's own name")

    def _weigh_neighbours(self, link: _Link) -> None:
        """The best that any of its menus says."""
        said = [self._said_by(self._group(a.node), link) for a in link.anchors[:6]]
        points, why = max(said, key=lambda pair: pair[0], default=(0.0, ""))
        link.add(points, why)

    def _said_by(self, group: list[_Link], link: _Link) -> tuple[float, str]:
        counts: dict[str, int] = {}
        for other in group:
            if other is link:
                continue
            in_path = vocabulary.topics_of_segment(_last(other.url), self.drop) - {"language", "edition"}
            named = vocabulary.topics_of(other.label, self.drop) or in_path
            for topic in named:
                counts[topic] = counts.get(topic, 0) + 1
        known = sum(counts.values())
        sections = [
            t for t in ("politics", "business", "sport", "culture", "opinion", "science", "home") if t in counts
        ]
        if counts.get("language", 0) >= 3 and counts["language"] >= len(group) / 2:
            return -5.0, "it stands among languages"
        if counts.get("sport", 0) >= 3 and counts["sport"] > 0.6 * known:
            return -3.0, "it stands among sports"
        if len(sections) >= 4:
            return 1.5, f"it stands among {', '.join(sections[:4])}"
        if len(sections) >= 2:
            return 1.0, f"it stands among {', '.join(sections)}"
        return 0.0, ""

    def _group(self, node: etree._Element) -> list[_Link]:
        """The links of the menu round an anchor: the nearest list, bar or block with five of them or more."""
        passed = [node]
        group: list[_Link] = []
        for box in node.iterancestors():
            if box.tag in ("body", "html"):
                break
            if box in self._groups:
                group = self._groups[box]
                break
            passed.append(box)
            inside = []
            for anchor in box.iter("a"):
                if anchor in self._of_node:
                    inside.append(self._of_node[anchor])
                if len(inside) > MAX_GROUP:
                    break
            if len(inside) > MAX_GROUP:
                break
            group = list({id(one): one for one in inside}.values())
            if len(group) >= 5:
                self._groups[box] = group
                break
        return group

    def _regions_below(self) -> dict[str, int]:
        """For each address how many regions of the world have a page right below it."""
        below: dict[str, set[str]] = {}
        for link in self.links:
            above, _, last = _plain_url(link.url).rpartition("/")
            named = vocabulary.region(vocabulary.bare_segment(last), self.languages, self.drop) or vocabulary.region(
                link.label, self.languages, self.drop
            )
            if named == "continent":
                below.setdefault(above, set()).add(last)
        return {url: len(found) for url, found in below.items()}

    def _regional(self, found: list[Candidate]) -> list[Candidate]:
        """Regional sub-sections: regions and countries below the section, continents beside it in a menu."""
        taken = {_plain_url(one.url) for one in found}
        main = _plain_url(found[0].url) if found else None
        out = []
        for link in self.links:
            at = _plain_url(link.url)
            named = vocabulary.region(link.label, self.languages, self.drop)
            if at in taken or named is None or _topic_above(at, self.drop):
                continue
            if main and at.startswith(main + "/"):
                out.append(Candidate(link.url, link.label, "region", 2.0, ("it lies below the section",)))
            elif named == "continent" and len(self._continents(link)) >= 3:
                out.append(Candidate(link.url, link.label, "region", 1.0, ("it stands among other regions",)))
        return out

    def _continents(self, link: _Link) -> set[str]:
        groups = [self._group(a.node) for a in link.anchors[:3]]
        return {
            one.url for group in groups for one in group
            if vocabulary.region(one.label, self.languages, self.drop) == "continent"
        }  # fmt: skip


def _topic_above(url: str, drop: frozenset[str]) -> bool:
    return any(
        topic in ("sport", "travel", "weather", "video", "business", "culture")
        for segment in url.split("/")[:-1]
        for topic in vocabulary.topics_of_segment(segment, drop)
    )


def _plain_url(url: str) -> str:
    """Host and path without `www.`, index file and slash at the end: what makes two links one section."""
    parts = urlsplit(url)
    path = re.sub(r"/(?:index|default)\.\w+$", "", parts.path).rstrip("/")
    return parts.netloc.removeprefix("www.") + unquote(path)


def _last(url: str) -> str:
    return _plain_url(url).rpartition("/")[2]


def _in_text(node: etree._Element) -> bool:
    """Whether an anchor stands in a paragraph that says more than the anchor does."""
    for box in node.iterancestors():
        if box.tag in ("li", "nav", "ul", "td", "div", "section", "header", "footer"):
            return False
        if box.tag == "p":
            return len(shown(box)) > 2 * len(shown(node)) + 20
    return False


# --------------------------------------------------------------------------------------------------------- feeds

_FEED_TYPE = re.compile(r"(?i)application/(?:rss|atom|rdf|feed)\+(?:xml|json)")
_FEED_ADDRESS = re.compile(
    r"(?i)/(?:rss\d?|feeds?|atom|mrss)(?:[/?]|$)|\b(?:rss\d?|feeds?|atom)\b[^/]*\.(?:xml|rss|atom|rdf|php|aspx?)|"
    r"\.(?:rss|atom|rdf)(?:\?|$)|[?&](?:feed|format|type)=(?:rss|atom)"
)
_NO_FEED = re.compile(r"(?i)comments?|podcast|/author/|oembed|wp-json|replytocom|play\.google|itunes")


def _feeds(tree: etree._Element, outlet: Outlet, links: list[_Link], sections: list[Candidate]) -> list[Candidate]:
    """Feeds that the page declares or links to, those of the section first."""
    main = next((_plain_url(one.url) for one in sections if one.kind == "main"), None)
    found: dict[str, Candidate] = {}
    for node in tree.iter("link", "a"):
        href, kind = (node.get("href") or "").strip(), node.get("type") or ""
        declared = _FEED_TYPE.search(kind) is not None
        if not href or not (declared or (node.tag == "a" and _FEED_ADDRESS.search(urlsplit_path(href)))):
            continue
        url = clean_url(href, outlet.page)
        if url is None or _NO_FEED.search(url) or url == outlet.own or url in found:
            continue
        label = " ".join((node.get("title") or shown(node)).split())[:120]
        why = "declared by the page" if declared else "linked in the page"
        named = _of_section(url, label, main)
        evidence = (why, "it names the section") if named else (why,)
        found[url] = Candidate(url, label, "feed", (2.0 if declared else 1.0) + (2.0 if named else 0.0), evidence)
    return sorted(found.values(), key=lambda one: -one.points)[:MAX_SECTIONS]


def urlsplit_host(href: str) -> str:
    """The host of an absolute link, in small letters; "" where it has none."""
    try:
        return urlsplit(href.strip()).netloc.lower()
    except ValueError:
        return ""


def urlsplit_path(href: str) -> str:
    """Path and query of a link as it stands; "" where it is no address."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _of_section(url: str, label: str, main: str | None) -> bool:
    """Whether a feed's address or title names the international section."""
    words = re.split(r"[/?=&._-]+", unquote(_plain_url(url)).lower())
    if main and main.rpartition("/")[2] in words:
        return True
    segments = [s for s in urlsplit(url).path.split("/") if s and not _FEED_ADDRESS.search(f"/{s}")]
    if segments and vocabulary.path_meaning([re.sub(r"\.(xml|rss|atom)$", "", segments[-1])], ()).points >= 2:
        return True
    parts = re.split(r"\s*[|»:–—›>-]\s*", label)
    return any(vocabulary.label_meaning(part, ()).points >= 2 for part in parts)
