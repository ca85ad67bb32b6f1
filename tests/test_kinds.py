"""What kind of page it is: walls, errors, lists and stubs in many languages, and articles about such things."""

from __future__ import annotations

import json

import pytest

from archive.data import table
from archive.reading.walls import share, speaks
from tests.pages import ENGLISH, SCRIPTS, URL, article, page, paragraphs, read, said

FRONT = "https://www.quayside-herald.example/world/"
HEADLINES = [
    "Ferry captain takes the night train home",
    "Museum of oranges opens after ten years",
    "Old lighthouse keeper writes down his songs",
    "Fishermen ask for a second breakwater",
    "Town hall clock strikes thirteen again",
    "A school of divers for the whole coast",
    "Why the harbour master never learnt to swim",
]
SENTENCES = [
    f"{one} and nobody in the town was surprised, except for the people of the telephone company." for one in HEADLINES
]


def teasers(
    wrap: str = '<div class="card"><h3><a href="{url}">{head}</a></h3><p>{text}</p></div>', number: int = 7
) -> str:
    return "".join(
        wrap.format(url=f"/world/2026/11/story-of-the-coast-41{n:04}", head=HEADLINES[n % 7], text=SENTENCES[n % 7])
        for n in range(number)
    )


SHORT = ENGLISH[:2]

# -- errors ------------------------------------------------------------------------------------------------------------

MISSING = {
    "en": ("Oops! We can’t find that page", "The link may be old. Please return to the home page or try a search."),
    "de": ("Diese Seite wurde nicht gefunden", "Vielleicht wurde der Beitrag gelöscht. Nutzen Sie die Suche."),
    "fr": ("Désolé, cette page n’existe plus", "Elle a peut-être été supprimée. Retour à l’accueil."),
    "es": ("Error 404: página no encontrada", "Puede volver a la portada del diario."),
    "pt": ("Página não encontrada", "O endereço pode estar incorreto."),
    "it": ("Spiacenti, pagina non trovata", "Il contenuto è stato spostato o rimosso."),
    "nl": ("Pagina niet gevonden", "Ga terug naar de homepage."),
    "pl": ("Przepraszamy, strona nie istnieje", "Być może została usunięta lub przeniesiona."),
    "ru": ("Ошибка 404. Страница не найдена", "Возможно, её удалили."),
    "uk": ("На жаль, такої сторінки не існує", "Скористайтеся пошуком."),
    "el": ("Η σελίδα δεν βρέθηκε", "Επιστρέψτε στην αρχική σελίδα."),
    "tr": ("Sayfa bulunamadı", "Ana sayfaya dönebilirsiniz."),
    "ar": ("عذرا، الصفحة غير موجودة", "يمكنك العودة إلى الصفحة الرئيسية."),
    "fa": ("متأسفانه صفحه یافت نشد", "به صفحه اصلی بازگردید."),
    "he": ("אופס, העמוד לא נמצא", "אפשר לחזור לדף הבית."),
    "hi": ("क्षमा करें, पेज नहीं मिला", "होम पेज पर जाएँ।"),
    "th": ("ขออภัย ไม่พบหน้า", "กรุณากลับไปที่หน้าแรก"),
    "vi": ("Rất tiếc, không tìm thấy trang", "Vui lòng quay lại trang chủ."),
    "id": ("Maaf, halaman tidak ditemukan", "Silakan kembali ke beranda."),
    "ja": ("ページが見つかりません", "移動または削除された可能性があります。"),
    "zh": ("抱歉，页面不存在", "您可以返回首页。"),
    "ko": ("죄송합니다. 페이지를 찾을 수 없습니다", "삭제되었거나 이동되었습니다."),
}


@pytest.mark.parametrize("code", sorted(MISSING))
@pytest.mark.parametrize("below", ["", f"<h2>Latest</h2>{teasers()}"])
def test_errors_with_status_200(code: str, below: str) -> None:
    head, text = MISSING[code]
    found = read(page(f"<main><h1>{head}</h1><p>{text}</p>{below}</main>", title="Quayside Herald", lang=code))
    assert (found.kind, found.text, found.problem) == ("error", None, "error_page"), found.fields["kind"]


