"""Which lines of a page are its text: what stands among the paragraphs and is of them, and what only stands there."""

from __future__ import annotations

import json

import pytest

from tests.pages import ENGLISH, SCRIPTS, article, page, paragraphs, read

#: A last short sentence in scripts that say much in few characters.
SHORT = {
    "zh": "港口将在周五恢复照明。",
    "ja": "港は金曜日に再開する。",
    "ko": "항구는 금요일에 다시 연다.",
    "th": "ท่าเรือจะเปิดอีกครั้งวันศุกร์.",
    "hi": "बंदरगाह शुक्रवार को खुलेगा।",
    "ar": "يعاد فتح الميناء الجمعة.",
    "en": "The port reopens on Friday.",
}


def with_inside(inside: str) -> list[str]:
    """The text of an article with something between its second and third paragraph."""
    text = [f"<p>{one}</p>" for one in ENGLISH]
    return paragraphs(
        read(page(f"<main><article><h1>Lights out</h1>{''.join([*text[:2], inside, *text[2:]])}</article>"))
    )


@pytest.mark.parametrize("code", sorted(SHORT))
def test_a_short_last_paragraph_is_of_the_text(code: str) -> None:
    """Also where nothing but its likeness says so: each paragraph in elements of its own, no word in a class."""
    text = [*SCRIPTS.get(code, ENGLISH), SHORT[code]]
    wrapped = "".join(f'<div class="c-1"><div class="c-2">{one}</div></div>' for one in text)
    markup = f'<div class="k"><h1>Harbour lights fail in Port Elmsa</h1><div class="b">{wrapped}</div></div>'
    assert paragraphs(read(page(markup, lang=code))) == text


@pytest.mark.parametrize(
    ("inside", "texts"),
    [
        ("<p>The quays concerned are:</p><ul><li>Nordmole</li><li>Lotse</li></ul>", ["Nordmole", "Lotse"]),
        ("<blockquote>The boat is late,<br>the tide is not.</blockquote>", ["The boat is late, the tide is not."]),
        ("<p>The harbour master, who has been in office for ten years, kept silent.<br>His deputy spoke instead.</p>",
         ["The harbour master, who has been in office for ten years, kept silent.", "His deputy spoke instead."]),
        (f"<p><b>A cable nobody knew</b><br>{ENGLISH[0][:-1]}, they said.</p>",
         ["A cable nobody knew", f"{ENGLISH[0][:-1]}, they said."]),
    ],
)  # fmt: skip
def test_what_stands_between_paragraphs_and_is_of_the_text(inside: str, texts: list[str]) -> None:
    found = with_inside(inside)
    assert [one for one in found if one in texts] == texts
    assert [one for one in found if one in ENGLISH] == ENGLISH


@pytest.mark.parametrize(
    "inside",
    [
        "<p>Advertisement</p>",
        "<p>Anzeige: Oranges from the hills, now in your shop.</p>",
        '<p><img src="/b.jpg"></p><p>Sailors wait for the morning. Photograph: Jona Berg</p>',
        '<div class="x"><h3>The Morning Tide</h3><p>All you need to know about the coast, at seven each morning.</p>'
        '<input type="email"><button>Join</button></div>',
        '<p><img src="/b.jpg"></p><p style="text-align:center"><em>Sailors wait for the morning.</em></p>',
        '<p><img src="/b.jpg"></p><p align="center">Sailors wait for the morning</p>',
        '<div class="x"><p class="y">All you need to know about the coast, at seven each morning.</p>'
        "<button>Join</button></div>",
        "<figure><img src='/c.jpg'><figcaption>The northern quay, still without any light.</figcaption></figure>",
    ],
)
def test_what_stands_between_paragraphs_and_is_not(inside: str) -> None:
    assert with_inside(inside) == ENGLISH


