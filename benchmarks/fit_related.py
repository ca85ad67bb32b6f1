"""Fit the weights by which groups of teasers are judged (`archive/data/box_weights.tsv`), and say what they are worth.

    python benchmarks/fit_related.py /path/to/corpus/related [--write]

The folder holds `gold.jsonl` (one page a line: id, page_url, base_url, blocks with heading, kind and links, ignore) and
`pages/ID.html.gz`. A run's label is whether most of its links stand in a block of the gold. Every page is read with
weights that have not seen its publisher, once with the whole lexicon of headings and once without the phrases that were
learned from these very pages, so that the figures predict unseen publishers. Needs numpy. `--write` fits on all pages.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from fit_reading import fit

from archive.data import table
from archive.links import headings, related
from archive.links.anchors import PageView
from archive.links.boxes import page_runs
from archive.reading.pages import Page, read_page

TABLE = Path(__file__).parent.parent / "archive" / "data" / "box_weights.tsv"
Key = Callable[[str], str | None]


class Example:
    """A page with its gold: what each link's kinds and headings are, and the runs with their features and labels."""

    def __init__(self, row: dict[str, Any], page: Page) -> None:
        self.row, self.page = row, page
        view = PageView(page.tree, page.url, row.get("base_url"))
        self.gold: dict[str, list[tuple[set[str], str | None]]] = {}
        for block in row["blocks"]:
            kinds = {block["kind"], *block.get("kind_alt", [])}
            for link in block["links"]:
                if key := view.key(link["href"]):
                    self.gold.setdefault(key, []).append((kinds, block["heading"]))
        self.ignored = {view.key(one["href"]) for one in row["ignore"]} | view.own

    @property
    def group(self) -> str:
        return str(self.row["id"].split("-")[1])

    def samples(self) -> list[tuple[dict[str, float], float]]:
        view = PageView(self.page.tree, self.page.url, self.row.get("base_url"))
        found = []
        for run in page_runs(view):
            counted = [card for card in run.shown() if card.key not in self.ignored]
            if counted:
                share = sum(card.key in self.gold for card in counted) / len(counted)
                found.append((related.features(view, run), float(share >= 0.5)))
        return found

    def score(self) -> tuple[int, int, int, int, int]:
        """(links found, of these right, links wanted, right kind, right heading)."""
        view = PageView(self.page.tree, self.page.url, self.row.get("base_url"))
        boxes = related.related_boxes(self.page.tree, self.page.url, None, base=self.row.get("base_url"))
        found: dict[str, tuple[str, str | None]] = {}
        for link in related.related_links(boxes):
            key = view.key(link.target)
            if key and key not in self.ignored:
                found.setdefault(key, (link.kind, link.heading))
        wanted = {key for key in self.gold if key not in self.ignored}
        right = [key for key in found if key in wanted]
        kinds = sum(any(found[key][0] in kinds for kinds, _ in self.gold[key]) for key in right)
        named = sum(
            any(headings.fold(found[key][1] or "") == headings.fold(heading or "") for _, heading in self.gold[key])
            for key in right
        )
        return len(found), len(right), len(wanted), kinds, named


def load(corpus: Path) -> list[Example]:
    examples = []
    for line in (corpus / "gold.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        with gzip.open(corpus / "pages" / f"{row['id']}.html.gz") as file:
            examples.append(Example(row, read_page(row["page_url"], file.read(), None, "utf-8")))
    return examples


def report(label: str, scores: Sequence[tuple[int, int, int, int, int]]) -> None:
    found, right, wanted, kinds, named = (sum(column) for column in zip(*scores, strict=True))
    macro = [2 * r / (f + w) if f + w else 1.0 for f, r, w, _, _ in scores]
    empty = [f == 0 for f, _, w, _, _ in scores if w == 0]
    print(
        f"{label:34} micro F1 {2 * right / (found + wanted):.3f} "
        f"(P {right / max(found, 1):.3f} R {right / wanted:.3f})  "
        f"macro F1 {sum(macro) / len(macro):.3f}  empty {sum(empty)}/{len(empty)}  kind {kinds / right:.3f}  "
        f"heading {named / right:.3f}"
    )


def held_out(examples: Sequence[Example], ridge: float) -> Iterable[tuple[int, int, int, int, int]]:
    rows = {one.row["id"]: one.samples() for one in examples}
    for example in examples:
        seen = [row for one in examples if one.group != example.group for row in rows[one.row["id"]]]
        related.weights = lambda seen=seen: fit("box", seen, ridge)  # type: ignore[misc]
        yield example.score()


def without_learned_headings() -> None:
    """Make the lexicon forget the phrases that were read off this corpus."""
    general = [row for row in table("headings") if not row[3].startswith("dev")]
    headings.table = lambda _: general  # type: ignore[attr-defined]
    headings.lexicon.cache_clear()
    headings.kind_of.cache_clear()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--ridge", type=float, default=0.5)
    parser.add_argument("--write", action="store_true", help=f"write {TABLE.name}")
    chosen = parser.parse_args()
    examples = load(chosen.corpus)
    print(f"{len(examples)} pages of {len({one.group for one in examples})} publishers")
    report("shipped weights", [one.score() for one in examples])
    rows = [row for one in examples for row in one.samples()]
    report("publishers held out", list(held_out(examples, chosen.ridge)))
    fitted = fit("box", rows, chosen.ridge)
    related.weights = lambda: fitted
    report("fitted on all", [one.score() for one in examples])
    without_learned_headings()
    report("held out, without their headings", list(held_out(examples, chosen.ridge)))
    if chosen.write:
        lines = [f"{name}\t{value:.2f}" for name, value in sorted(fitted.items())]
        TABLE.write_text("trait\tweight\n" + "\n".join(lines) + "\n", encoding="utf-8")
        print(f"wrote {len(lines)} weights from {len(rows)} runs")


if __name__ == "__main__":
    main()