@pytest.mark.parametrize(
    "head",
    [
        "404 sailors rescued on Sunday",
        "Access denied: who may enter the old harbour",
        "Something went wrong on the quay, inquiry hears",
        "Page not found: the thief who cut charts out of atlases",
        "Emergency line of the port: service unavailable until Friday",
        "Cloudflare outage keeps half of the coast offline",
        "Airport security check fails again",
        "Just a moment of silence for the keepers of the lighthouse",
        "We value your privacy, says the minister who reads our mail",
        "Verify you are human: how captchas became a trade",
        "The letters no longer available to the families, court told",
    ],
)
@pytest.mark.parametrize("told", [SHORT, ENGLISH])
def test_headlines_that_only_sound_like_one(head: str, told: list[str]) -> None:
    found = read(page(article(told, title=head), title=head))
    assert (found.kind, paragraphs(found)) == ("article", told), found.fields["kind"]


# -- who is reading ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "text"),
    [
        ("Just a moment...", "We are checking your browser before you can read on. Ray ID: 8f41c"),
        ("Attention Required!", "Sorry, you have been blocked. What you did triggered the security solution."),
        ("Access to this page has been denied", "We believe you are using automation tools to browse the website."),
        ("Pardon Our Interruption", "Something about your browser made us think you were a bot."),
        ("Are you a robot?", "Press and hold the button to confirm that you are a human."),
        ("Access Denied", "You don't have permission to access this server. Reference number 18.2f"),
        ("Age verification", "You must be 18 or older to enter. Are you over 18?"),
        ("Sicherheitsüberprüfung", "Bitte bestätigen Sie, dass Sie ein Mensch sind."),
        ("Vérification de sécurité", "Vérifiez que vous êtes humain pour continuer."),
        ("Verificación de seguridad", "Verifica que eres humano."),
        ("Verificação de segurança", "Verifique se você é humano."),
        ("Verifica di sicurezza", "Conferma: non sei un robot?"),
        ("Beveiligingscontrole", "Bevestig dat je een mens bent."),
        ("Проверка браузера", "Подтвердите, что вы не робот."),
        ("Перевірка безпеки", "Підтвердьте, що ви людина."),
        ("Güvenlik kontrolü", "Lütfen robot olmadığınızı kanıtlayın."),
        ("Έλεγχος ασφαλείας", "Επαληθεύστε ότι είστε άνθρωπος."),
        ("التحقق الأمني", "تحقق من أنك إنسان."),
        ("सुरक्षा जाँच", "पुष्टि करें कि आप रोबोट नहीं हैं।"),
        ("Kiểm tra bảo mật", "Xác minh bạn là con người."),
        ("Pemeriksaan keamanan", "Konfirmasi: Anda bukan robot."),
        ("セキュリティチェック", "ロボットではないことを確認してください。"),
        ("安全验证", "请完成验证后继续访问。"),
        ("보안 확인", "사람인지 확인하고 있습니다. 로봇이 아닙니다 를 눌러 주세요."),
    ],
)  # fmt: skip
def test_challenges(head: str, text: str) -> None:
    found = read(page(f"<div><h1>{head}</h1><p>{text}</p></div>", title=head))
    assert (found.kind, found.text) == ("error", None), found.fields["kind"]


@pytest.mark.parametrize(
    ("head", "told", "kind"),
    [
        ("Whoops, that page is gone", ["We couldn't find what you were looking for. Back to our homepage."], "error"),
        ("Ups!", ["Die gesuchte Seite konnte leider nicht gefunden werden. Nutzen Sie unsere Suche."], "error"),
        ("404", ["La page demandée est introuvable ou a été déplacée."], "error"),
        ("Error", ["La página solicitada ya no existe."], "error"),
        ("451: Unavailable due to legal reasons", ["You are in a country from which we grant no access."], "error"),
        ("Before we continue", ["Press & hold to confirm you are a human. Reference 8f4c"], "error"),
        ("Quayside mit Werbung", ["Wie gewohnt mit Werbung lesen?", "Zustimmen und weiter"], "consent"),
        ("Before you continue to Quayside", ["We use cookies and data to protect against spam. If you choose to accept "
         "all, we will also use cookies and data to show personalized ads."], "consent"),
    ],
)  # fmt: skip
def test_walls_as_they_are_met(head: str, told: list[str], kind: str) -> None:
    found = read(page(f"<main><h1>{head}</h1>{''.join(f'<p>{one}</p>' for one in told)}</main>", title=head))
    assert (found.kind, found.text) == (kind, None), found.fields["kind"]