def test_interviews_keep_their_questions() -> None:
    talk = [
        ("When did you first notice that the lights were out?", ENGLISH[0]),
        ("Were you surprised?", ENGLISH[1]),
        ("What would you say to the crews who are waiting outside?", ENGLISH[2]),
    ]
    for tag in ("h3", "p><strong"):
        close = "strong></p" if "strong" in tag else tag
        marked = "".join(f"<{tag}>{asked}</{close}><p>{said}</p>" for asked, said in talk)
        found = read(page(f"<main><article><h1>A talk with the harbour master</h1>{marked}</article></main>"))
        assert found.standfirst is None
        assert paragraphs(found) == [line for pair in talk for line in pair]


@pytest.mark.parametrize(
    "tail",
    [
        "<p>Mira Holt</p>",
        "<h3>About the author</h3><p>Mira Holt has covered the coast for this paper since 2011 and lives in Elmsa.</p>",
    ],
)
def test_who_wrote_it_is_no_paragraph(tail: str) -> None:
    assert paragraphs(read(page(article(ENGLISH, extra=tail)))) == ENGLISH


def test_what_holds_the_whole_page_sets_nothing_apart() -> None:
    """A menu that was never closed, a text that is all in bold, or all one list."""
    lines = [f"<p>{one}</p>" for one in ENGLISH]
    for before, text, after in (
        ('<nav><a href="/world">World</a><a href="/sport">Sport</a><div class="main">', lines, "</div></body>"),
        ("<main>", [f"<p><b>{one}</b></p>" for one in ENGLISH], "</main>"),
        ("<main>", ["<ul>", *(f"<li>{one}</li>" for one in lines), "</ul>"], "</main>"),
    ):
        markup = page(f"{before}<h1>Harbour lights fail in Port Elmsa</h1>{''.join(text)}{after}")
        assert paragraphs(read(markup)) == ENGLISH


def test_the_next_articles_have_headlines_of_their_own() -> None:
    """However many are loaded below; entries of a live page have none."""
    others = [
        article([f"{one} ({number})." for one in SCRIPTS["ru"]], title=f"Another story altogether, number {number}")
        for number in range(5)
    ]
    assert paragraphs(read(page(f"<div>{article(ENGLISH)}{''.join(others)}</div>"))) == ENGLISH


def test_a_gallery_s_captions_are_no_text() -> None:
    pictures = "".join(
        f'<figure><img src="{n}.jpg"><figcaption>{one}</figcaption></figure>' for n, one in enumerate(ENGLISH)
    )
    found = read(page(f"<h1>In pictures: the harbour</h1><p>Jona Berg spent a night on the quay.</p>{pictures}"))
    assert not any(one in (found.text or "") for one in ENGLISH)


def test_a_date_before_a_picture_is_no_word_of_the_text() -> None:
    text = "<br><br>".join(ENGLISH)
    markup = f'<div class="d"><h1>Lights out</h1><span>04.11.2026</span><img src="/a.jpg">{text}</div>'
    assert paragraphs(read(page(markup))) == ENGLISH


def test_empty_lines_part_paragraphs_where_lines_are_shown_as_they_stand() -> None:
    text = "\n\n".join(ENGLISH)
    for markup in (f"<pre>{text}</pre>", f'<div style="white-space: pre-wrap">{text}</div>'):
        assert paragraphs(read(page(f"<h1>Harbour lights fail in Port Elmsa</h1>{markup}"))) == ENGLISH


def test_a_script_s_short_sentences_are_kept_in_scripts_without_spaces() -> None:
    text = [*SCRIPTS["ja"] * 3, SHORT["ja"]]
    text = [f"{one[:-1]}{number}。" for number, one in enumerate(text)]
    data = json.dumps({"props": {"article": {"headline": "灯台", "body": [{"text": one} for one in text]}}})
    markup = page(
        f'<div id="app"></div><script type="application/json">{data}</script>', lang="ja", title="灯台の明かり"
    )
    assert paragraphs(read(markup)) == text


def test_a_picture_among_line_breaks_has_its_caption_beside_it() -> None:
    for caption in (
        '<span><img src="/a.jpg"><em>The northern quay, still without any light.</em></span>',
        '<img src="/a.jpg"><br><small>The northern quay, still without any light.</small>',
    ):
        markup = "<br><br>".join([ENGLISH[0], caption, *ENGLISH[1:]])
        assert paragraphs(read(page(f"<div><h1>Lights out</h1><div>{markup}</div></div>"))) == ENGLISH


