"""Words in any script, asked of a real FTS5 table as the archive has it."""

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import Archive, tokens

# Written for this test: one short text a line, its language before it.
TEXTS = {
    "en": "The President’s envoy met striking dockers in Liverpool; COVID-19 rules don't apply, says the co-operative.",
    "de": "Die Straße nach Köln bleibt gesperrt. Großbritannien übt Kritik an Österreichs Fußballverband.",
    "fr": "L'évêque d'Orléans visite les réfugiés : « Noël sera différent », dit-il. Le cœur de l’Été.",
    "es": "El niño pidió una señal mañana en Bogotá; la unión de pingüinos.",
    "pt": "A região de São Tomé não tem água; avó e coração.",
    "tr": "İstanbul'da ışıklar söndü. Diyarbakır IRMAK kıyısında şiddetli yağış bekleniyor.",
    "vi": "Thủ tướng Việt Nam thăm Đà Nẵng và gặp người dân sau bão.",
    "pl": "Żółw z Łodzi: rząd ogłosił święto, źródła milczą.",
    "ru": "Королёв заявил, что ёлку привезут ещё раньше; мой сын и его край — в Якутии. За́мок закрыт.",
    "uk": "Київ: президент відвідав Харків, їжу роздали людям.",
    "el": "Ο πρωθυπουργός μίλησε στην Αθήνα για την Ελλάδα· Ευρώπη και λόγος.",
    "he": "ראש הממשלה נאם בירושלים. צה״ל הודיע כי שָׁלוֹם קרוב, והכנסת תצביע.",
    "ar": "اندلعت الحربُ في السودان، وقالت الحكومة إن المدرســة أُغلقت. للمدينة طريقٌ إلى مستشفى ١٢٣.",
    "ar2": "وقعت حرب قديمة بين قبيلتين عند الليل.",
    "fa": "رئیس‌جمهور گفت که مردم می‌خواهند کتاب‌های ایرانی بخوانند.",
    "ur": "وزیر اعظم نے کہا کہ ہم امن چاہتے ہیں۔",
    "hi": "प्रधानमंत्री ने दिल्ली में ज़रूरी बैठक की; हाँ, किसान आंदोलन जारी है। हिन्दी भाषा।",
    "bn": "ঢাকায় প্রধানমন্ত্রী বললেন, নদী ভাঙন বাড়ছে।",
    "ta": "சென்னையில் பிரதமர் பேசினார்; மழை தொடரும்.",
    "zh": "中国经济增长放缓，北京宣布人工智能AI新规。香港股市下跌。",
    "zh2": "國際奧委會在臺北開會，地震後交通中斷。",
    "ja": "東京都は台風で電車が止まり、ニュースによると猫も避難した。ﾊﾝｶｸ文字。",
    "ko": "한국은 올림픽을 준비하고 서울에서는 대통령이 연설했다. 학교에 눈이 왔다.",
    "th": "นายกรัฐมนตรีไทยเดินทางไปกรุงเทพเพื่อดูน้ำท่วมและพบช้างป่า",
    "lo": "ລັດຖະບານລາວປະກາດນ້ຳຖ້ວມ",
    "my": "မြန်မာနိုင်ငံတွင် ငလျင်လှုပ်ခဲ့သည်။",
    "km": "កម្ពុជាប្រកាសថារាជធានីភ្នំពេញមានទឹកជំនន់",
}