# -- consent -----------------------------------------------------------------------------------------------------------

CONSENT = {
    "en": "We and our 640 partners store information on a device and process personal data. Manage your choices.",
    "de": "Wir und unsere 640 Partner verwenden Cookies. Sie können Ihre Einwilligung jederzeit widerrufen.",
    "fr": "Avec nos 640 partenaires, nous stockons et accédons à des informations sur votre terminal.",
    "es": "Nosotros y nuestros 640 socios almacenamos o accedemos a información en un dispositivo.",
    "it": "Noi e terze parti selezionate utilizziamo cookie o tecnologie simili con il tuo consenso.",
    "pt": "Nós e os nossos 640 parceiros processamos dados pessoais para anúncios personalizados.",
    "nl": "Wij en onze 640 partners gebruiken cookies en vergelijkbare technieken. Ga je akkoord?",
    "sv": "Vi och våra 640 partners behandlar personuppgifter för att visa anpassade annonser.",
    "da": "Vi og vores 640 partnere behandler personoplysninger og viser tilpassede annoncer.",
    "no": "Vi og våre 640 partnere behandler personopplysninger for å vise tilpassede annonser.",
    "fi": "Me ja kumppanimme käsittelemme henkilötietoja ja näytämme kohdennettua mainontaa.",
    "pl": "My i nasi partnerzy przetwarzamy dane osobowe. Możesz w każdej chwili wycofać zgodę.",
    "cs": "My a naši partneři ukládáme soubory cookies a zpracováváme osobní údaje.",
    "hu": "Mi és a partnereink sütiket tárolunk, és személyes adatokat dolgozunk fel.",
    "ro": "Noi și partenerii noștri prelucrăm date cu caracter personal pentru reclame personalizate.",
    "el": "Εμείς και οι συνεργάτες μας επεξεργαζόμαστε προσωπικά δεδομένα για εξατομικευμένες διαφημίσεις.",
    "tr": "Biz ve iş ortaklarımız kişisel verileri işleriz ve çerezler gibi bilgileri saklarız.",
    "ru": "Мы и наши партнеры используем cookie и просим ваше согласие для персонализированной рекламы.",
    "ar": "نحن وشركاؤنا نخزن ملفات تعريف الارتباط لعرض إعلانات مخصصة.",
    "ja": "当社とパートナーは、デバイスの情報を保存し、個人データを処理します。",
}


@pytest.mark.parametrize("code", sorted(CONSENT))
def test_consent_walls(code: str) -> None:
    markup = f'<div class="x1"><h2>Quayside Herald</h2><p>{CONSENT[code]}</p><button>OK</button></div>'
    found = read(page(markup, title="Quayside Herald", lang=code))
    assert (found.kind, found.text, found.problem) == ("consent", None, "consent"), found.fields["kind"]


@pytest.mark.parametrize("code", sorted(CONSENT))
def test_a_banner_makes_no_wall(code: str) -> None:
    banner = f'<div id="cc"><p>{CONSENT[code]}</p><button>OK</button></div>'
    found = read(page(banner + article(SHORT), lang="en"))
    assert (found.kind, paragraphs(found)) == ("article", SHORT), found.fields["kind"]


@pytest.mark.parametrize("names", ["single cookies-not-set", "no-js cmp-pending consent", "gdpr cookie-bar-open"])
def test_class_names_of_the_whole_page_make_no_wall(names: str) -> None:
    markup = page(f'<div class="cmp-container"><div class="cmp-text">{article(SHORT)}</div></div>')
    markup = markup.replace("<body>", f'<body class="{names}">').replace("<html ", f'<html class="{names}" ')
    found = read(markup)
    assert (found.kind, paragraphs(found)) == ("article", SHORT), found.fields["kind"]


