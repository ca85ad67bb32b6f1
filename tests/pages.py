"""Pages that the tests of reading write themselves: texts in many scripts, and the markup round them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from archive.extraction import extract
from archive.records import Capture, Extraction
from archive.sites import Site

AT = datetime(2026, 11, 4, 12, tzinfo=UTC)
URL = "https://www.quayside-herald.example/world/2026/11/harbour-lights-411205"

ENGLISH = [
    "The harbour lights of Port Elmsa went out on Monday evening, and for eleven hours nobody could say why the whole "
    "northern quay had been left in the dark.",
    "Engineers traced the failure to a cable that had been laid in 1974 and forgotten since; it does not appear on any "
    "of the plans that the port authority keeps in its basement.",
    "“We knew that something was down there,” said the harbour master, Ines Corrado, “but we always believed that it "
    "belonged to the telephone company.” The telephone company denies this.",
    "Ships waiting outside the breakwater were asked to stay at anchor until dawn. Two of them, both carrying oranges, "
    "are expected to unload before the end of the week.",
]


def page(
    body: str, *, head: str = "", title: str = "Harbour lights fail in Port Elmsa", lang: str = "en", site: str = ""
) -> str:
    return (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}{site}</title>{head}</head>'
        f"<body>{body}</body></html>"
    )


def article(paragraphs: list[str], *, title: str = "Harbour lights fail in Port Elmsa", extra: str = "") -> str:
    text = "\n".join(f"<p>{one}</p>" for one in paragraphs)
    return f"<main><article><h1>{title}</h1>{text}{extra}</article></main>"


def read(
    markup: str | bytes,
    *,
    url: str = URL,
    content_type: str | None = "text/html; charset=utf-8",
    site: Site | None = None,
) -> Extraction:
    payload = markup.encode() if isinstance(markup, str) else markup
    return extract(Capture(url, AT, status=200, payload=payload, content_type=content_type), site)


def said(**values: object) -> str:
    thing = {"@context": "https://schema.org", "@type": "NewsArticle", **values}
    return f'<script type="application/ld+json">{json.dumps(thing)}</script>'


def paragraphs(found: Extraction) -> list[str]:
    return (found.text or "").split("\n\n")


SCRIPTS = {
    "fa": [
        "چراغ‌های اسکله شمالی شامگاه دوشنبه خاموش شد و یازده ساعت هیچ‌کس نمی‌توانست بگوید چرا بندر در تاریکی مانده است.",
        "مهندسان کابلی کهنه یافتند که پنجاه سال پیش کشیده و فراموش شده بود و در هیچ یک از نقشه‌های اداره بندر نیست.",
        "دو کشتی با بار پرتقال بیرون موج‌شکن منتظر ماندند و انتظار می‌رود که پیش از پایان هفته بار خود را خالی کنند.",
    ],
    "ar": [
        "انقطع التيار الكهربائي عن أرصفة الميناء مساء الاثنين، وظلت السفن تنتظر خارج "
        "كاسر الأمواج حتى الفجر من دون أن تعرف السبب.",
        "وقالت مديرة الميناء إن المهندسين عثروا على كابل قديم لم يرد في أي من الخرائط المحفوظة لدى السلطات المحلية.",
        "ومن المنتظر أن تفرغ سفينتان محملتان بالبرتقال حمولتهما قبل نهاية الأسبوع، بعد فحص المنارة من جديد.",
    ],
    "he": [
        "האורות ברציף הצפוני כבו ביום שני בערב, ובמשך אחת עשרה שעות איש לא ידע לומר מדוע נותר הנמל כולו בחושך.",
        "המהנדסים מצאו כבל ישן שהונח לפני חמישים שנה ונשכח מאז, והוא אינו מופיע באף אחת מן התוכניות של הנמל.",
        "שתי אוניות עמוסות תפוזים המתינו מחוץ לשובר הגלים עד הבוקר, והן צפויות לפרוק את מטענן עד סוף השבוע.",
    ],
    "ja": [
        "月曜日の夜、エルムサ港の北岸壁で照明がすべて消え、原因が分かるまで十一時間にわたって港は闇に包まれた。",
        "技術者らは、五十年前に敷設されて忘れられていた一本のケーブルを突き止めた。港湾局の図面には載っていなかった。",
        "オレンジを積んだ二隻の船は夜明けまで防波堤の外で待機し、週末までに荷揚げを終える見通しだ。",
    ],
    "zh": [
        "周一晚上，埃尔姆萨港北码头的灯光全部熄灭，整整十一个小时无人能够说明原因，港口陷入一片黑暗。",
        "工程师们最终找到了一条五十年前铺设、此后被人遗忘的电缆，港务局保存的图纸上没有任何记录。",
        "两艘装满橙子的船在防波堤外停泊到天亮，预计将在本周末之前完成卸货，灯塔也将重新接受检查。",
    ],
    "ko": [
        "월요일 저녁 엘름사 항구 북쪽 부두의 조명이 모두 꺼졌고, 열한 시간 동안 아무도 그 이유를 설명하지 못했다.",
        "기술자들은 오십 년 전에 묻힌 뒤 잊혀진 케이블을 찾아냈으며, 항만청의 어떤 도면에도 나타나 있지 않았다.",
        "오렌지를 실은 배 두 척은 새벽까지 방파제 밖에서 기다렸고, 이번 주말 전에 짐을 내릴 예정이다.",
    ],
    "th": [
        "ไฟบนท่าเรือด้านเหนือของเมืองเอล์มซาดับทั้งหมดในคืนวันจันทร์ และเป็นเวลาสิบเอ็ดชั่วโมงที่ไม่มีใครบอกได้ว่าเพราะเหตุใด",
        "วิศวกรพบสายไฟเก่าเส้นหนึ่งที่วางไว้เมื่อห้าสิบปีก่อนและถูกลืมไปแล้ว ซึ่งไม่ปรากฏอยู่ในแผนผังใดของการท่าเรือ",
        "เรือสองลำที่บรรทุกส้มจอดรออยู่นอกเขื่อนกันคลื่นจนรุ่งเช้า และคาดว่าจะขนสินค้าลงได้ก่อนสิ้นสัปดาห์นี้",
    ],
    "hi": [
        "सोमवार की शाम एल्म्सा बंदरगाह के उत्तरी घाट की सारी बत्तियाँ बुझ गईं और ग्यारह घंटे तक कोई नहीं बता सका कि ऐसा क्यों हुआ।",
        "इंजीनियरों को पचास साल पहले बिछाई गई एक भूली हुई केबल मिली, जो बंदरगाह प्राधिकरण के किसी नक्शे में दर्ज नहीं थी।",
        "संतरों से लदे दो जहाज़ सुबह होने तक तटबंध के बाहर खड़े रहे और सप्ताह के अंत तक उनका माल उतारा जाएगा।",
    ],
    "ru": [
        "В понедельник вечером на северном причале порта Эльмса погасли все огни, и "
        "одиннадцать часов никто не мог сказать почему.",
        "Инженеры нашли старый кабель, который проложили пятьдесят лет назад и забыли; его "
        "нет ни на одном плане портового управления.",
        "Два судна с апельсинами до рассвета простояли за волнорезом и должны "
        "разгрузиться до конца недели, говорят в порту.",
    ],
    "el": [
        "Το βράδυ της Δευτέρας έσβησαν όλα τα φώτα στη βόρεια προβλήτα, και για "
        "έντεκα ώρες κανείς δεν ήξερε να πει γιατί.",
        "Οι μηχανικοί βρήκαν ένα παλιό καλώδιο που είχε ξεχαστεί εδώ και πενήντα "
        "χρόνια και δεν υπάρχει σε κανένα σχέδιο.",
        "Δύο πλοία γεμάτα πορτοκάλια περίμεναν έξω από τον κυματοθραύστη μέχρι την "
        "αυγή και θα ξεφορτώσουν αυτή την εβδομάδα.",
    ],
}
