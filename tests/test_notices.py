"""Notices of the house: lines that are one, sentences that only speak of such things, and articles about them."""

from __future__ import annotations

import pytest

from archive.data import table
from archive.reading.notices import alike, notice
from tests.pages import ENGLISH, SCRIPTS, article, page, paragraphs, read

HOUSE = [
    "Sign up for our newsletter and never miss the boats of the week.",
    "Enjoyed this? Follow us on the platforms of your choice",
    "© 2026 Quayside Herald. All rights reserved.",
    "Share this article",
    "Photograph: Ines Corrado/Quayside Herald",
    "Reading time: 4 minutes",
    "Your email address will not be published. Required fields are marked *",
    "Comments (12)",
    "Quelle: Hafenamt",
    "Haben Sie einen Fehler gefunden? Schreiben Sie uns.",
    "Erfahren Sie mehr in unseren Datenschutzeinstellungen.",
    "Déjà abonné ? Se connecter",
    "Síguenos en nuestras redes",
    "Набережная газета. Все права защищены",
    "Перепечатка материалов без согласия редакции запрещена",
    "Поделиться",
    "Фото: пресс-служба порта",
    "Передрук матеріалів без дозволу заборонено",
    "ΜΕ ΤΗΝ ΕΠΙΦΥΛΑΞΗ ΠΑΝΤΟΣ ΔΙΚΑΙΩΜΑΤΟΣ",
    "جميع الحقوق محفوظة © ٢٠٢٦",
    "المصدر: وكالات",
    "تمامی حقوق مادی و معنوی این سایت محفوظ است",
    "עקבו אחרינו גם בטלגרם",
    "हमारा ऐप डाउनलोड करें",
    "फोटो: बंदरगाह कार्यालय",
    "সূত্র: বন্দর কর্তৃপক্ষ",
    "ที่มา : การท่าเรือ",
    "ติดตามข่าวสารได้ที่ LINE",
    "Sumber: Otoritas Pelabuhan",
    "İzinsiz kullanılamaz.",
    "来源：港务局",
    "未经授权，不得转载。",
    "（责任编辑：王某）",
    "記事・写真の無断転載を禁じます",
    "（写真＝港湾局）",
    "ⓒ 부두신문, 무단 전재 및 재배포 금지",
    "[사진=항만청]",
]

NEWS = [
    "Passengers were told to download the app of the port before they boarded.",
    "The brokers earn a commission of three per cent on every crate of oranges.",
    "“Follow us on the quay side,” the pilot had called to the two ships.",
    "Voters must create a free account before they can take part, the mayor said.",
    "The judges asked whether a banner that says “we use cookies” is consent at all.",
    "He had all rights reserved to the heirs crossed out of the contract.",
    "Sources in the ministry said that nothing had been decided yet.",
    "Share prices of the shipping line fell by a tenth on Tuesday.",
    "Ob die Pläne urheberrechtlich geschützt sind, muss nun ein Gericht klären.",
    "Bilder aus dem Hafen zeigen zwei Schiffe vor dem Wellenbrecher.",
    "Der Konzern habe personenbezogene Daten an Händler verkauft, sagte die Behörde.",
    "Un letrero pedía: «suscríbete con una naranja al puerto viejo».",
    "O acordo prevê todos os direitos reservados aos pescadores do porto.",
    "Bir yılda kulübe abone olan denizci sayısı iki bini geçti.",
    "По словам историка, перепечатка старых карт порта заняла два года.",
    "За його словами, передрук книжки тривав цілу зиму.",
    "وقد اشترك في البحث عن الكابل عشرون مهندسا من المدينة.",
    "وكان القانون القديم يمنع نقل البرتقال ليلا عبر الميناء.",
    "دادگاه گفت تمامی حقوق کارگران بندر باید پرداخت شود.",
    "کلیه حقوق معوقه ملوانان هفته آینده داده می‌شود.",
    "מנהלת הנמל קראה לספנים: עקבו אחרינו אל המזח הצפוני.",
    "पुलिस ने कहा कि यात्री बंदरगाह का ऐप डाउनलोड करें और वहीं शिकायत दर्ज करें।",
    "ชาวท่าเรือนั่งล้อมวิทยุเพื่อติดตามข่าวพายุตลอดทั้งคืน",
    "Nelayan itu mendaftarkan hak cipta atas lagu pelabuhannya.",
    "两名船员未经授权进入码头，已被港务局带走调查。",
    "船长说，希望更多人来关注我们的灯塔。",
    "組合の会員登録を済ませた船員は二十人しかいない。",
    "경찰은 목격자 제보는 아직 없다고 밝혔다.",
]


@pytest.mark.parametrize("text", HOUSE)
def test_lines_of_the_house(text: str) -> None:
    assert notice(text) is not None


@pytest.mark.parametrize("text", NEWS)
def test_news_that_speaks_of_such_things(text: str) -> None:
    assert notice(text) is None


@pytest.mark.parametrize("markup", ["p", "div", "br"])
@pytest.mark.parametrize("text", NEWS)
def test_a_paragraph_of_news_is_never_lost_for_a_phrase(text: str, markup: str) -> None:
    told = [*ENGLISH[:2], text, *ENGLISH[2:]]
    inner = "<br><br>".join(told) if markup == "br" else "".join(f"<{markup}>{one}</{markup}>" for one in told)
    found = read(page(f"<main><h1>Harbour lights fail in Port Elmsa</h1><div>{inner}</div></main>"))
    assert paragraphs(found) == told


@pytest.mark.parametrize("code", sorted(SCRIPTS))
def test_lines_below_the_text_are_no_text(code: str) -> None:
    own = {"ar": "شارك الخبر", "ja": "出典：港湾局", "ru": "Источник: порт"}.get(code, "(Reuters)")
    for tail in ("© 2026 Quayside Herald", "AFP", own):
        found = read(page(article([*SCRIPTS[code], tail]), lang=code))
        assert paragraphs(found) == SCRIPTS[code], tail


def test_an_article_about_copyright_keeps_its_paragraphs() -> None:
    told = [
        "A painter of Port Elmsa has sued the town over postcards of her harbour lights, sold in every kiosk.",
        "The cards say “© Town of Elmsa, all rights reserved” on their backs. She says that nobody ever asked her.",
        "Copyright in a work of art lasts for seventy years after the artist’s death, her lawyer told the court.",
        "The town answers that whoever paints in public has no rights reserved for anything that everybody can see.",
    ]
    found = read(
        page(article(told, title="Painter sues town over postcards"), title="Painter sues town over postcards")
    )
    assert (found.kind, paragraphs(found)) == ("article", told)


def test_the_table() -> None:
    rows = table("notices")
    assert {len(row) for row in rows} == {4}
    assert {row[3] for row in rows} == {"any", "edge", "start", "line", "label", "whole"}
    assert len({(row[0], row[1], row[3]) for row in rows}) == len(rows)
    assert all(alike(row[1]) for row in rows)