# (query, languages of the texts that must be found, and no other)
PAIRS = [
    ("dockers", "en"), ("covid-19", "en"), ("don't", "en"), ("don’t apply", "en"), ('"striking dockers"', "en"),
    ('"dockers striking"', ""), ("liverp*", "en"), ("PRESIDENT", "en"),
    ("strasse", "de"), ("Straße", "de"), ("koln", "de"), ("Köln", "de"), ("grossbritannien", "de"), ("fussball*", "de"),
    ("evêque", "fr"), ("eveque", "fr"), ("orleans", "fr"), ("cœur", "fr"), ("coeur", "fr"), ("noel", "fr"),
    ("nino", "es"), ("senal", "es"), ("bogota", "es"), ("pinguinos", "es"), ("sao tome", "pt"), ("coracao", "pt"),
    ("istanbul", "tr"), ("İSTANBUL", "tr"), ("ISTANBUL", "tr"), ("ışıklar", "tr"), ("isiklar", "tr"), ("ırmak", "tr"),
    ("diyarbakir", "tr"), ("viet nam", "vi"), ("đà nẵng", "vi"), ("da nang", "vi"), ("thu tuong", "vi"),
    ("lodz", ""), ("lodzi", "pl"), ("swieto", "pl"), ("żółw", "pl"),
    ("королев", "ru"), ("Королёв", "ru"), ("елку", "ru"), ("замок", "ru"), ("мои", ""), ("мой", "ru"), ("край", "ru"),
    ("їжу", "uk"), ("киів", ""), ("київ", "uk"),
    ("αθηνα", "el"), ("ΑΘΉΝΑ", "el"), ("λογος", "el"), ("ΕΛΛΆΔΑ", "el"),
    ("ירושלים", "he"), ("שלום", "he"), ('צה"ל', "he"), ("צהל", "he"), ("כנסת", "he"),
    ("الحرب", "ar ar2"), ("حرب", "ar ar2"), ("سودان", "ar"), ("المدرسة", "ar"), ("مدرسه", "ar"), ("مدينة", "ar"),
    ("المدينة", "ar"), ("مستشفي", "ar"), ("123", "ar"), ("ليل", "ar2"), ("حكومة", "ar"), ("بالسودان", "ar"),
    ("رئيس جمهور", "fa"), ("می خواهند", "fa"), ("كتاب", "fa"), ("ایرانی", "fa"), ("امن", "ur"), ("وزير اعظم", "ur"),
    ("दिल्ली", "hi"), ("जरूरी", "hi"), ("हां", "hi"), ("हिन्दी", "hi"), ("हिंदी", "hi"), ("दल", ""), ("किसान आंदोलन", "hi"),
    ("নদী", "bn"), ("মন্ত্রী", ""), ("মழை", ""), ("மழை", "ta"), ("சென்னை*", "ta"),
    ("中", "zh zh2"), ("经济", "zh"), ("北京", "zh"), ("AI", "zh"), ("人工智能", "zh"), ("京北", ""), ("地震", "zh2"),
    ("東", "ja"), ("台風", "ja"), ("猫", "ja"), ("ニュース", "ja"), ("ハンカク", "ja"), ("電車 避難", "ja"),
    ("한국", "ko"), ("서울", "ko"), ("올림픽", "ko"), ("눈", "ko"), ("학교 눈", "ko"),
    ("ไทย", "th"), ("กรุงเทพ", "th"), ("น้ำท่วม", "th"), ("ช้าง", "th"), ("ນ້ຳຖ້ວມ", "lo"), ("ငလျင်", "my"),
    ("ភ្នំពេញ", "km"), ("dockers OR 猫", "en ja"), ("中 -地震", "zh"), ("中 NOT 经济", "zh2"), ("الحرب -قديمة", "ar"),
]  # fmt: skip


@pytest.fixture(scope="module")
def table() -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(":memory:")
    db.execute(f'CREATE VIRTUAL TABLE t USING fts5 (language UNINDEXED, body, tokenize="{tokens.TOKENIZER}")')
    db.executemany("INSERT INTO t VALUES (?, ?)", [(name, tokens.segment(text)) for name, text in TEXTS.items()])
    yield db
    db.close()


def found(db: sqlite3.Connection, words: str) -> set[str]:
    return {name for (name,) in db.execute("SELECT language FROM t WHERE t MATCH ?", (tokens.match_query(words),))}


@pytest.mark.parametrize(("words", "languages"), PAIRS)
def test_search_words_find_their_texts_and_no_others(table: sqlite3.Connection, words: str, languages: str) -> None:
    assert found(table, words) == set(languages.split())


def test_the_archives_index_uses_this_tokenizer(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "a.db") as archive:
        _, made = archive.rows("SELECT sql FROM sqlite_master WHERE name = 'texts_fts'")
    assert tokens.TOKENIZER in made[0]["sql"], "the index would cut words elsewhere than the queries"


