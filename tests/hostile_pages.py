"""The pages of the hostile site: good articles, structures that stop readers, pages that mean something else."""

from __future__ import annotations

LANGUAGES = {
    "good-en": (
        "en",
        "Harbour reopens after nine days of storm",
        "The harbour office said on Tuesday that crews had worked through the night to clear the channel before noon",
    ),
    "good-fr": (
        "fr",
        "Le port rouvre après neuf jours de tempête",
        "La capitainerie a déclaré mardi que les équipes avaient travaillé toute la nuit pour dégager le chenal",
    ),
    "good-de": (
        "de",
        "Der Hafen öffnet nach neun Tagen Sturm",
        "Das Hafenamt teilte am Dienstag mit, dass die Mannschaften die ganze Nacht die Rinne geräumt hätten",
    ),
    "good-es": (
        "es",
        "El puerto reabre tras nueve días de temporal",
        "La capitanía dijo el martes que los equipos habían trabajado toda la noche para despejar el canal",
    ),
    "good-ru": (
        "ru",
        "Порт открылся после девяти дней шторма",
        "Управление порта сообщило во вторник, что бригады работали всю ночь, чтобы к полудню расчистить фарватер",
    ),
    "good-ar": (
        "ar",
        "الميناء يفتح أبوابه بعد تسعة أيام من العاصفة",
        "قال مكتب الميناء يوم الثلاثاء إن الطواقم عملت طوال الليل لتنظيف القناة قبل الظهر",
    ),
    "good-hi": (
        "hi",
        "नौ दिन के तूफ़ान के बाद बंदरगाह फिर खुला",
        "बंदरगाह कार्यालय ने मंगलवार को कहा कि दोपहर से पहले नहर साफ़ करने के लिए दल रात भर काम करते रहे",
    ),
    "good-ja": (
        "ja",
        "九日間の嵐の後、港が再開した",
        "港湾局は火曜日、作業員が夜通し働いて正午までに航路を開いたと発表し、最初の船が出港すると述べた",
    ),
    "good-el": (
        "el",
        "Το λιμάνι ανοίγει μετά από εννέα ημέρες κακοκαιρίας",
        "Το λιμεναρχείο ανακοίνωσε την Τρίτη ότι τα συνεργεία δούλεψαν όλη τη νύχτα για να καθαρίσουν το κανάλι",
    ),
    "good-tr": (
        "tr",
        "Liman dokuz günlük fırtınadan sonra açıldı",
        "Liman başkanlığı salı günü ekiplerin kanalı öğleden önce temizlemek için bütün gece çalıştığını söyledi",
    ),
}


def paragraphs(language: str) -> list[str]:
    """The paragraphs of the article in a language, each another one."""
    sentence = next(text for code, _, text in LANGUAGES.values() if code == language)
    stop = "。" if language == "ja" else "।" if language == "hi" else "."
    return [f"{sentence} ({number}){stop}" for number in range(1, 7)]


def article(title: str, language: str) -> bytes:
    """An ordinary article page, about 3 kB."""
    text = "\n".join(f"<p>{one}</p>" for one in paragraphs(language))
    direction = ' dir="rtl"' if language == "ar" else ""
    return (
        f'<!doctype html>\n<html lang="{language}"{direction}><head><meta charset="utf-8"><title>{title}</title>'
        '<meta property="og:type" content="article"></head>\n<body><nav><a href="/world">World</a></nav>'
        f"<main><article><h1>{title}</h1>"
        f'<p><time datetime="2026-11-04T08:00:00Z">4 November 2026</time></p>\n{text}\n'
        "</article></main></body></html>\n"
    ).encode()


GOOD = {name: article(title, language) for name, (language, title, _) in LANGUAGES.items()}
_TITLE = "<title>A report with a headline</title>"


def _page(body: str, title: str = _TITLE) -> bytes:
    return f"<!doctype html><html lang=en><head>{title}</head><body>{body}</body></html>".encode()


#: Structures that stop a reader, or make it take a minute; every one a worker's affair, none the crawler's.
STRUCTURES = {
    "deep": _page("<div>" * 100_000 + "deep" + "</div>" * 100_000),
    "spans": _page("<table>" + "<tr>" + "<td colspan=1000 rowspan=1000>x</td>" * 20 + "</tr>" * 20 + "</table>"),
    "many-links": _page("<p>" + "".join(f'<a href="/l/{n}">a link of many words {n}</a>\n' for n in range(100_000))),
    "many-attributes": _page("<p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">"),
    "many-paragraphs": _page("".join(f"<p>Paragraph {n} of a report that does not end.</p>" for n in range(60_000))),
    "unclosed": _page("<!-- " + "never closed " * 50_000),
    "less-than": b"<" * 2_000_000,
    "one-text": _page("<p>" + "word " * 1_500_000),
    "nul": _page("<p>nothing\x00 at all</p>" * 100),
    "jsonld": _page('<script type="application/ld+json">' + "[" * 100_000 + "]" * 100_000 + "</script>"),
    "entities": b'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><html>&b;</html>',
    "bad-links": _page(
        "<p>"
        + "".join(
            f'<a href="{h}">a bad link to click on</a> '
            for h in (
                "javascript:alert(1)",
                "data:text/html,x",
                "file:///etc/passwd",
                "http://[::1",
                "http://a b/",
                "//",
                "http:",
                "http://user:pw@/",
                "http://x:99999/",
                "\\\\x\\y",
                "h" * 60_000,
            )
        )
    ),
}
#: Pages with status 200 that are no articles.
MEANINGS = {
    "soft-404": _page(
        "<h1>Page not found</h1><p>The page you are looking for does not exist or has moved.</p>",
        "<title>404 - Page not found</title>",
    ),
    "consent": _page(
        '<div id="consent-dialog"><h1>Before you continue</h1><p>We and our partners use cookies to store information '
        "on your device and to process personal data. Please accept all cookies or manage your options.</p>"
        "<button>Accept all</button><button>Reject all</button></div>",
        "<title>Before you continue</title>",
    ),
    "challenge": _page(
        "<h1>Just a moment...</h1><p>Checking your browser before accessing the site. Enable JavaScript and cookies to "
        "continue. Verify you are human.</p>",
        "<title>Just a moment...</title>",
    ),
    "paywall": (
        b'<!doctype html><html lang=en><head><title>The long report</title><script type="application/ld+json">'
        b'{"@type":"NewsArticle","headline":"The long report","isAccessibleForFree":false,"wordCount":1800,'
        b'"datePublished":"2026-11-04T08:00:00Z"}</script></head><body><article><h1>The long report</h1>'
        b"<p>The first sentence of a long report that the council has kept under lock and key for\xe2\x80\xa6</p>"
        b'<div class="paywall">Subscribe to continue reading. Already a subscriber? Log in.</div></article></body>'
    ),
    "shell": _page('<div id="root"></div><script src="/app.js"></script>'),
}