ABOUT = [
    (
        "Regulator fines publisher over cookie consent banners",
        ["The authority fined a publisher because its cookie consent banner left readers no way to refuse at all.",
         "“We value your privacy,” the banner said; a second button would have cost nothing, the regulator found."],
    ),
    (
        "Paywalls are going up along the coast",
        ["Three newspapers of the coast now ask readers to subscribe before they can read a second story in a week.",
         "“Subscribe to continue reading” is what people see when they click on the tide table, a reader complains."],
    ),
    (
        "How a captcha works, and why it is dying",
        ["Every day people are asked to verify that they are human by clicking on boats; machines are better at it.",
         "An engineer says that the question “Are you a robot?” will be gone from the web within ten years."],
    ),
    (
        "The story of the number 404",
        ["The most famous error message of the web, “page not found”, was never named after a room, its inventor says.",
         "A museum in Port Elmsa now shows four hundred and four of them, from broken harbours to lost cats."],
    ),
    (
        "Gericht: Einwilligung in Cookies muss freiwillig sein",
        ["Wer Cookies ablehnt, darf nicht schlechter gestellt werden, hat das Gericht am Dienstag entschieden.",
         "Der Verlag schrieb: „Ihre Privatsphäre ist uns wichtig“, und versteckte die Ablehnung drei Klicks tief."],
    ),
]  # fmt: skip


