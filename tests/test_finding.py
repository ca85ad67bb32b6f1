"""Where a page leads to its outlet's international section. All pages were written for these tests."""

from __future__ import annotations

import gzip
import time
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.links import vocabulary
from archive.links.finding import Lists, find_lists
from archive.links.patterns import article_pattern

HOME = "https://www.gull-gazette.example/"


def home(menu: list[tuple[str, str]], lang: str = "", body: str = "", head: str = "") -> bytes:
    items = "".join(f'<li><a href="{href}">{escape(text)}</a></li>' for href, text in menu)
    return (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8">{head}</head><body><header><nav>'
        f"<ul>{items}</ul></nav></header><main>{body}</main></body></html>"
    ).encode()


def found(page: bytes, drop: frozenset[str] = frozenset()) -> str | None:
    section = find_lists(page, HOME, drop=drop).section
    return section and section.url.removeprefix(HOME)


#: language: (label, path) of the section, then its neighbours in the menu. Right to left, unspaced, Indic, African …
MENUS = {
    "en": [("World", "news/world"), ("Politics", "politics"), ("Sport", "sport"), ("Culture", "culture")],
    "de": [("Ausland", "politik/ausland"), ("Wirtschaft", "wirtschaft"), ("Sport", "sport"), ("Panorama", "panorama")],
    "fr": [("Monde", "monde"), ("Politique", "politique"), ("Économie", "economie"), ("Sport", "sport")],
    "es": [("Mundo", "mundo"), ("Política", "politica"), ("Economía", "economia"), ("Deportes", "deportes")],
    "it": [("Esteri", "sezioni/esteri.html"), ("Politica", "politica"), ("Cronaca", "cronaca"), ("Sport", "sport")],
    "pl": [("Świat", "swiat"), ("Kraj", "kraj"), ("Gospodarka", "gospodarka"), ("Sport", "sport")],
    "hu": [("Külföld", "kulfold"), ("Belföld", "belfold"), ("Gazdaság", "gazdasag"), ("Sport", "sport")],
    "fi": [("Ulkomaat", "ulkomaat"), ("Kotimaa", "kotimaa"), ("Talous", "talous"), ("Urheilu", "urheilu")],
    "el": [("Κόσμος", "kosmos"), ("Πολιτική", "politiki"), ("Οικονομία", "oikonomia"), ("Αθλητικά", "sports")],
    "ru": [("В мире", "rubrics/12"), ("Политика", "politics"), ("Экономика", "economics"), ("Спорт", "sport")],
    "uk": [("Світ", "svit"), ("Політика", "polityka"), ("Економіка", "ekonomika"), ("Спорт", "sport")],
    "tr": [("Dünya", "dunya"), ("Gündem", "gundem"), ("Ekonomi", "ekonomi"), ("Spor", "spor")],
    "ar": [("دوليات", "category/6"), ("محليات", "category/1"), ("اقتصاد", "category/2"), ("رياضة", "category/3")],
    "fa": [("بین‌الملل", "service/4"), ("سیاسی", "service/1"), ("اقتصادی", "service/2"), ("ورزشی", "service/3")],
    "he": [("בעולם", "category/2"), ("פוליטיקה", "category/3"), ("כלכלה", "category/4"), ("ספורט", "category/5")],
    "ur": [("دنیا", "latest/9"), ("پاکستان", "latest/1"), ("کھیل", "latest/2"), ("کاروبار", "latest/3")],
    "hi": [("दुनिया", "duniya"), ("देश", "desh"), ("खेल", "khel"), ("मनोरंजन", "manoranjan")],
    "bn": [("আন্তর্জাতিক", "c/4"), ("রাজনীতি", "c/1"), ("খেলা", "c/2"), ("বিনোদন", "c/3")],
    "ta": [("உலகம்", "ulagam"), ("அரசியல்", "arasiyal"), ("சினிமா", "cinema"), ("விளையாட்டு", "sports")],
    "th": [("ต่างประเทศ", "c/7"), ("การเมือง", "c/1"), ("กีฬา", "c/2"), ("เศรษฐกิจ", "c/3")],
    "vi": [("Thế giới", "the-gioi"), ("Kinh doanh", "kinh-doanh"), ("Thể thao", "the-thao"), ("Giải trí", "giai-tri")],
    "id": [("Mancanegara", "mancanegara"), ("Nasional", "nasional"), ("Ekonomi", "ekonomi"), ("Olahraga", "olahraga")],
    "ja": [("国際", "kokusai"), ("政治", "seiji"), ("経済", "keizai"), ("スポーツ", "sports")],
    "zh": [("国际新闻", "node_9"), ("时政", "node_1"), ("财经", "node_2"), ("体育", "node_3")],
    "ko": [("국제", "list/9"), ("정치", "list/1"), ("경제", "list/2"), ("스포츠", "list/3")],
    "ka": [("მსოფლიო", "c/9"), ("პოლიტიკა", "c/1"), ("სპორტი", "c/2"), ("ეკონომიკა", "c/3")],
    "sw": [("Kimataifa", "kimataifa"), ("Siasa", "siasa"), ("Michezo", "michezo"), ("Biashara", "biashara")],
    "am": [("ዓለም አቀፍ", "c/9"), ("ፖለቲካ", "c/1"), ("ስፖርት", "c/2"), ("ኢኮኖሚ", "c/3")],
    "so": [("Caalamka", "c/9"), ("Siyaasadda", "c/1"), ("Ciyaaraha", "c/2"), ("Soomaaliya", "c/3")],
    "km": [("អន្តរជាតិ", "c/9"), ("នយោបាយ", "c/1"), ("កីឡា", "c/2"), ("សេដ្ឋកិច្ច", "c/3")],
}  # fmt: skip


