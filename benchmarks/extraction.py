"""How well pages are read, beside trafilatura default and favor_precision, in one run over one corpus.

    .venv/bin/python benchmarks/extraction.py /path/to/corpus/dev [--source fundus] [--every 1]

The folder holds `manifest.jsonl` (one page a line: id, file, url, body_paragraphs, summary, title, authors, published,
segments_with, segments_without) and the pages as gzip, stored as UTF-8. Printed: page F1 over 4-gram shingles (body,
the standfirst optional), paragraph F1, pages lost, segments, headline exact, same minute, authors, standfirst, kind
article, and CPU time as a ratio to trafilatura default, median and 95th percentile, the systems taking turns page by
page. No site rules, no network, nothing written.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trafilatura import bare_extraction
from trafilatura.settings import Document

from archive.extraction import extract
from archive.records import Capture

AT = datetime(2026, 11, 24, tzinfo=UTC)
_SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_TOKEN = re.compile(f"[{_SPACELESS}]|[^\\W{_SPACELESS}]+")


def tokens(text: str) -> list[str]:
    """Words; characters in scripts without spaces."""
    return _TOKEN.findall(re.sub("[\u00ad\u200b-\u200f\u2060\ufeff]", "", unicodedata.normalize("NFC", text)))


def shingle_f1(gold: list[str], found: list[str]) -> float:
    """F1 over 4-gram shingles, as in scrapinghub/article-extraction-benchmark."""
    one, other = (
        Counter(tuple(part[at : at + 4]) for at in range(max(1, len(part) - 3)) if part) for part in (gold, found)
    )
    shared = (one & other).total()
    return 2 * shared / (one.total() + other.total()) if one and other else float(not one and not other)


def paragraph_f1(gold: Sequence[str], found: Sequence[str]) -> float:
    """Paragraphs matched one to one where nine tenths of their words are the same."""
    wanted = [Counter(tokens(one)) for one in gold]
    given = [Counter(tokens(one)) for one in found if tokens(one)]
    left, hits = list(given), 0
    for one in wanted:
        best = max(left, key=lambda other: _overlap(one, other), default=None)
        if best is not None and _overlap(one, best) >= 0.9:
            left.remove(best)
            hits += 1
    return 2 * hits / (len(wanted) + len(given)) if wanted and given else float(not wanted and not given)


def _overlap(one: Counter[str], other: Counter[str]) -> float:
    return 2 * (one & other).total() / max(one.total() + other.total(), 1)


def key(text: str | None) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text or "")).casefold()


def moment(text: str | None) -> float | None:
    try:
        value = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()


def ours(markup: bytes, url: str) -> dict[str, Any]:
    found = extract(Capture(url, AT, status=200, payload=markup), None, charset="utf-8")
    return {"text": found.text, "title": found.title, "authors": found.authors, "published": found.published,
            "standfirst": found.standfirst, "kind": found.kind}  # fmt: skip


def peer(*, favor_precision: bool = False) -> Callable[[bytes, str], dict[str, Any]]:
    def read(markup: bytes, url: str) -> dict[str, Any]:
        found = bare_extraction(
            markup.decode("utf-8", "replace"), url=url, with_metadata=True, favor_precision=favor_precision
        )
        if not isinstance(found, Document):
            return {}
        authors = tuple((found.author or "").split("; ")) if found.author else ()
        return {
            "text": found.text,
            "title": found.title,
            "authors": authors,
            "published": found.date,
            "kind": "article",
        }

    return read


SYSTEMS = {"trafilatura": peer(), "favor_precision": peer(favor_precision=True), "foreign desk": ours}


def judge(row: dict[str, Any], found: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Each figure that the page's gold allows."""
    text = found.get("text") or ""
    lines = [line for line in text.split("\n") if line.strip()]
    if body := row.get("body_paragraphs"):
        summary = row.get("summary") or []
        golds = [body, [*summary, *body]] if summary else [body]
        score = max(shingle_f1(tokens("\n".join(gold)), tokens(text)) for gold in golds)
        yield "page F1", score
        yield "paragraph F1", max(paragraph_f1(gold, lines) for gold in golds)
        yield "lost", float(score < 0.05)
        if summary:
            wanted = key(" ".join(summary))
            shown = key(found.get("standfirst"))
            yield (
                "standfirst field",
                float(bool(shown) and (wanted in shown or (shown in wanted and len(shown) > 0.8 * len(wanted)))),
            )
            yield (
                "standfirst anywhere",
                float(wanted in shown or wanted in key(text) or wanted in key(f"{found.get('standfirst')}{text}")),
            )
        yield "title", float(" ".join((found.get("title") or "").split()) == " ".join((row.get("title") or "").split()))
        if row.get("authors") is not None:
            one, other = ({name.casefold() for name in names} for names in (row["authors"], found.get("authors") or ()))
            yield "authors F1", 2 * len(one & other) / (len(one) + len(other)) if one or other else 1.0
        if (wanted_at := moment(row.get("published"))) is not None:
            given = moment(found.get("published"))
            yield "same minute", float(given is not None and abs(given - wanted_at) <= 60)
    if row.get("segments_with"):
        plain = " ".join(f"{text} {found.get('standfirst') or ''}".split())
        with_, without = (["".join(one.split()) for one in row[name]] for name in ("segments_with", "segments_without"))
        squeezed = "".join(plain.split())
        yield "segments kept", sum(one in squeezed for one in with_) / len(with_)
        if without:
            yield "segments shut out", sum(one not in squeezed for one in without) / len(without)
    yield "kind article", float(found.get("kind") == "article")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="folder with manifest.jsonl and pages/")
    parser.add_argument("--source", help="only pages of this source")
    parser.add_argument("--every", type=int, default=1, help="every n-th page only")
    chosen = parser.parse_args()
    rows = [json.loads(line) for line in (chosen.corpus / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if chosen.source in (None, row.get("source"))][:: chosen.every]
    figures: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    spent: dict[str, list[float]] = defaultdict(list)
    for number, row in enumerate([rows[0], *rows]):
        with gzip.open(chosen.corpus / row["file"]) as file:
            markup = file.read()
        for name, read in SYSTEMS.items():
            start = time.process_time()
            found = read(markup, row.get("url") or "http://page.invalid/")
            if number == 0:
                continue  # the first page pays for the imports
            spent[name].append(time.process_time() - start)
            for figure, value in judge(row, found):
                figures[figure][name].append(value)
    report(figures, spent, len(rows))


def report(figures: dict[str, dict[str, list[float]]], spent: dict[str, list[float]], pages: int) -> None:
    print(f"{pages} pages" + "".join(f"{name:>18}" for name in SYSTEMS))
    for figure, values in figures.items():
        print(
            f"{figure:20}"
            + "".join(f"{sum(values[name]) / len(values[name]):18.3f}" for name in SYSTEMS)
            + f"  n={len(values['foreign desk'])}"
        )
    for label, share in (("CPU ms, median", 0.5), ("CPU ms, 95 %", 0.95)):
        at = {name: sorted(times)[int(share * (len(times) - 1))] * 1000 for name, times in spent.items()}
        print(
            f"{label:20}"
            + "".join(f"{at[name]:18.1f}" for name in SYSTEMS)
            + f"  ratio {at['foreign desk'] / at['trafilatura']:.2f}"
        )


if __name__ == "__main__":
    main()