SPEAKING = [
    (
        "Age verification comes to the coast",
        ["The government wants every site to verify your age before you see a boat, the minister said on Tuesday.",
         "Critics say that age verification is a gift to those who collect faces, and a burden to everyone else."],
    ),
    (
        "Website of the port no longer available after attack",
        ["The page you are looking for is the message that shippers saw on Tuesday, when the port went offline.",
         "It said that the service is temporarily unavailable. It had been flooded with unusual traffic since Monday."],
    ),
    (
        "Cookies: what readers accept without reading",
        ["People accept all cookies because the other button is hidden, a study of the coast says on Monday.",
         "Four in ten have never opened the cookie settings. “We use cookies” is what they read most often."],
    ),
    (
        "What the town tells its visitors",
        ["“Something went wrong. The page you are looking for has been moved or deleted. Please try again later.”",
         "That is all that the town has had to say on its website since Monday, and visitors are not amused."],
    ),
    (
        "Seite nicht gefunden: Stadtarchiv vermisst Blatt",
        ["Das Stadtarchiv sucht ein Blatt von 1611. Die gewünschte Seite wurde wohl schon vor dem Krieg entfernt.",
         "Ein Sprecher sagte, der Band sei lange nicht mehr verfügbar gewesen."],
    ),
    (
        "我不是机器人：验证码的历史",
        ["验证码诞生于二十多年前，当时的网站需要区分人与机器，研究者为此设计了第一批扭曲的字母。",
         "如今机器比人更会认字，专家认为这种安全验证很快就会消失。"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("head", "told"), ABOUT + SPEAKING)
@pytest.mark.parametrize("dated", [True, False])
def test_articles_about_walls(head: str, told: list[str], dated: bool) -> None:
    data = said(headline=head, datePublished="2026-11-03") if dated else ""
    found = read(page(article(told, title=head), title=head, head=data))
    assert (found.kind, paragraphs(found)) == ("article", told), found.fields["kind"]


# -- paid articles -----------------------------------------------------------------------------------------------------

WALL = "<div class='offer'><h3>Subscribe to continue reading</h3><p>One crown a week.</p></div>"
PAID = {"headline": "Harbour lights fail in Port Elmsa", "datePublished": "2026-11-03", "isAccessibleForFree": False}


def test_stubs_of_paid_articles() -> None:
    cut = [*ENGLISH[:1], ENGLISH[1][:80] + "…"]
    for told, head in ((SHORT, said(**PAID)), (ENGLISH, said(**PAID)), (cut, ""), (cut, said(**PAID, wordCount=900))):
        found = read(page(article(told, extra=WALL), head=head))
        assert (found.kind, found.text, found.problem) == ("paywall", None, "paywall"), found.fields["kind"]


def test_paid_articles_that_are_all_there() -> None:
    count = sum(len(one.split()) for one in ENGLISH)
    part = {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".premium"}
    whole = f'<div class="premium">{article(ENGLISH)}</div>{WALL}'
    for markup, head in (
        (article(ENGLISH), said(**PAID)),
        (article(ENGLISH, extra="<p>Thank you for being a subscriber.</p>"), said(**PAID)),
        (article(ENGLISH, extra=WALL), said(**PAID, wordCount=count)),
        (article(ENGLISH, extra=WALL), ""),
        (whole, said(**PAID, hasPart=part)),
    ):
        found = read(page(markup, head=head))
        assert found.kind == "article", found.fields["kind"]
        assert [one for one in paragraphs(found) if one in ENGLISH] == ENGLISH


def test_logins_and_offers() -> None:
    login = "<main><h1>Log in to your account</h1><form><input></form><p>No account yet? Register now.</p></main>"
    offer = "<main><h1>Choose your subscription</h1><p>The paper on your doorstep, and everything online.</p></main>"
    for markup in (login, offer):
        found = read(page(markup, title="Quayside Herald"))
        assert (found.kind, found.text) == ("paywall", None)


# -- lists -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrap",
    [
        '<div class="card"><h3><a href="{url}">{head}</a></h3><p>{text}</p></div>',
        '<article><a href="{url}"><h2>{head}</h2></a><p>{text}</p><time datetime="2026-11-03">3 Nov</time></article>',
        '<li><h3><a href="{url}">{head}</a></h3><div>{text}</div></li>',
        '<h3><a href="{url}">{head}</a></h3><p>{text}</p>',
        '<a href="{url}"><h3>{head}</h3><p>{text}</p></a>',
        '<h3><a href="{url}">{head}</a></h3>',
    ],
)  # fmt: skip
@pytest.mark.parametrize("url", [FRONT, "https://www.quayside-herald.example/topics/harbours-48213", URL])
@pytest.mark.parametrize("data", [True, False])
def test_lists_of_articles(wrap: str, url: str, data: bool) -> None:
    things = [
        {"@type": "NewsArticle", "headline": one, "url": f"/world/{n}", "datePublished": "2026-11-03"}
        for n, one in enumerate(HEADLINES)
    ]
    head = '<meta property="og:type" content="website">'
    head += f'<script type="application/ld+json">{json.dumps(things)}</script>' if data else ""
    found = read(page(f"<main><h1>World</h1>{teasers(wrap, 14)}</main>", title="World", head=head), url=url)
    assert (found.kind, found.text) in (("section", None), ("shell", None)), found.fields["kind"]


def test_a_short_item_beside_many_teasers_is_an_article() -> None:
    more = teasers('<div class="t"><h3><a href="{url}">{head}</a></h3></div>', 14)
    for url in (URL, "https://www.quayside-herald.example/news/4813"):
        for head in (
            "",
            '<meta property="og:type" content="website">',
            said(headline="Harbour lights fail", datePublished="2026-11-03"),
        ):
            found = read(page(article(SHORT) + f'<section class="more">{more}</section>', head=head), url=url)
            assert (found.kind, paragraphs(found)) == ("article", SHORT), (url, head, found.fields["kind"])


def test_an_article_of_linked_subheadings_is_its_publishers_word() -> None:
    head = said(headline="The stories of the week", datePublished="2026-11-03")
    found = read(
        page(
            f"<main><article><h1>The stories of the week</h1>{teasers()}</article></main>",
            title="The stories of the week",
            head=head,
        )
    )
    assert found.kind == "article", found.fields["kind"]


def test_live_entries_with_addresses_of_their_own() -> None:
    entries = "".join(
        f'<article><time datetime="2026-11-03T1{n}:00">1{n}:00</time>'
        f'<h2><a href="{URL}/entry-{n}">{HEADLINES[n]}</a></h2>'
        f"<p>{SENTENCES[n]} ({n})</p></article>"
        for n in range(6)
    )
    found = read(
        page(f"<main><h1>Harbour lights: as it happened</h1>{entries}</main>", title="Harbour lights: as it happened")
    )
    assert found.kind == "live", found.fields["kind"]


def test_data_for_programs_is_no_article() -> None:
    items = "".join(
        f"<item><title>{a}</title><link>{URL}</link><description>{b}</description></item>"
        for a, b in zip(HEADLINES, SENTENCES, strict=True)
    )
    locations = "".join(f"<url><loc>{URL}{n}</loc></url>" for n in range(30))
    entries = "".join(
        f"<entry><title>{a}</title><summary>{b}</summary></entry>" for a, b in zip(HEADLINES, SENTENCES, strict=True)
    )
    feeds = [
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Quayside</title>{items}</channel></rss>',
        f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{locations}</urlset>',
        f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>',
    ]
    data = [
        json.dumps({"title": HEADLINES[0], "content": SENTENCES}),
        json.dumps([{"text": one} for one in SENTENCES]),
        json.dumps({"rendered": "".join(f"<p>{one}</p>" for one in ENGLISH)}),
    ]
    for payload in (*feeds, *data):
        found = read(payload, content_type=None)
        wanted = ("section", "not_an_article") if payload in feeds else ("error", "error_page")
        assert (found.kind, found.problem, found.text) == (*wanted, None), payload[:60]


# -- pictures, videos, frames ------------------------------------------------------------------------------------------


def test_pictures_and_videos() -> None:
    row = "".join(
        f'<figure><img src="{n}.jpg"><figcaption>{one}</figcaption></figure>'
        for n, one in enumerate([*SENTENCES, *ENGLISH])
    )
    slides = "".join(f'<div class="slide"><img src="{n}.jpg"><p>{one}</p></div>' for n, one in enumerate(SENTENCES))
    gallery = '<script type="application/ld+json">{"@type": "ImageGallery", "name": "In pictures"}</script>'
    video = '<script type="application/ld+json">{"@type": "VideoObject", "name": "The lights"}</script>'
    for markup, head, url, kind in (
        (row, gallery, URL, "gallery"),
        (slides, "", "https://www.quayside-herald.example/gallery/lights-411205", "gallery"),
        (slides, said(headline="Seven boats", datePublished="2026-11-03"), URL, "article"),
        ('<div class="player"></div>', video, URL, "video"),
    ):
        found = read(
            page(f"<h1>In pictures: the lights</h1>{markup}", title="In pictures: the lights", head=head), url=url
        )
        assert found.kind == kind, found.fields["kind"]


def test_a_frame_that_scripts_would_fill() -> None:
    menu = "".join(f'<li><a href="/{one}">{one}</a></li>' for one in ("world", "politics", "sport", "culture"))
    foot = (
        "<footer><p>Quayside Herald is published by Quayside Media Ltd, 12 Harbour Road, Port Elmsa, number 41120. The "
        "editors answer for the contents of linked pages only as far as the law demands it of them.</p></footer>"
    )
    found = read(page(f'<nav><ul>{menu}</ul></nav><div id="content"></div>{foot}', title="Quayside Herald"))
    assert (found.kind, found.text) == ("shell", None), found.fields["kind"]


# -- phrases -----------------------------------------------------------------------------------------------------------


def test_the_table() -> None:
    rows = table("page_phrases")
    assert {len(row) for row in rows} == {3}
    assert len(set(map(tuple, rows))) == len(rows)
    languages = {kind: {row[0] for row in rows if row[2] == kind} for kind in {row[2] for row in rows}}
    assert all(len(languages[kind]) >= 16 for kind in ("error", "consent", "challenge", "paywall", "stub"))


def test_digits_apostrophes_and_letters_are_alike() -> None:
    assert speaks("error", "Fehler ４０４") == "404"
    assert speaks("error", "Erreur ٤٠٤") == "404"
    assert speaks("error", "This page isn’t available") == speaks("error", "THIS PAGE ISN'T AVAILABLE") is not None
    assert speaks("error", "Flight 4041 has landed") is None
    assert share("consent", ["We and our 843 partners"])[0] == 1.0
    assert share("error", ["404 sailors rescued"])[0] < 0.5


@pytest.mark.parametrize("code", sorted(SCRIPTS))
def test_short_items_in_every_script(code: str) -> None:
    found = read(page(article(SCRIPTS[code][:2]), lang=code))
    assert (found.kind, paragraphs(found)) == ("article", SCRIPTS[code][:2]), found.fields["kind"]