def test_line_breaks_part_a_list_of_links_from_the_text() -> None:
    links = "<br>".join(
        f'- <a href="/world/2026/11/story-{number}-41133{number}">The night ferry returns after {number} winters</a>'
        for number in range(7, 9)
    )
    for label in ("<b>Read also:</b>", "Down by the docks:"):
        text = "<br><br>".join(ENGLISH)
        found = read(page(f'<div><h1>Lights out</h1><div class="d">{text}<br><br>{label}<br>{links}<br></div></div>'))
        assert "night ferry" not in (found.text or "")
        assert paragraphs(found)[: len(ENGLISH)] == ENGLISH


@pytest.mark.parametrize("code", ["zh", "ja", "ko"])
def test_a_summary_in_ideographs_is_short_and_still_one(code: str) -> None:
    lead = {
        "zh": "港口昨夜陷入黑暗，修复工作仍在继续。",
        "ja": "復旧の見通しは立っていないと港湾局は話す。",
        "ko": "복구 시점은 아직 정해지지 않았다고 항만청은 말했다.",
    }[code]
    text = "".join(f"<p>{one}</p>" for one in SCRIPTS[code])
    head = f'<meta name="description" content="{lead}">'
    found = read(page(f"<div><h1>Elmsa</h1><p><strong>{lead}</strong></p>{text}</div>", head=head, lang=code))
    assert (found.standfirst, paragraphs(found)) == (lead, SCRIPTS[code])


def test_thai_sentences_end_without_a_full_stop() -> None:
    lead = SCRIPTS["th"][0].rstrip(".")
    text = "".join(f"<div class='p'>{one.rstrip('.')}</div>" for one in SCRIPTS["th"] * 2)
    markup = f"<div><h1>ไฟท่าเรือดับ</h1><div class='q'>{lead[:75]}</div><div>{text}</div></div>"
    assert read(page(markup, lang="th", title="ไฟท่าเรือดับ")).standfirst == lead[:75]


def test_posts_below_in_elements_of_the_page_s_own_sort() -> None:
    def post(title: str, lines: list[str]) -> str:
        text = "".join(f"<p>{one}</p>" for one in lines)
        return f'<div class="post"><h1 class="t">{title}</h1><div class="b">{text}</div></div>'

    other = [f"{one} It was the third such night." for one in reversed(ENGLISH)]
    markup = (
        f'<div class="feed">{post("Harbour lights fail in Port Elmsa", ENGLISH)}{post("The next night", other)}</div>'
    )
    assert paragraphs(read(page(markup))) == ENGLISH


@pytest.mark.parametrize("code", ["es", "zh", "ru"])
def test_a_text_that_trafilatura_drops_for_a_word_in_a_class(code: str) -> None:
    """Paragraphs right below the headline are the text, whatever their element is called; comments below are none."""
    text = SCRIPTS.get(code, ENGLISH)
    lines = "".join(f"<p>{one}</p>" for one in text)
    teaser = '<p class="teaser-text">The quay waits for new lamps, and for money to pay for them this year.</p>'
    box = '<div class="sidebar"><a href="/world/2026/11/orange-fleet-waits-411177">Forty ships wait outside</a></div>'
    markup = f'<div class="comments-wrapper-page"><h1>Harbour lights fail in Port Elmsa</h1>{teaser}'
    found = read(page(f'{markup}<div class="share-body">{lines}</div></div>{box}', lang=code))
    assert paragraphs(found) == text


def test_class_words_of_each_paragraph_s_own_say_nothing() -> None:
    text = [*ENGLISH, SHORT["en"]]
    lines = "".join(f'<div class="_p{n}7q"><span class="_s{n}3x">{one}</span></div>' for n, one in enumerate(text))
    assert (
        paragraphs(read(page(f'<div class="_a"><h1>Lights out</h1>{lines}<div class="_z">Share</div></div>'))) == text
    )
