"""The language: what a page says of itself, refused where its words are another language's."""

from __future__ import annotations

import pytest

from tests.pages import ENGLISH, SCRIPTS, article, page, read

TEXTS = {
    "en": " ".join(ENGLISH),
    "pt": "As luzes do porto apagaram-se na noite de segunda-feira e durante onze horas ninguém soube dizer por que "
    "o cais do norte tinha ficado às escuras. Os engenheiros encontraram um cabo que foi posto há cinquenta "
    "anos e depois esquecido; não está em nenhum dos planos que a autoridade do porto guarda. Dois navios com "
    "laranjas esperaram fora do molhe até de manhã e devem descarregar antes do fim da semana.",
    "es": "Las luces del puerto se apagaron en la noche del lunes y durante once horas nadie supo decir por qué el "
    "muelle del norte se había quedado a oscuras. Los ingenieros encontraron un cable que fue puesto hace "
    "cincuenta años y después olvidado; no está en ninguno de los planos que guarda la autoridad del puerto. "
    "Dos barcos con naranjas esperaron fuera hasta la mañana.",
    "tr": "Limanın ışıkları pazartesi akşamı söndü ve on bir saat boyunca kimse kuzey rıhtımının neden karanlıkta "
    "kaldığını söyleyemedi. Mühendisler elli yıl önce döşenen ve sonra unutulan bir kablo buldu; bu kablo "
    "liman idaresinin sakladığı planların hiçbirinde yok. Portakal yüklü iki gemi sabaha kadar dalgakıranın "
    "dışında bekledi ve hafta sonundan önce yükünü boşaltması bekleniyor. Daha önce de böyle bir arıza "
    "olmuştu, ama çok kısa sürmüştü.",
    "uk": "У понеділок увечері на північному причалі порту погасли всі вогні, і одинадцять годин ніхто не міг "
    "сказати, чому так сталося. Інженери знайшли старий кабель, який проклали п'ятдесят років тому і забули; "
    "його немає на жодному плані, що зберігає управління порту. Два судна з апельсинами до ранку простояли за "
    "хвилерізом і мають розвантажитися до кінця тижня, кажуть у порту.",
    "id": "Lampu di pelabuhan padam pada hari Senin malam dan selama sebelas jam tidak ada yang tahu mengapa "
    "dermaga utara menjadi gelap. Para insinyur mengatakan bahwa kabel yang dipasang pada tahun 1974 telah "
    "dilupakan karena tidak ada dalam gambar. Kota ini memiliki dua kapal, dan sejak itu beberapa orang "
    "menunggu di luar. Salah satu kapal itu akan membongkar muatan oleh perusahaan lain setelah lampu sudah "
    "menyala di dermaga tersebut.",
    "bn": "সোমবার রাতে বন্দরের উত্তর ঘাটের সব বাতি নিভে যায় এবং এগারো ঘণ্টা ধরে কেউ বলতে পারেনি কেন এমন হলো। "
    "প্রকৌশলীরা একটি পুরোনো তার খুঁজে পান, যা পঞ্চাশ বছর আগে বসানো হয়েছিল এবং পরে ভুলে যাওয়া হয়। বন্দরের "
    "কোনো নকশায় এই তার নেই। কমলা বোঝাই দুটি জাহাজ সকাল পর্যন্ত বাইরে অপেক্ষা করে এবং সপ্তাহ শেষের আগে মাল "
    "খালাস করার কথা।",
    "ur": "پیر کی رات بندرگاہ کے شمالی گھاٹ کی تمام بتیاں بجھ گئیں اور گیارہ گھنٹے تک کوئی نہ بتا سکا کہ ایسا "
    "کیوں ہوا۔ انجینئروں کو ایک پرانی تار ملی جو پچاس سال پہلے بچھائی گئی تھی اور پھر بھلا دی گئی۔ یہ "
    "بندرگاہ کے نقشے میں نہیں ہے۔ سنگتروں سے لدے دو جہاز صبح تک باہر کھڑے رہے اور ہفتے کے آخر تک ان کا "
    "مال اتارا جائے گا۔",
    "fa": " ".join(SCRIPTS["fa"]),
    "zh": "".join(SCRIPTS["zh"]),
}  # fmt: skip


def language(text: str, lang: str) -> tuple[str | None, list[str]]:
    """(what is read as the language of a page that says it is in another, what was refused)."""
    found = read(page(article(text.split("\n")), lang=lang))
    return found.language, found.fields.get("language", {}).get("refused", [])


@pytest.mark.parametrize(
    ("claimed", "code"),
    [("en", "pt"), ("es", "pt"), ("pt", "es"), ("en", "tr"), ("ru", "uk"), ("ms", "id"), ("en", "bn"), ("hi", "bn"),
     ("ar", "fa"), ("ar", "ur"), ("de", "en"), ("fr", "en"), ("ja", "zh")],
)  # fmt: skip
def test_a_false_statement(claimed: str, code: str) -> None:
    assert language(TEXTS[code], claimed) == (code, [claimed])


@pytest.mark.parametrize("code", TEXTS)
def test_no_statement_and_a_true_one(code: str) -> None:
    assert language(TEXTS[code], "") == (code, [])
    assert language(TEXTS[code], code) == (code, [])


def test_languages_whose_words_are_not_known() -> None:
    """A statement that cannot be checked stands: a relative's words may be near. English can be."""
    galician = TEXTS["pt"].replace("não", "non").replace("ões", "ións")
    assert language(galician, "fax")[0] == "fax"
    zulu = (
        "Amalambu asechwebeni acime ngoMsombuluko ebusuku futhi amahora ayishumi nanye akekho owaziyo ukuthi kungani. "
        * 4
    )
    assert language(zulu, "en") == (None, ["en"])


def test_japanese_with_few_kana() -> None:
    assert language("".join(SCRIPTS["ja"]), "ja") == ("ja", [])
    assert language("".join(SCRIPTS["zh"]) + "「ありがとうございました」", "ja") == ("ja", [])


def test_relatives_that_a_short_text_does_not_tell_apart() -> None:
    """Indonesian or Malay, where a text has as many words of the one alone as of the other: the page's word stands."""
    text = (
        "Lampu di pelabuhan padam pada hari Senin malam dan selama sebelas jam tidak ada yang tahu mengapa dermaga "
        "utara menjadi gelap. Dua kapal dengan jeruk menunggu di luar sampai pagi dan akan membongkar muatan sebelum "
        "akhir pekan. Mereka yang menunggu di dermaga itu tidak pulang dan tidak tidur pada malam itu."
    )
    assert [language(text, lang) for lang in ("id", "ms", "")] == [("id", []), ("ms", []), (None, [])]
