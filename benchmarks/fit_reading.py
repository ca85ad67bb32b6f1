"""Fit the weights by which blocks are judged (`archive/data/body_weights.tsv`), and say what they are worth elsewhere.

    python benchmarks/fit_reading.py /path/to/corpus/dev [--folds 10] [--write]

The folder is as benchmarks/extraction.py wants it. A block's label is whether the gold body (or standfirst) holds
it; where the gold is only of segments that must or must not be there, blocks that hold none of them have no label.
Publishers are the groups of the cross-validation: no publisher is read with weights that have seen it, so the figures
predict unseen ones. Logistic regression with a ridge (needs numpy, which the product does not). `--write` fits on all
pages and writes the table.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from extraction import key, paragraph_f1, shingle_f1, tokens

from archive.lines import key_of
from archive.links.related import related_boxes
from archive.reading import bodies, bylines, headlines, scenes, standfirsts, traits
from archive.reading.blocks import Block, blocks, like
from archive.reading.pages import Page, read_page

JUDGEMENTS = ("body", "standfirst")
#: What the lists are worth: the same cross-validation without the traits that rest on them.
WITHOUT = {
    "… without notices": ("notice",),
    "… without box headings": ("label", "labelled", "boxed", "beside box"),
    "… without class words": (
        *(".caption", ".promo", ".more", ".embed", ".author", ".meta", ".frame", ".lead", ".box", ".body"),
        *("lead", "lead near", "lead apart", "lead heading", "noise", "frame", "figure"),
    ),
}
#: What is known of traits that the pages hardly show: bold lines between paragraphs head what follows, and an opening
#: in bold that meta tags repeat word for word introduces. The ridge draws towards these, and towards 0 elsewhere.
PRIORS = {
    ("body", "subheading"): 2.5,
    ("body", "notice"): -4.0,
    # What stands in few of the pages, and is plain: sentences among their like, lists between paragraphs, credits.
    ("body", "kin short"): 3.5,
    ("body", "listed"): 4.5,
    ("body", "controls"): -2.0,
    ("body", "controls apart"): -3.0,
    ("body", "credit"): -4.0,
    ("body", "under label"): -5.0,
    ("body", "heading alike"): 1.5,
    ("body", "quoted"): 2.5,
    ("body", "echo"): -2.5,
    ("body", "label line"): -3.0,
    ("body", "tail"): -2.0,
    ("body", "strong tail"): -1.5,
    ("standfirst", "whole strong"): 3.0,
    # A box leads to articles, and shows headlines; directories in a page's foot show labels.
    ("box", "article URLs"): 2.0,
    ("box", "long headlines"): 2.0,
    ("box", "short headlines"): -2.0,
    ("box", "commercial words"): -2.0,
    ("box", "frame words"): -2.0,
}
TABLE = Path(__file__).parent.parent / "archive" / "data" / "body_weights.tsv"


@dataclass
class Example:
    """One page with all that does not depend on the weights."""

    row: dict[str, Any]
    page: Page
    found: list[Block]
    lines: tuple[list[str], str]
    titles: list[str]
    authors: tuple[str, ...]
    boxes: list[Any]
    samples: dict[str, list[tuple[dict[str, float], float]]] = field(default_factory=dict)

    @property
    def group(self) -> str:
        return str(self.row.get("publisher") or self.row.get("domain"))


def load(corpus: Path) -> list[Example]:
    examples = []
    for line in (corpus / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if not (row.get("body_paragraphs") or row.get("segments_with")):
            continue
        with gzip.open(corpus / row["file"]) as file:
            page = read_page(row.get("url") or "http://page.invalid/", file.read(), None, "utf-8")
        found = blocks(page.tree)
        title, _ = headlines.title(page)
        titles = [title or "", *headlines.spellings(page)]
        authors, _ = bylines.authors(page, found, [key_of(one) for one in titles if one])
        boxes = related_boxes(page.tree, page.url, None, base=page.base)
        example = Example(row, page, found, bodies.read_lines(page.tree, found), titles, authors, boxes)
        example.samples = samples(example)
        examples.append(example)
    return examples


def samples(example: Example) -> dict[str, list[tuple[dict[str, float], float]]]:
    """The described blocks with their labels; a block that the gold leaves open (the standfirst) is left out."""
    view = scenes.scene(example.page, example.found, example.lines[0], example.titles, example.authors, example.boxes)
    traits.describe(view)
    body = []
    for one in example.found:
        if not one.traits or any(one.traits[name] for name in bodies.NEVER):
            continue  # decided without weights
        if (label := inside(one, example.row)) is not None:
            body.append((dict(one.traits), float(label)))
    if not example.row.get("body_paragraphs"):
        return {"body": body, "standfirst": []}
    summary = [key_of(one) for one in example.row.get("summary") or []]
    lead = [
        (values, float(any(like(one.key, other) or one.key in other for other in summary)))
        for one, values in standfirsts.introductions(view)
    ]
    return {"body": body, "standfirst": lead}


def inside(one: Block, row: dict[str, Any]) -> bool | None:
    """Whether the gold has the block in the body; None where it leaves that open."""
    if row.get("body_paragraphs"):
        if any(like(one.key, key_of(other)) for other in row.get("summary") or []):
            return None
        if one.traits["subheading"] and all(part["type"] == "paragraph" for part in row.get("body_blocks") or []):
            return None  # this gold has no subheadings, whatever the page has
        gold = [key_of(other) for other in row["body_paragraphs"]]
        return one.key in gold or (len(one.key) >= 24 and one.key in " ".join(gold))
    for name, label in (("segments_with", True), ("segments_without", False)):
        for segment in map(key_of, row.get(name) or []):
            if segment and (segment in one.key or (len(one.key) >= 12 and one.key in segment)):
                return label
    return None


def fit(judgement: str, rows: Sequence[tuple[dict[str, float], float]], ridge: float) -> dict[str, float]:
    """The weights of a logistic regression with an L2 penalty (Newton's method); the bias is not penalised."""
    names = sorted({name for values, _ in rows for name in values})
    x = np.array([[values.get(name, 0.0) for name in names] for values, _ in rows])
    y = np.array([label for _, label in rows])
    penalty = np.full(len(names), ridge)
    penalty[names.index("bias")] = 1e-6
    prior = np.array([PRIORS.get((judgement, name), 0.0) for name in names])
    penalty = np.where(prior != 0, 4 * ridge, penalty)
    weights = prior.copy()
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (p - y) + penalty * (weights - prior)
        hessian = (x * (p * (1 - p))[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        weights -= step
        if np.abs(step).max() < 1e-5:
            break
    return dict(zip(names, weights.tolist(), strict=True))


def fit_all(examples: Iterable[Example], ridge: float) -> dict[str, dict[str, float]]:
    examples = list(examples)
    return {name: fit(name, [row for one in examples for row in one.samples[name]], ridge) for name in JUDGEMENTS}


def score(example: Example) -> dict[str, float]:
    """The figures of one page read with the weights in force."""
    body = bodies.read_body(example.page, example.found, example.titles, example.authors, example.boxes)
    gold, summary = example.row.get("body_paragraphs"), example.row.get("summary") or []
    if not gold:
        squeezed = key_of(" ".join([body.standfirst or "", *body.paragraphs]))
        figures = {}
        for name, wanted in (("segments_with", True), ("segments_without", False)):
            if segments := [one for one in map(key_of, example.row.get(name) or []) if one]:
                figures[name] = sum((one in squeezed) == wanted for one in segments) / len(segments)
        return figures
    golds = [gold, [*summary, *gold]] if summary else [gold]
    text = "\n".join(body.paragraphs)
    figures = {
        "page F1": max(shingle_f1(tokens("\n".join(one)), tokens(text)) for one in golds),
        "paragraph F1": max(paragraph_f1(one, body.paragraphs) for one in golds),
    }
    if summary:
        wanted, shown = key(" ".join(summary)), key(body.standfirst)
        figures["standfirst field"] = float(
            bool(shown) and (wanted in shown or (shown in wanted and len(shown) > 0.8 * len(wanted)))
        )
        figures["standfirst anywhere"] = float(wanted in key(f"{body.standfirst or ''}{text}"))
    else:
        figures["no standfirst, none found"] = float(not body.standfirst)
    return figures


def evaluate(examples: Iterable[Example], table: dict[str, dict[str, float]]) -> list[tuple[Example, dict[str, float]]]:
    traits.weights = table.__getitem__  # type: ignore[assignment]
    bodies.read_lines = lambda tree, found: lines  # type: ignore[assignment]
    out = []
    for one in examples:
        lines = one.lines
        bodies.read_lines = lambda tree, found, lines=lines: lines  # type: ignore[assignment,misc]
        for block in one.found:
            block.traits = {}
        out.append((one, score(one)))
    return out


def held_out(
    examples: Sequence[Example], groups: Sequence[str], folds: int, ridge: float
) -> list[tuple[Example, dict[str, float]]]:
    """Each page scored with weights that have not seen its publisher."""
    held: list[tuple[Example, dict[str, float]]] = []
    for fold in range(folds):
        out = set(groups[fold::folds])
        table = fit_all([one for one in examples if one.group not in out], ridge)
        held += evaluate([one for one in examples if one.group in out], table)
    return held


def without(examples: Sequence[Example], names: Sequence[str]) -> list[Example]:
    """The examples as if these traits were never seen."""
    return [
        replace(
            one,
            samples={
                judgement: [({k: v for k, v in values.items() if k not in names}, label) for values, label in rows]
                for judgement, rows in one.samples.items()
            },
        )
        for one in examples
    ]


def report(label: str, scored: list[tuple[Example, dict[str, float]]]) -> None:
    names = dict.fromkeys(name for _, figures in scored for name in figures)
    said = []
    for name in names:
        values = [figures[name] for _, figures in scored if name in figures]
        said.append(f"{name} {sum(values) / len(values):.4f}")
    print(f"{label:24} " + "  ".join(said))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--ridge", type=float, default=3.0)
    parser.add_argument("--write", action="store_true", help=f"write {TABLE.name}")
    parser.add_argument("--worst", type=int, default=0, help="name the pages that are read worst when held out")
    chosen = parser.parse_args()
    examples = load(chosen.corpus)
    groups = sorted({one.group for one in examples})
    print(f"{len(examples)} pages of {len(groups)} publishers")
    shipped = {name: dict(traits.weights(name)) for name in JUDGEMENTS}
    report("shipped weights", evaluate(examples, shipped))
    held = held_out(examples, groups, chosen.folds, chosen.ridge)
    report("publishers held out", held)
    for label, names in WITHOUT.items():
        report(label, held_out(without(examples, names), groups, chosen.folds, chosen.ridge))
    for one, figures in sorted(held, key=lambda pair: pair[1].get("page F1", 1))[: chosen.worst]:
        print(f"  {figures['page F1']:.3f} {figures['paragraph F1']:.3f} {one.row['id']}")
    table = fit_all(examples, chosen.ridge)
    report("fitted on all", evaluate(examples, table))
    if chosen.write:
        rows = [f"{j}\t{name}\t{value:.2f}" for j in JUDGEMENTS for name, value in sorted(table[j].items())]
        TABLE.write_text("judgement\ttrait\tweight\n" + "\n".join(rows) + "\n", encoding="utf-8")
        print(f"wrote {len(rows)} weights")


if __name__ == "__main__":
    main()
