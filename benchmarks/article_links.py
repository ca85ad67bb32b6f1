"""How well article links are told from others: on the newsroom (exact gold) and on real pages (by a rule).

    python -m benchmarks.article_links                                  # the newsroom alone
    python -m benchmarks.article_links gold.jsonl pages/ [--errors 20]  # real pages: lines {"id", "page_url"}

The rule for real pages, which knows nothing of how the finder judges. All links of a page to its own host are looked
at, each address once; the page's own address, known to be an article's, shows how its outlet writes them:

- *article*: the address has the form of the page's own (as many path segments, the same file suffix, numbers and dates
  in the same places, a slug of words where it has one) and is shown with four words or more, or with eight characters
  or more of a script without spaces;
- *other*: it stands in `nav`, `footer` or a `role=navigation`, or is `rel=tag`/`rel=author`, or one of its path's
  segments is tag, author, login, search, newsletter, video …, and it does not have that form;
- anything else is left out: no rule can say what it is.

Printed: precision, recall and counts, of all pages and of those with ten labelled links or more, page by page.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from lxml import html

from archive import Capture, clean_url, read_listing

MOMENT = datetime(2026, 11, 24, tzinfo=UTC)
NAMED = re.compile(
    r"(?i)^(tags?|topics?|themen?|temas?|authors?|autore?n?|autor|auteur|login|signin|register|search|suche|buscar|"
    r"newsletters?|videos?|podcasts?|galler(y|ies)|abo|subscribe|impressum|datenschutz|privacy|contact|kontakt|jobs)$"
)
WIDE = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def form(url: str) -> tuple[object, ...]:
    """How an address is written: segments, suffix, where numbers and dates stand, whether a slug of words is there."""
    parts = urlsplit(url)
    segments = [s for s in unquote(parts.path).split("/") if s]
    last = segments[-1] if segments else ""
    suffix = re.search(r"\.\w{2,5}$", last)
    stem = last[: suffix.start()] if suffix else last
    return (
        len(segments),
        suffix[0] if suffix else "",
        tuple(re.fullmatch(r"\d+", s) is not None for s in segments[:-1]),
        re.search(r"\d{5,}", stem) is not None,
        re.search(r"(?:19|20)\d\d[-/.]?\d\d", parts.path) is not None,
        len(re.findall(r"[-_]", stem)) >= 3,
        bool(re.search(r"(?i)(^|&)[a-z_]*(id|no|idx)=\d", parts.query)),
    )


def words(text: str) -> int:
    return 4 if len(WIDE.findall(text)) >= 8 else len(text.split())


def labelled(payload: bytes, page_url: str) -> dict[str, bool]:
    """The addresses that the rule can label: True for an article's."""
    tree = html.fromstring(payload, parser=html.HTMLParser(encoding="utf-8"))
    own, host = form(page_url), urlsplit(page_url).netloc.removeprefix("www.")
    base = tree.find(".//base[@href]")
    root = urljoin(page_url, base.get("href", "")) if base is not None else page_url
    found: dict[str, bool | None] = {}
    for anchor in tree.iter("a"):
        url = clean_url(anchor.get("href") or "#", root)
        if not url or urlsplit(url).netloc.removeprefix("www.") != host or url == clean_url(page_url):
            continue
        text = " ".join("".join(map(str, anchor.itertext())).split())
        alike = form(url) == own
        segments = [s for s in urlsplit(url).path.split("/") if s]
        if alike and words(text) >= 4 and not any(NAMED.match(s) for s in segments):
            found[url] = True
        elif not alike and found.get(url) is not True:
            inside = any(
                a.tag in ("nav", "footer") or a.get("role") == "navigation" for a in anchor.iterancestors()
            ) or {"tag", "author"} & set((anchor.get("rel") or "").split())
            if inside or any(NAMED.match(s) for s in segments):
                found.setdefault(url, False)
    return {url: label for url, label in found.items() if label is not None}


def judged(payload: bytes, url: str) -> set[str]:
    """The addresses that the list reader takes for articles."""
    capture = Capture(url, MOMENT, kind="section", status=200, payload=payload, content_type="text/html; charset=utf-8")
    return {link.target for link in read_listing(capture).links}


def tell(name: str, counts: Counter[str]) -> None:
    right, wrong, missed = counts["right"], counts["wrong"], counts["missed"]
    precision = right / (right + wrong) if right + wrong else 1.0
    recall = right / (right + missed) if right + missed else 1.0
    print(f"{name:<28} precision {precision:.3f}  recall {recall:.3f}  articles {right + missed}  "
          f"others {counts['others']}  pages {counts['pages']}")  # fmt: skip


def score(gold: dict[str, bool], found: set[str]) -> Counter[str]:
    return Counter(
        right=sum(1 for url, label in gold.items() if label and url in found),
        missed=sum(1 for url, label in gold.items() if label and url not in found),
        wrong=sum(1 for url, label in gold.items() if not label and url in found),
        others=sum(1 for label in gold.values() if not label),
        pages=1,
    )


def newsroom() -> None:
    """Every link of every front, section and article page of the newsroom: exactly its articles are articles."""
    from crawler.newsroom import Newsroom
    from crawler.newsroom.press import Press

    press = Press(generated=0, padding=0, sites=0, seed=0)
    total: Counter[str] = Counter()
    with Newsroom() as room:
        for host, site in press.sites.items():
            articles = {site.base + story.path for story in press.issue(site, 1).stories}
            others = {site.base + aside.path for aside in site.outlet.asides}  # stories of other sections
            pages = [f"{site.base}/", site.base + site.outlet.section_path, *sorted(articles & set(room.urls(host)))]
            for url in pages:
                parts = urlsplit(url)
                body = press.page(host, parts.path, 1).body
                tree = html.fromstring(body)
                targets = {clean_url(a.get("href") or "#", url) for a in tree.iter("a")} - {None, url}
                gold = {str(t): t in articles | others for t in targets if urlsplit(str(t)).netloc == host}
                total += score(gold, judged(body, url))
    tell("newsroom", total)


def real(gold_file: Path, pages: Path, errors: int) -> None:
    total: Counter[str] = Counter()
    rich: Counter[str] = Counter()
    shown = 0
    for line in gold_file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        url = row.get("page_url") or row.get("url")
        file = pages / (row.get("file") or f"{row['id']}.html.gz")
        if not url or not file.exists():
            continue
        payload = gzip.decompress(file.read_bytes())
        gold, found = labelled(payload, url), judged(payload, url)
        counts = score(gold, found)
        total += counts
        if len(gold) >= 10:
            rich += counts
        for address, label in gold.items():
            if shown < errors and label != (address in found):
                shown += 1
                print(f"  {'missed' if label else 'wrong'}: {row['id']}  {address}")
    tell("real pages", total)
    tell("… with ten links or more", rich)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("gold", nargs="?", type=Path, help="JSONL with id and page_url (or url) of each page")
    parser.add_argument("pages", nargs="?", type=Path, help="folder of ID.html.gz")
    parser.add_argument("--errors", type=int, default=0, help="show so many wrong ones")
    asked = parser.parse_args()
    newsroom()
    if asked.gold and asked.pages:
        real(asked.gold, asked.pages, asked.errors)


if __name__ == "__main__":
    main()
