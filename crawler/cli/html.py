"""Pages for people who have no terminal: one self-contained HTML file each, no script, nothing loaded from elsewhere.

Whatever comes from a page is escaped; the files may be mailed about and opened anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from xml.sax import saxutils

from archive import Case, Comparison, Diff, Share, Trial
from crawler.cli.show import second

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --gone: #c33; --come: #183; --bar: #47a }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2.5rem }
table { border-collapse: collapse; width: 100% } th { text-align: start; font-weight: 600 }
td, th { padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere }
td.n, th.n { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap }
table.sides { table-layout: fixed } table.sides td { width: 50% }
del { color: var(--gone); text-decoration: line-through } ins { color: var(--come); text-decoration: underline }
.what, .dim { color: #888; font-size: .85em } svg { width: 100%; height: 14rem } svg text { fill: currentColor }
details { border-bottom: 1px solid var(--line); padding: .4rem 0 } summary { cursor: pointer }
@media (prefers-color-scheme: dark) { :root { --gone: #f88; --come: #7d9; --bar: #8be } }
"""


def escape(text: str) -> str:
    """Text as it may stand in an element or in a quoted attribute."""
    return saxutils.escape(text, {'"': "&quot;"})


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )


def named_side(side: object) -> str:
    """One side of a comparison in words."""
    revision, at = getattr(side, "revision", None), getattr(side, "captured_at", "")
    return f"revision {revision} ({second(at)})" if revision else f"{getattr(side, 'extractor', '')} ({second(at)})"


def stands_out(change: Diff) -> Iterator[str]:
    """What stands out in a diff, a sentence each."""
    if change.date_only:
        yield "Only the date was changed: the text is the same."
    if change.correction_note:
        yield f"A correction note was added: {change.correction_note}"
    for old, new in change.numbers:
        yield f"A number was changed: {old} → {new}"
    for old, new in change.quotations:
        yield f"A quotation was changed: “{old}” → “{new}”"


def comparison_page(found: Comparison) -> str:
    """A comparison of two captures, side by side."""
    notes = "".join(f"<li>{escape(words)}</li>" for words in stands_out(found.diff))
    head = f"{escape(named_side(found.before))} → {escape(named_side(found.after))}"
    return _page(
        f"Changes of {found.url}",
        f"<h1>{escape(found.url)}</h1><p>{head}</p><p><strong>{escape(found.said)}</strong></p>"
        f"<ul>{notes}</ul>{_sides(found.diff)}",
    )


def _sides(change: Diff) -> str:
    """The changes as two columns: the old text with what went, the new with what came."""
    rows = []
    for one in change.changes:
        number = one.new if one.new is not None else one.old
        where = f"{one.part}{f' {number}' if number else ''}: {one.what}"
        cells = []
        for op, tag in (("-", "del"), ("+", "ins")):
            cell = "".join(
                f"<{tag}>{escape(text)}</{tag}>" if mark == op else escape(text)
                for mark, text in one.segments
                if mark in ("=", op)
            )
            cells.append(f'<td dir="auto">{cell}</td>')
        rows.append(f'<tr><td colspan="2" class="what">{escape(where)}</td></tr><tr>{"".join(cells)}</tr>')
    if not rows:
        return "<p>No difference in headline, standfirst, byline, dates or text.</p>"
    return f'<table class="sides"><tr><th>before</th><th>after</th></tr>{"".join(rows)}</table>'


def trial_page(found: Trial, title: str) -> str:
    """The report of a dry run: what would change, where, how much, and the worst pages side by side."""
    whole = found.whole
    pages = f"{found.pages:,} pages read by {escape(', '.join(found.extractors) or 'nobody')}"
    words = f"{whole.gained:,} words gained and {whole.lost:,} lost, of {whole.words:,}"
    parts = [
        f"<h1>{escape(title)}</h1><p>{pages}; {words}. Nothing was written.</p>",
        f"<h2>What would change</h2>{_changes(whole)}",
        "<h2>Words gained less words lost, as a share of each page's text</h2>",
        _plot(found),
        f"<h2>Sites</h2>{_groups(found.sites)}<h2>Languages</h2>{_groups(found.languages)}",
        f"<h2>The {len(found.worst)} worst pages</h2>",
        *(_case(case) for case in found.worst),
    ]
    return _page(title, "".join(parts))


def _changes(share: Share) -> str:
    rows = "".join(
        f'<tr><td>{escape(name)}</td><td class="n">{count:,}</td>'
        f'<td class="n">{count / max(1, share.pages):.2%}</td></tr>'
        for name, count in share.changed.most_common()
    )
    return f'<table><tr><th>what</th><th class="n">pages</th><th class="n">share</th></tr>{rows}</table>'


def _groups(groups: Mapping[str, Share]) -> str:
    rows = []
    for name, share in sorted(groups.items(), key=lambda pair: (-pair[1].changed["changed"], pair[0])):
        part = [share.changed[one] / max(1, share.pages) for one in ("changed", "text", "empty")]
        cells = "".join(f'<td class="n">{value:.1%}</td>' for value in part)
        rows.append(
            f'<tr><td>{escape(name)}</td><td class="n">{share.pages:,}</td>{cells}'
            f'<td class="n">{share.gained:,}</td><td class="n">{share.lost:,}</td></tr>'
        )
    names = ("pages", "changed", "text", "empty", "words gained", "words lost")
    head = "".join(f'<th class="n">{name}</th>' for name in names)
    return f"<table><tr><th></th>{head}</tr>{''.join(rows)}</table>"


def bin_names(found: Trial) -> list[str]:
    """The bins of the distribution in words."""
    ends = [end for end, _ in found.distribution()]
    names = [f"less than {ends[0]:+.0%}"]
    for low, high in pairwise(ends):
        if high == 0.0:
            names.append(f"{low:+.0%} to 0")
        elif high == float("inf"):
            names.append(f"more than {low:+.0%}")
        else:
            names.append(f"{low:+.0%} to {high:+.0%}" if low else f"0 to {high:+.0%}")
    names[ends.index(0.0)] = "same, or hardly less"
    return names


def _plot(found: Trial) -> str:
    """The distribution as bars; heights by square root, so that rare bins are seen beside the many that stay."""
    bins = found.bins
    most, width = max([*bins, 1]), 960 / len(bins)
    drawn = []
    for number, (count, name) in enumerate(zip(bins, bin_names(found), strict=True)):
        height = 150 * (count / most) ** 0.5
        x, y = number * width, 170 - height
        middle = x + width / 2
        drawn.append(
            f'<g><title>{escape(name)}: {count:,} pages</title><rect x="{x + 3:.1f}" y="{y:.1f}" '
            f'width="{width - 6:.1f}" height="{height:.1f}" fill="var(--bar)"/>'
            f'<text x="{middle:.1f}" y="{y - 4:.1f}" font-size="12" text-anchor="middle">{count:,}</text>'
            f'<text x="{middle:.1f}" y="{188 + 12 * (number % 2)}" font-size="9" text-anchor="middle">{escape(name)}'
            "</text></g>"
        )
    return f'<svg viewBox="0 0 960 210" role="img" aria-label="distribution">{"".join(drawn)}</svg>'


def _case(case: Case) -> str:
    lost = "the whole text lost" if case.empty else f"{case.lost:,} words lost, {case.gained:,} gained"
    return (
        f"<details><summary>{escape(case.url)}<br><span class='dim'>{escape(case.site)}, {second(case.captured_at)}: "
        f"{escape(', '.join(case.fields))}; {lost}</span></summary>{_sides(case.diff())}</details>"
    )