@pytest.mark.parametrize("language", sorted(MENUS))
def test_the_section_is_found_in_many_languages(language: str) -> None:
    menu = [(f"/{path}", label) for label, path in MENUS[language]]
    page = home(menu[1:3] + menu[:1] + menu[3:], language)
    assert found(page) == MENUS[language][0][1]
    assert found(home(menu[1:], language)) is None, "without its link there is none"


@pytest.mark.parametrize("language", sorted(MENUS))
def test_an_outlet_that_declares_no_language_is_read_too(language: str) -> None:
    assert found(home([(f"/{path}", label) for label, path in MENUS[language]])) == MENUS[language][0][1]


def test_a_language_nobody_knows_is_read_by_its_paths() -> None:
    """With all words of Hungarian held back, an English path still names the section."""
    menu = [("/belfold", "Belföld"), ("/international", "Külföld"), ("/gazdasag", "Gazdaság"), ("/sport", "Sport")]
    assert found(home(menu, "hu"), drop=frozenset({"hu"})) == "international"


def test_regions_below_a_path_make_it_the_worlds() -> None:
    """Nothing names this section, but Europe, Asia and Africa lie below it."""
    menu = [("/n", "Nnyi"), ("/nyi", "Nyikiti"), ("/nyi/europe", "Bulaaya"), ("/nyi/asia", "Azia"), ("/s", "Mizannyo"),
            ("/nyi/africa", "Afirika")]  # fmt: skip
    assert found(home(menu, "lg")) == "nyi"
    assert found(home(menu[:3] + menu[4:5], "lg")) is None


@pytest.mark.parametrize(
    ("language", "href", "label"),
    [
        ("en", "/sport/world-cup", "World Cup"),
        ("en", "/sport/football/world-cup", "World"),
        ("en", "/travel/international", "International"),
        ("en", "/business/world-markets", "World Markets"),
        ("en", "/weather/world", "World"),
        ("en", "/tv/world", "World Tonight"),
        ("en", "/international", "International edition"),
        ("de", "/umwelt", "Umwelt"),
        ("de", "/wirtschaft/international", "International"),
        ("de", "/reise/welt", "Reisewelt"),
        ("de", "/politik", "Politik"),
        ("de", "/aus-aller-welt", "Aus aller Welt"),
        ("fr", "/planete", "Planète"),
        ("fr", "/sport/coupe-du-monde", "Coupe du monde"),
        ("es", "/deportes/mundial", "Mundial"),
        ("es", "/mundo", "Mundial"),
        ("es", "/economia/comercio-exterior", "Comercio exterior"),
        ("pt", "/esporte/futebol-internacional", "Futebol internacional"),
        ("tr", "/spor/dunya-kupasi", "Dünya Kupası"),
        ("ar", "/sport/wc", "كأس العالم"),
        ("ru", "/sport/chm", "Чемпионат мира"),
        ("zh", "/sports/wc", "世界杯"),
        ("ja", "/sports/kaigai", "海外サッカー"),
        ("ko", "/sports/world", "해외축구"),
        ("hi", "/khel/world-cup", "वर्ल्ड कप"),
    ],
)
def test_false_friends_are_no_sections(language: str, href: str, label: str) -> None:
    menu = [("/politics-x", "Aktuell"), (href, label), ("/sport", "Sport"), ("/culture", "Kultur")]
    assert found(home(menu, language)) is None