@settings(max_examples=100, deadline=None)
@given(st.text() | st.text(alphabet="abA中ไทי\"*()-^:+{}OR NOT AND\0\ud800'’“”", max_size=40))
def test_no_query_is_ever_a_syntax_error(words: str) -> None:
    db = sqlite3.connect(":memory:")
    db.execute(f'CREATE VIRTUAL TABLE t USING fts5 (body, tokenize="{tokens.TOKENIZER}")')
    db.execute("INSERT INTO t VALUES (?)", (tokens.segment(words),))
    with contextlib.closing(db), contextlib.suppress(ValueError):
        db.execute("SELECT * FROM t WHERE t MATCH ?", (tokens.match_query(words),)).fetchall()


@pytest.mark.parametrize("words", ["", "   ", "*", '""', "-", "!?", "…", '"""', "\0", "-猫", "NOT cat", "-a OR -b"])
def test_nothing_to_search_for_is_said_in_a_sentence(words: str) -> None:
    with pytest.raises(ValueError, match=r"\w.*\.$"):
        tokens.match_query(words)


@pytest.mark.parametrize(
    "words", ["OR", "NOT", "or cats OR", "OR OR cat", "cat NOT", "AND AND cat", "cat AND", "( cat )"]
)
def test_stray_operators_do_no_harm(table: sqlite3.Connection, words: str) -> None:
    found(table, words)


def test_very_long_and_very_many_words_are_bounded(table: sqlite3.Connection) -> None:
    found(table, "الحرب " * 5_000)
    found(table, "x" * 100_000)
    found(table, '"' + "中" * 50_000 + '"')
    found(table, " OR ".join(f"-a{n} b{n}" for n in range(300)))


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    once = tokens.fold(text)
    assert tokens.fold(once) == once


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("The dog's bone, co-operatively.", 5),
        ("", 0),
        ("— … !", 0),
        ("中国经济", 4),
        ("हिन्दी भाषा", 2),
        ("한국은 준비했다", 2),
        ("Київ — це місто", 3),
        ("café", 1),
        ("1,5 Mio. Euro", 4),
    ],
)
def test_words_are_counted_in_every_script(text: str, count: int) -> None:
    assert tokens.count_words(text) == count == len(tokens.words(text))


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Mr. Smith met Dr. A. B. Jones. They left.", ["Mr. Smith met Dr. A. B. Jones.", "They left."]),
        ("It cost 3.5 million. e.g. this", ["It cost 3.5 million. e.g. this"]),
        ("Am 3. Oktober kam er. Er blieb.", ["Am 3. Oktober kam er.", "Er blieb."]),
        ("“Go!” he said. “Now.” Then quiet.", ["“Go!” he said.", "“Now.”", "Then quiet."]),
        ("他来了。“走吧！”她说。完", ["他来了。", "“走吧！”", "她说。", "完"]),
        ("هل جاء؟ نعم. انتهى", ["هل جاء؟", "نعم.", "انتهى"]),
        ("वह आया। वह गया॥ अंत", ["वह आया।", "वह गया॥", "अंत"]),
        ("یہ ہے۔ وہ نہیں۔", ["یہ ہے۔", "وہ نہیں۔"]),
        ("", []),
    ],
)
def test_paragraphs_are_cut_into_sentences(paragraph: str, expected: list[str]) -> None:
    assert tokens.sentences(paragraph) == expected


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="aB.!?。؟ \"'”1۔।…"))
def test_no_letter_is_lost_between_sentences(paragraph: str) -> None:
    assert "".join("".join(tokens.sentences(paragraph)).split()) == "".join(paragraph.split())


def test_segmenting_keeps_up_with_a_crawl() -> None:
    text = (
        "Der Bürgermeister von München sagte am Abend, die neue Straße werde nächste Woche wieder geöffnet. " * 20_000
    )
    start = time.process_time()
    tokens.segment(text)
    speed = len(text.encode()) / 1e6 / (time.process_time() - start)
    assert speed > 5, f"{speed:.1f} MB/s"
