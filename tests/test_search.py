"""Search from end to end: words in many scripts find their articles and no others; filters, snippets, ranking."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive import Archive, BadQuery, Capture, Extraction, Hit, Visit, hide, query, search
from crawler.cli import main
from tests.press import AT

# Written for this test: (language, headline, body). Each language's articles are told apart by the queries below.
ARTICLES = {
    "en": ("en", "Ferry strike strands islanders", "The harbour authority said crossings won't resume before Friday."),
    "en2": ("en", "Harbour pilots' pay talks end", "A deal on pay was struck at dawn; ferries sail again on Friday."),
    "de": ("de", "Gemüsepreise steigen in Südtirol", "Die Großhändler klagen. Auf der Straße protestieren Bauern."),
    "fr": ("fr", "L'hôpital de Besançon rouvre", "Les infirmières fêtent la réouverture à l’aube, « enfin »."),
    "es": ("es", "El pingüino que cruzó el océano", "Según los biólogos, mañana habrá otra señal del animal."),
    "pl": ("pl", "Łódź buduje ścieżki rowerowe", "Mieszkańcy żądają więcej zieleni, źródło wody wyschło."),
    "tr": ("tr", "Iğdır'da kayısı hasadı", "Çiftçiler İzmir limanına gönderilecek ürünleri topladı."),
    "vi": ("vi", "Bão đổ bộ vào Quảng Nam", "Người dân Hội An được sơ tán trước khi nước sông dâng cao."),
    "ru": ("ru", "Ледоход на Енисее начался раньше", "Учёные считают, что всё дело в тёплой весне, пишет Орёл."),
    "uk": ("uk", "У Чернігові відкрили міст", "Мешканці їздитимуть новим мостом уже з липня."),
    "el": ("el", "Πυρκαγιά στη Ρόδο", "Οι πυροσβέστες έσβησαν τη φωτιά κοντά στους οικισμούς."),
    "he": ("he", "הרכבת לאילת תידחה", "שר התחבורה הודיע בכנסת כי הקו ייפתח רק בעוד עשור."),
    "ar": ("ar", "الجراد يهدد محاصيل القمح", "قال المزارعون إنّ الحكومةَ تأخرت، وإنهم خسروا المحصول في الوادي."),
    "fa": ("fa", "خشکسالی در سیستان", "کشاورزان می‌گویند رودخانه امسال به دریاچه نرسیده است."),
    "hi": ("hi", "गंगा में बाढ़ का ख़तरा", "पटना के पास नदी ख़तरे के निशान से ऊपर बह रही है।"),
    "zh": ("zh", "台风逼近福建沿海", "渔船已经回港，铁路部门宣布停运高铁。"),
    "ja": ("ja", "北海道で初雪、鉄道に遅れ", "気象庁によると、札幌では平年より早い雪となった。"),
    "ko": ("ko", "부산에서 국제 영화제가 개막했다", "올해는 다큐멘터리가 관객의 관심을 끌었다."),
    "th": ("th", "ฝนตกหนักในเชียงใหม่", "ชาวบ้านอพยพขึ้นที่สูงหลังแม่น้ำปิงล้นตลิ่ง"),
}  # fmt: skip

# (query, the articles that must be found, and no other): 19 languages.
PAIRS = [
    ("ferry", "en"), ("ferr*", "en en2"), ("won't", "en"), ("WON’T RESUME", "en"), ('"pay talks"', "en2"),
    ('"talks pay"', ""), ("friday -dawn", "en"), ("islanders OR pilots", "en en2"), ("friday NOT strike", "en2"),
    ("gemuse*", "de"), ("Gemüsepreise", "de"), ("grosshandler", "de"), ("STRASSE", "de"), ("südtirol", "de"),
    ("hopital", "fr"), ("Hôpital Besancon", "fr"), ("reouverture", "fr"), ("aube", "fr"),
    ("pinguino", "es"), ("oceano manana", "es"), ("lodz", "pl"), ("zrodlo", "pl"), ("ŚCIEŻKI", "pl"),
    ("ığdır", "tr"), ("IĞDIR", "tr"), ("izmir", "tr"), ("İZMİR", "tr"), ("kayısı", "tr"), ("kayisi", "tr"),
    ("quảng nam", "vi"), ("quang nam", "vi"), ("hoi an", "vi"), ("do bo", "vi"),
    ("ученые", "ru"), ("Учёные", "ru"), ("орел", "ru"), ("енисее", "ru"), ("чернігові", "uk"), ("їздитимуть", "uk"),
    ("ροδο", "el"), ("ΠΥΡΚΑΓΙΆ", "el"), ("οικισμους", "el"),
    ("אילת", "he"), ("כנסת", "he"), ("רכבת", "he"), ("הכנסת", "he"),
    ("جراد", "ar"), ("الجراد", "ar"), ("حكومة", "ar"), ("الحكومه", "ar"), ("محصول", "ar"), ("وادي", "ar"),
    ("کشاورزان", "fa"), ("كشاورزان", "fa"), ("می گویند", "fa"), ("درياچه", "fa"),
    ("गंगा", "hi"), ("गङ्गा", "hi"), ("खतरा", "hi"), ("ख़तरा", "hi"), ("पटना नदी", "hi"),
    ("雪", "ja"), ("铁", "zh"), ("福建", "zh"), ("台风", "zh"), ("高铁", "zh"), ("初雪", "ja"), ("北海道", "ja"),
    ("鉄道", "ja"),
    ("札幌 雪", "ja"), ("부산", "ko"), ("영화제", "ko"), ("관객", "ko"), ("다큐멘터리", "ko"),
    ("ฝน", "th"), ("เชียงใหม่", "th"), ("แม่น้ำ", "th"), ("แม่น้ำปิง", "th"),
]  # fmt: skip


def page(key: str, at: datetime, text: str, **more: object) -> tuple[Capture, Extraction]:
    language, title, _ = ARTICLES[key]
    url = f"http://{language}.test/world/{key}"
    capture = Capture(url, at, site=str(more.pop("site", language)), status=200, payload=(title + text).encode())
    values = {"title": title, "text": text, "language": language, "published": at.isoformat(), **more}
    return capture, Extraction(url, capture.digest or "", "test-1", **values)  # type: ignore[arg-type]


def keep(archive: Archive, pairs: list[tuple[Capture, Extraction]]) -> None:
    archive.store([Visit(capture) for capture, _ in pairs])
    archive.record([reading for _, reading in pairs], AT)


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with Archive.open(tmp_path_factory.mktemp("search") / "a.db") as archive:
        keep(
            archive,
            [page(key, AT + timedelta(days=n), body) for n, (key, (_, _, body)) in enumerate(ARTICLES.items())],
        )
        yield archive


def keys(hits: list[Hit]) -> set[str]:
    return {hit.url.rsplit("/", 1)[1] for hit in hits}


@pytest.mark.parametrize(("words", "wanted"), PAIRS)
def test_words_find_their_articles_and_no_others(press: Archive, words: str, wanted: str) -> None:
    assert keys(search(press, words)) == set(wanted.split())


def test_there_are_enough_pairs() -> None:
    assert len(PAIRS) >= 40
    assert len({ARTICLES[key][0] for _, wanted in PAIRS for key in wanted.split()}) >= 15


@pytest.mark.parametrize(("words", "wanted"), PAIRS)
def test_snippets_mark_what_was_found(press: Archive, words: str, wanted: str) -> None:
    """Every snippet is a stretch of the stored text; what is marked in it is what was asked for."""
    for hit in search(press, words):
        body = ARTICLES[hit.url.rsplit("/", 1)[1]][2]
        assert hit.snippet.removeprefix("… ").removesuffix(" …") in body
        assert all(0 <= a < b <= len(hit.snippet) for a, b in hit.marks)


@pytest.mark.parametrize(
    ("words", "marked"),
    [("friday", ["Friday"]), ("grosshandler", ["Großhändler"]), ("ученые", ["Учёные"]), ("雪", ["雪"]),
     ("高铁", ["高铁"]), ("حكومة", ["الحكومةَ"]), ("ปิง", ["ปิง"]), ("관객", ["관객"]), ("cross* -dawn", ["crossings"])],
)  # fmt: skip
def test_the_very_words_are_marked(press: Archive, words: str, marked: list[str]) -> None:
    hit = search(press, words)[0]
    assert [hit.snippet[a:b] for a, b in hit.marks] == marked


def test_the_snippet_is_where_the_words_are(tmp_path: Path) -> None:
    filler = "Nothing of note happened on the quay that day. " * 40
    with Archive.open(tmp_path / "a.db") as archive:
        keep(archive, [page("en", AT, f"A pilot slept. {filler}The pilot found the anchor at last. {filler}")])
        hit = search(archive, "pilot anchor")[0]
    assert "pilot found the anchor" in hit.snippet
    assert hit.snippet.startswith("… ")


def test_the_headline_counts_more(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "a.db") as archive:
        once = page("en", AT, "The ferry came. " + "Nothing else happened that day. " * 5, title="A quiet day")
        head = page("en2", AT, "Nothing else happened that day. " * 6, title="Ferry")
        keep(archive, [once, head])
        assert [hit.title for hit in search(archive, "ferry")] == ["Ferry", "A quiet day"]


def test_filters(press: Archive) -> None:
    assert keys(search(press, "friday", site="en")) == {"en", "en2"}
    assert keys(search(press, "friday", site="de")) == set()
    assert keys(search(press, "雪", language="ja")) == {"ja"}
    assert keys(search(press, "雪", language="zh")) == set()
    assert keys(search(press, "friday", since="2026-11-02")) == {"en2"}
    assert keys(search(press, "friday", until="2026-11-01")) == {"en"}
    assert keys(search(press, "friday", since="2026-11", until="2026-11")) == {"en", "en2"}
    assert [hit.url[-3:] for hit in search(press, "friday", newest=True)] == ["en2", "/en"]


@pytest.mark.parametrize("named", [0, 2000])
def test_a_rare_site_is_not_lost_behind_common_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: int
) -> None:
    """One weak match of the wanted site among many strong ones elsewhere, whether its texts are named first or not."""
    monkeypatch.setattr(importlib.import_module("archive.search"), "_NAMED", named)
    with Archive.open(tmp_path / "a.db") as archive:
        pairs = []
        for number in range(700):
            capture, reading = page("en", AT + timedelta(seconds=number), f"Ferry ferry ferry {number}.")
            url = f"http://many.test/{number}"
            capture = Capture(url, capture.captured_at, site="many", status=200, payload=b"%d" % number)
            pairs.append((capture, Extraction(url, capture.digest or "", "t", title="Ferry", text=reading.text)))
        pairs.append(
            page("de", AT, "Wir fuhren mit der ferry. " + "Sonst nichts weiter an diesem Tag. " * 20, section="Welt")
        )
        keep(archive, pairs)
        assert keys(search(archive, "ferry", site="de")) == {"de"}
        assert keys(search(archive, "ferry", site="de", newest=True)) == {"de"}
        assert keys(search(archive, "ferry", section="WELT")) == {"de"}
        assert len(search(archive, "ferry", limit=650)) == 650


def test_a_very_common_word_is_ranked_among_the_newest_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its oldest match, though the best, is not shown; a filter that only the oldest passes finds it all the same."""
    room = importlib.import_module("archive.search")
    monkeypatch.setattr(room, "_RANKED", 10)
    monkeypatch.setattr(room, "_FIRST", 5)
    with Archive.open(tmp_path / "a.db") as archive:
        keep(archive, [page("de", AT, "Ferry ferry.", title="Ferry", section="Welt")])
        for number in range(1, 13):
            at, url = AT + timedelta(days=number), f"http://many.test/{number}"
            capture = Capture(url, at, site="many", status=200, payload=b"%d" % number)
            text = f"On day {number} a ferry came, and nothing else."
            keep(archive, [(capture, Extraction(url, capture.digest or "", "t", text=text, published=at.isoformat()))])
        common = search(archive, "ferry", limit=4)
        assert (common.ranked, len(common), "de" in keys(common)) == (10, 4, False)
        assert keys(search(archive, "ferry", section="welt")) == {"de"}
        assert keys(search(archive, "ferry", until=AT.isoformat())) == {"de"}
        assert keys(search(archive, "ferry", site="de")) == {"de"}
        every = search(archive, "ferry", limit=13)
        assert (every.ranked, len(every), every[0].site) == (None, 13, "de")
        assert search(archive, "day ferry 3").ranked is None
    said = CliRunner().invoke(main, ["search", "--archive", str(tmp_path / "a.db"), "--limit", "4", "ferry"])
    assert "the best of the newest 10" in said.stderr