def test_an_edition_switch_is_no_section() -> None:
    languages = [("/de", "Deutsch"), ("/fr", "Français"), ("/international", "International"), ("/es", "Español"),
                 ("/ar", "العربية")]  # fmt: skip
    assert found(home(languages, "de")) is None
    page = home([("/politik", "Politik"), ("/sport", "Sport")], "de",
                body='<a href="/international" hreflang="en">International</a>')  # fmt: skip
    assert found(page) is None


def test_the_outlets_own_name_is_no_section() -> None:
    head = '<meta property="og:site_name" content="Welt">'
    assert found(home([("/welt", "Welt"), ("/politik", "Politik"), ("/sport", "Sport")], "de", head=head)) is None


def test_a_world_of_sports_is_no_section() -> None:
    menu = [(f"/c/{n}", label) for n, label in enumerate(("Football", "Tennis", "International", "Cricket", "Rugby"))]
    assert found(home(menu, "en")) is None


def test_a_word_in_running_text_is_no_section() -> None:
    text = (
        '<p>Read what the <a href="/topic/world">world</a> makes of the strike in the harbour, now in week three.</p>'
    )
    assert found(home([("/politics", "Politics"), ("/sport", "Sport")], "en", body=text)) is None


def test_the_best_of_several_is_taken_and_the_others_are_told() -> None:
    menu = [("/politik", "Politik"), ("/politik/international", "International"), ("/politik/ausland", "Ausland"),
            ("/sport/international", "International"), ("/wirtschaft", "Wirtschaft"), ("/k", "Kultur")]  # fmt: skip
    lists = find_lists(home(menu, "de"), HOME)
    assert [(one.kind, one.label) for one in lists.sections] == [("main", "Ausland"), ("other", "International")]
    assert all(one.evidence for one in lists.sections)


def test_compound_names_and_names_with_news() -> None:
    labels = [("en", "U.S. & World"), ("de", "Schweiz & Welt"), ("en", "World News"), ("es", "Noticias del mundo"),
              ("ja", "国際ニュース"), ("tr", "Dünya Haberleri"), ("fr", "Europe et monde")]  # fmt: skip
    for language, label in labels:
        menu = [("/a1", label), ("/p", "Politik"), ("/s", "Sport"), ("/k", "Kultur"), ("/w", "Wirtschaft")]
        assert found(home(menu, language)) == "a1", label


def test_regional_pages_are_offered_beside_the_section() -> None:
    menu = [("/world", "World"), ("/world/europe", "Europe"), ("/world/middle-east", "Middle East"),
            ("/world/japan", "Japan"), ("/travel/europe", "Europe"), ("/s", "Sport"), ("/o", "Opinion")]  # fmt: skip
    regions = [one.label for one in find_lists(home(menu, "en"), HOME).sections if one.kind == "region"]
    assert regions == ["Europe", "Middle East", "Japan"]


def test_a_subdomain_of_its_own_is_a_section() -> None:
    menu = [("http://world.gull-gazette.example/", "国际"), ("http://finance.gull-gazette.example/", "财经")]
    section = find_lists(home(menu, "zh"), "http://politics.gull-gazette.example/n1/1.html").section
    assert section is not None
    assert section.url == "http://world.gull-gazette.example/"


