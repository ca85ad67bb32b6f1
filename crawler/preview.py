"""preview: what a new entry would crawl, before anything is kept; and the TOML entry that follows from it."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from archive import Extraction, Link, article_pattern, extract, read_listing
from crawler.discovery import Discovery, discover
from crawler.errands import Errand

SAMPLES = 3  # articles that are fetched and read for a preview
_COUNTRY_OF_LABEL = {"uk": "GB", "su": "RU"}
_ALIKE = {"eu", "io", "tv", "me", "co", "ai", "fm", "ly", "cc", "ws", "to", "gg"}  # country labels sold to everybody


@dataclass(frozen=True, slots=True)
class Preview:
    """A discovery with what was read in a few of the articles that it lists.

    refusal: the sentence why no entry should be made of it, None where one may be.
    """

    found: Discovery
    samples: tuple[Extraction, ...] = ()
    pattern: str = ""
    refusal: str | None = None

    @property
    def language(self) -> str:
        """ISO 639-1 code: of most samples, else as the page declares; "" where nobody says."""
        read = Counter(one.language for one in self.samples if one.language)
        return next((code for code, _ in read.most_common(1)), "") or next(iter(self.found.languages), "")

    @property
    def country(self) -> str:
        """ISO 3166-1 code as the host's last label says it; "" where that is nobody's."""
        label = urlsplit(self.found.url).netloc.partition(":")[0].rpartition(".")[2].lower()
        if len(label) != 2 or label in _ALIKE:
            return ""
        return _COUNTRY_OF_LABEL.get(label, label.upper())


async def preview(to: Errand, url: str) -> Preview:
    """Discover a site, and fetch and read a few of the articles that its section lists."""
    found = await discover(to, url)
    if found.problem:
        return Preview(found, refusal=found.detail)
    links = found.links
    if not links:
        for feed in found.feeds[:1]:
            links = await _listed(to, feed.url)
    samples = []
    for link in links[: 2 * SAMPLES]:
        capture = await to.fetch(link.target, "article")
        if capture.error or capture.status != 200 or not capture.payload:
            continue
        read = await to.read(extract, capture, None)
        if read is not None:
            samples.append(read)
        if len(samples) == SAMPLES:
            break
    pattern = article_pattern([link.target for link in links])
    return Preview(found, tuple(samples), pattern, _refusal(found, links, samples))


async def _listed(to: Errand, url: str) -> tuple[Link, ...]:
    listing = await to.read(read_listing, await to.fetch(url, "feed"), None)
    return listing.links if listing else ()


def _refusal(found: Discovery, links: tuple[Link, ...], samples: list[Extraction]) -> str | None:
    """Why no entry should be written, as one sentence; None where there is something to crawl and it can be read."""
    if found.section is None and not found.feeds and not found.sitemaps:
        return (
            "No international section, feed or news sitemap was found from there. Give the section's own URL, or write "
            "an entry by hand (docs/sites.md)."
        )
    if not links and not found.sitemaps:
        return (
            "The section lists no article that could be told from other links; its list may be made by scripts in the "
            "browser. Look for a feed or news sitemap of it and write an entry by hand (docs/sites.md)."
        )
    if links and not samples:
        return "None of the articles tried could be fetched: robots.txt or the site refuses them."
    if samples and all(one.text is None for one in samples):
        words = ", ".join(sorted({one.problem or one.kind for one in samples}))
        return f"No text could be read in any of the {len(samples)} articles tried ({words})."
    return None


def key_of(url: str) -> str:
    """A name for a site from its host: the label that it registered, `example` of `www.example.co.uk`."""
    labels = urlsplit(url).netloc.partition(":")[0].lower().removeprefix("www.").split(".")
    if all(label.isdigit() for label in labels):
        return "site-" + "-".join(labels)
    short = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    name = labels[-3] if short else labels[-2] if len(labels) > 1 else labels[0]
    return re.sub(r"[^a-z0-9._-]", "-", name).strip("-._") or "site"


def entry_of(seen: Preview, key: str, today: date) -> str:
    """A short commented TOML entry of what was previewed."""
    found = seen.found
    home = "{0.scheme}://{0.netloc}/".format(urlsplit(found.section.url if found.section else found.url))
    lines = [
        f"# Found and tried by `foreigndesk sites add {found.url}` on {today}; every key: docs/sites.md",
        f"[{key}]",
    ]
    lines += [f"name = {_text(found.title or key)}", f"home = {_text(home)}"]
    if seen.country:
        lines.append(f"country = {_text(seen.country)}    # as the host name says: check it")
    if seen.language:
        lines.append(f"language = {_text(seen.language)}")
    if found.section:
        lines.append(f"# “{_line(found.section.label)}”: {_line('; '.join(found.section.evidence))}")
        lines.append(f"sections = [{_text(found.section.url)}]")
        regions = [one.url for one in found.sections if one.kind == "region"]
        if regions:
            lines.append("# its regional pages, if you want them too: " + ", ".join(regions[:8]))
    own = [one for one in found.feeds if one.points >= 3] or list(found.feeds[:1])
    if own:
        lines.append(f"# {_line('; '.join(own[0].evidence))}")
        lines.append(f"feeds = [{', '.join(_text(one.url) for one in own[:2])}]")
    if found.sitemaps:
        lines.append("# of the whole site: without `articles` it brings more than the section")
        lines.append(f"sitemaps = [{_text(found.sitemaps[0].url)}]")
    if seen.pattern:
        quote = "'" if "'" not in seen.pattern else '"'
        written = seen.pattern if quote == "'" else seen.pattern.replace("\\", "\\\\")
        lines.append("# learned from the articles listed now; delete it to have articles judged by shape")
        lines.append(f"articles = {quote}{written}{quote}")
    lines += ['trust = "checked"', f"last_seen = {_text(str(today))}"]
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    """A TOML basic string (JSON's escapes are TOML's)."""
    return json.dumps(_line(value), ensure_ascii=False)


def _line(value: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())