def test_an_article_comes_once_with_its_newest_text_that_holds_the_words(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "a.db") as archive:
        first = page("en", AT, "The pilot said yes. The pilot said yes again.")
        second = page("en", AT + timedelta(hours=1), "The pilot said no. The mate said nothing at all that day.")
        keep(archive, [first, second])
        assert [(hit.current, hit.snippet[:18]) for hit in search(archive, "pilot")] == [(True, "The pilot said no.")]
        assert [hit.current for hit in search(archive, "yes")] == [False]


def test_hidden_pages_are_not_found(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "a.db") as archive:
        keep(archive, [page("en", AT, "The pilot said yes.")])
        hide(archive, "http://en.test/world/en", "asked for", AT)
        assert search(archive, "pilot") == []
        hide(archive, "http://en.test/world/en", "", None)
        assert keys(search(archive, "pilot")) == {"en"}


@pytest.mark.parametrize("words", ["", "   ", "…", "-only -excluded", "NOT x"])
def test_nothing_to_search_for_is_said(press: Archive, words: str) -> None:
    with pytest.raises(BadQuery):
        search(press, words)


@pytest.mark.parametrize(
    "words", ['"', "a AND", "(", "* * *x", "col:on", "NEAR(a b)", "^a", "a\0b", "'; DROP TABLE texts; --"]
)
def test_no_words_are_a_syntax_error(press: Archive, words: str) -> None:
    with contextlib.suppress(BadQuery):
        search(press, words)


def test_fts_query_in_sql(press: Archive) -> None:
    sql = (
        "SELECT a.url FROM texts_fts f JOIN texts t ON t.id = f.rowid JOIN articles a ON a.text_digest = t.digest "
        "WHERE texts_fts MATCH fts_query(?)"
    )
    _, rows = query(press.path, sql, ("الحكومه",))
    assert [row[0] for row in rows] == ["http://ar.test/world/ar"]
    with pytest.raises(BadQuery, match="fts_query"):
        list(query(press.path, sql, ("…",))[1])


async def test_datasette_knows_fts_query(press: Archive) -> None:
    """`datasette press.db` finds our entry point; its users search in SQL as `foreigndesk query` does."""
    from datasette.app import Datasette

    sql = (
        "SELECT a.title FROM texts_fts f JOIN texts t ON t.id = f.rowid JOIN articles a ON a.text_digest = t.digest "
        "WHERE texts_fts MATCH fts_query('고속 OR 영화제')"
    )
    opened = Datasette([str(press.path)])
    answer = await opened.client.get(f"/{press.path.stem}.json", params={"sql": sql, "_shape": "arrays"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["rows"] == [[ARTICLES["ko"][1]]]