def test_an_outlets_other_domain_is_its_own() -> None:
    menu = [("https://www.gull-gazette.test/world", "World"), ("/politics", "Politics"), ("/sport", "Sport")]
    section = find_lists(home(menu, "en"), HOME).section
    assert section is not None
    assert section.url == "https://www.gull-gazette.test/world"


def test_links_to_other_outlets_are_never_taken() -> None:
    menu = [("https://elsewhere.example/world", "World"), ("/politics", "Politics"), ("/sport", "Sport")]
    assert found(home(menu, "en")) is None


def test_feeds_of_the_section_come_first() -> None:
    head = (
        '<link rel="alternate" type="application/rss+xml" title="All" href="/rss.xml">'
        '<link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed/">'
        '<link rel="alternate" type="application/atom+xml" title="Gull – World" href="/feeds/17.atom">'
    )
    body = '<a href="/world/rss.xml">RSS</a><a href="/about-feeds-of-salmon">Feeds of salmon</a>'
    lists = find_lists(home([("/world", "World"), ("/sport", "Sport")], "en", body, head), HOME)
    assert [one.url.removeprefix(HOME) for one in lists.feeds] == ["feeds/17.atom", "world/rss.xml", "rss.xml"]
    assert "it names the section" in lists.feeds[0].evidence
    assert lists.feeds[2].evidence == ("declared by the page",)


@pytest.mark.parametrize(
    ("payload", "problem"),
    [(b"", "empty"), (b"%PDF-1.7", "not_a_listing"), (b"\x00" * 100, "not_a_listing"), (b"just words", None)],
)
def test_what_is_no_page_leads_nowhere(payload: bytes, problem: str | None) -> None:
    lists = find_lists(payload, HOME)
    assert (lists.section, lists.problem) == (None, problem)


def test_a_page_in_another_charset_and_gzipped() -> None:
    page = home([("/mir", "В мире"), ("/p", "Политика"), ("/s", "Спорт")], "ru").decode()
    page = page.replace('charset="utf-8"', 'charset="windows-1251"')
    assert found(gzip.compress(page.encode("windows-1251"))) == "mir"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), max_size=8), st.text(max_size=12))
def test_nothing_makes_it_raise(menu: list[tuple[str, str]], lang: str) -> None:
    page = home([(escape(a), b) for a, b in menu], escape(lang)).decode().encode("utf-8", "surrogatepass")
    assert isinstance(find_lists(page, HOME), Lists)


def test_a_page_of_five_thousand_links_is_quick() -> None:
    menu = [(f"/c{n}/world", f"World {n}") for n in range(5_000)]
    start = time.process_time()
    find_lists(home(menu, "en"), HOME)
    assert time.process_time() - start < 5


def test_names_are_read_as_written() -> None:
    assert vocabulary.plain("  «World» (12) ›") == "world"
    assert vocabulary.plain("DÜNYA") == vocabulary.plain("Dünya")
    assert vocabulary.slug("Świat i Żagiel") == "swiat-i-zagiel"
    assert vocabulary.bare_segment("zahranicni-11") == "zahranicni"
    assert vocabulary.region("Европа", ("ru",)) == "continent"
    assert vocabulary.region("japan", ("sw",)) == "country"
    assert vocabulary.region("Sport", ("en",)) is None


@pytest.mark.parametrize(
    ("urls", "pattern"),
    [
        ([f"https://x.example/world/2026/11/{n:02}/story-{n}" for n in range(1, 9)], r"/world/\d{4}/\d{2}/\d{2}/[^/]+"),
        ([f"https://x.example/ausland/a-b-c-a{48100 + n}" for n in range(9)], r"/ausland/[^/]*\d{5,}"),
        ([f"https://x.example/n/{n * 100}.html" for n in range(10, 19)], r"/n/\d{4,}\.html"),
        ([f"https://x.example/world/story-{'abcdefghi'[n]}" for n in range(9)], ""),
        (["https://x.example/world/2026/11/02/one"], ""),
    ],
)
def test_article_patterns_are_learned(urls: list[str], pattern: str) -> None:
    assert article_pattern(urls) == pattern
