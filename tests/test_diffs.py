"""Typed changes between two texts. All texts were written for these tests."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.diffs import Change, Diff, Text, diff, render, segments

ONE = "The ferry left the harbour at dawn. Its crew counted 14 passengers. Nobody spoke of the storm."
TWO = "The company said on Monday that every boat is sound. Inspectors want to see the papers."
THREE = "Fishermen on the quay remember the winter of the great flood. They are not afraid of water."
FOUR = "A committee of the parliament will hear the captain next week. He has hired a lawyer."


def body(*paragraphs: str) -> Text:
    return Text(title="Ferry", text="\n\n".join(paragraphs))


def parts(change: Diff) -> list[tuple[str, str]]:
    return [(c.part, c.what) for c in change.changes]


def test_equal_texts_have_an_empty_falsy_diff() -> None:
    assert not diff(body(ONE, TWO), body(ONE, TWO))
    assert not diff(Text(), Text())
    assert not diff(Text(title=" A  b", text="x\n\n\n\ny"), Text(title="A b", text="x\n\ny ")), "spaces are no change"


def test_a_headline_is_compared_word_by_word() -> None:
    (change,) = diff(Text(title="Minister visits Lisbon today"), Text(title="Minister leaves Lisbon today")).changes
    assert change == Change(
        "headline", "changed", (("=", "Minister "), ("-", "visits"), ("+", "leaves"), ("=", " Lisbon today"))
    )


def test_lines_that_come_and_go_are_added_and_removed() -> None:
    old, new = Text(standfirst="In short."), Text(byline="Ann Ode", title="Yes")
    assert parts(diff(old, new)) == [("headline", "added"), ("standfirst", "removed"), ("byline", "added")]


def test_authors_stand_for_a_byline() -> None:
    assert parts(diff(Text(authors=("A", "B")), Text(authors=("A", "C")))) == [("byline", "changed")]
    assert not diff(Text(authors=("A", "B")), Text(byline="A, B"))


def test_one_changed_sentence_is_one_change_in_its_paragraph() -> None:
    edited = ONE.replace("14 passengers", "17 passengers")
    change = diff(body(TWO, ONE, THREE), body(TWO, edited, THREE))
    assert change.changes == (
        Change(
            "sentence",
            "changed",
            (("=", "Its crew counted "), ("-", "14"), ("+", "17"), ("=", " passengers.")),
            old=2,
            new=2,
        ),
    )
    assert change.numbers == (("14", "17"),)


def test_sentences_and_paragraphs_are_added_and_removed() -> None:
    added = diff(body(ONE, TWO), body(ONE + " The radio was silent.", TWO, FOUR))
    assert parts(added) == [("sentence", "added"), ("paragraph", "added")]
    assert [(c.old, c.new) for c in added.changes] == [(1, 1), (None, 3)]
    removed = diff(body(ONE, TWO, THREE), body(ONE.replace(" Nobody spoke of the storm.", ""), THREE))
    assert parts(removed) == [("sentence", "removed"), ("paragraph", "removed")]


def test_a_moved_paragraph_is_moved_and_nothing_else() -> None:
    change = diff(body(ONE, TWO, THREE, FOUR), body(TWO, THREE, FOUR, ONE))
    assert [(c.part, c.what, c.old, c.new) for c in change.changes] == [("paragraph", "moved", 1, 4)]


def test_a_sentence_that_moves_to_another_paragraph_is_moved() -> None:
    sentence = " They are not afraid of water."
    change = diff(body(ONE, THREE), body(ONE + sentence, THREE.replace(sentence, "")))
    assert [(c.part, c.what, c.old, c.new) for c in change.changes] == [("sentence", "moved", 2, 1)]


def test_a_rewritten_paragraph_is_removed_and_added() -> None:
    assert sorted(parts(diff(body(ONE, TWO), body(FOUR, TWO)))) == [("paragraph", "added"), ("paragraph", "removed")]


def test_a_bumped_date_over_an_old_text_is_told() -> None:
    old = Text(title="A", text=ONE, published="2026-03-01T10:00:00+01:00")
    bumped = diff(old, Text(title="A", text=ONE, published="2026-03-04T10:00:00+01:00"))
    assert parts(bumped) == [("date", "changed")]
    assert bumped.date_only
    assert not diff(old, Text(title="A", text=ONE, published="2026-03-01T09:00:00Z")), "the same moment elsewhere"
    edited = diff(old, Text(title="B", text=ONE, published="2026-03-04T10:00:00+01:00"))
    assert not edited.date_only


@pytest.mark.parametrize(
    ("old", "new", "numbers"),
    [
        ("At least 1,200 people fled.", "At least 2,300 people fled.", [("1,200", "2,300")]),
        ("Es sind 3,5 % mehr.", "Es sind 4,5 % mehr.", [("3,5 %", "4,5 %")]),
        ("На 12 000 меньше, чем в 2025 году.", "На 15 000 меньше, чем в 2025 году.", [("12 000", "15 000")]),
        ("قتل ١٢ شخصا في الهجوم.", "قتل ١٤ شخصا في الهجوم.", [("١٢", "١٤")]),
        ("地震で12人が負傷した。", "地震で15人が負傷した。", [("12", "15")]),
        ("It was 5 degrees.", "It was cold, 5 degrees.", []),
    ],
)
def test_numbers_that_took_each_others_place(old: str, new: str, numbers: list[tuple[str, str]]) -> None:
    assert list(diff(Text(text=old), Text(text=new)).numbers) == numbers


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("She said: “We will not pay.”", "She said: “We will never pay.”", ("We will not pay.", "We will never pay.")),
        (
            "Er sagte: „Das war falsch.“",
            "Er sagte: „Das war sehr falsch.“",
            ("Das war falsch.", "Das war sehr falsch."),
        ),
        ("Il dit : « Je reste ici. »", "Il dit : « Je pars d'ici. »", None),
        ("彼は「私は行かない」と述べた。", "彼は「私は行きます」と述べた。", ("私は行かない", "私は行きます")),
        ("She said: “We will not pay.”", "She then said: “We will not pay.”", None),
    ],
)
def test_a_changed_quotation_stands_out(old: str, new: str, changed: tuple[str, str] | None) -> None:
    assert diff(Text(text=old), Text(text=new)).quotations == ((changed,) if changed else ())


@pytest.mark.parametrize(
    "note",
    [
        "Correction: the ship was built in 1971.",
        "Correction (12 March): the ship was built in 1971.",
        "An earlier version of this article gave a wrong year.",
        "Korrektur: Das Schiff wurde 1971 gebaut.",
        "In einer früheren Version dieses Textes stand ein falsches Jahr.",
        "Rectificatif : le navire date de 1971.",
        "Fe de errores: el barco es de 1971.",
        "Rättelse: Skeppet är byggt 1971.",
        "Исправление: корабль построен в 1971 году.",
        "Düzeltme: Gemi 1971'de yapıldı.",
        "تصحيح: بنيت السفينة عام 1971.",
        "תיקון: האונייה נבנתה ב-1971.",
        "भूल सुधार: जहाज़ 1971 में बना था।",
        "更正：该船建于1971年。",
        "【訂正】船は1971年に造られた。",
        "記事の年に誤りがありました。おわびして訂正します。",
        "[정정] 배는 1971년에 건조됐다.",
        "Đính chính: tàu được đóng năm 1971.",
    ],
)
def test_an_added_note_of_correction_is_told_in_many_languages(note: str) -> None:
    change = diff(body(ONE, TWO), body(ONE, TWO, note))
    assert change.correction_note == note
    assert diff(body(ONE, note), body(ONE, note.replace("1971", "1972") + " Ok.")).correction_note is None


@pytest.mark.parametrize("text", ["The correction of the market went on.", "Il attend une correction de la Bourse."])
def test_a_correction_of_the_market_is_no_note(text: str) -> None:
    assert diff(body(ONE), body(ONE, text)).correction_note is None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("首相周二访问巴黎。", "首相周三访问巴黎。", (("=", "首相周"), ("-", "二"), ("+", "三"), ("=", "访问巴黎。"))),
        ("นายกไปโตเกียว", "นายกไปโซล", (("=", "นายกไปโ"), ("-", "ตเกียว"), ("+", "ซล"))),
        ("الحرب انتهت أمس", "الحرب بدأت أمس", (("=", "الحرب "), ("-", "انتهت"), ("+", "بدأت"), ("=", " أمس"))),
        ("한국은 이겼다", "한국은 졌다", (("=", "한국은 "), ("-", "이겼다"), ("+", "졌다"))),
        ("दिल्ली में वर्षा", "दिल्ली में धूप", (("=", "दिल्ली में "), ("-", "वर्षा"), ("+", "धूप"))),
    ],
)
def test_words_of_every_script_are_compared(old: str, new: str, expected: tuple[tuple[str, str], ...]) -> None:
    assert segments(old, new) == expected


def test_neighbouring_changes_read_as_one() -> None:
    assert segments("the old grey boat", "the new blue boat") == (
        ("=", "the "), ("-", "old grey"), ("+", "new blue"), ("=", " boat"),
    )  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab c.中ไ1,“"), st.text(alphabet="ab c.中ไ1,“"))
def test_segments_hold_both_texts_whole(old: str, new: str) -> None:
    change = Change("headline", "changed", segments(old, new))
    assert (change.text("-"), change.text("+")) == (old, new)


PARAGRAPHS = st.lists(
    st.sampled_from([ONE, TWO, THREE, FOUR, "更正：该船建于1971年。", "Yes.", "a b c d e"]), max_size=8
)


@settings(max_examples=100, deadline=None)
@given(PARAGRAPHS, PARAGRAPHS)
def test_a_diff_is_deterministic_json_and_empty_only_for_equals(old: list[str], new: list[str]) -> None:
    change = diff(body(*old), body(*new))
    assert bool(change) == (old != new)
    as_json = json.dumps(change.as_dict(), ensure_ascii=False)
    assert json.dumps(diff(body(*old), body(*new)).as_dict(), ensure_ascii=False) == as_json
    assert all(style in ("heading", "same", "removed", "added") for style, _ in render(change))


def test_unchanged_paragraphs_are_counted_in_the_printed_diff() -> None:
    others = [f"Paragraph number {word} of the report." for word in ("one", "two", "three", "four", "five")]
    old, new = body(*others, ONE, TWO, THREE), body(*others, ONE.replace("14", "17"), TWO, THREE)
    assert "".join(text for _, text in render(diff(old, new))) == (
        "… 5 paragraphs unchanged\n"
        "Sentence in paragraph 6 changed\n"
        "Its crew counted 1417 passengers.\n"
        "… 2 paragraphs unchanged\n"
    )
    assert ("removed", "14") in render(diff(old, new))
    assert render(Diff()) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x " * 50_000, "x y " * 50_000),
        ("\n\n".join(["same"] * 5_000), "\n\n".join(["same", "other"] * 5_000)),
        ("\n\n".join(f"p{n}" for n in range(5_000)), "\n\n".join(f"q{n}" for n in range(5_000))),
        ("a. " * 20_000, "b. " * 20_000),
        ("中" * 100_000, "中文" * 50_000),
        ("“" * 20_000, "”" * 20_000 + "\""),
        ("\n\n".join(f"w{n} common text" for n in range(300)), "\n\n".join(f"t{n} common word" for n in range(300))),
    ],
)  # fmt: skip
def test_hostile_sizes_are_bounded(old: str, new: str) -> None:
    start = time.process_time()
    assert diff(Text(text=old), Text(text=new))
    assert time.process_time() - start < 3
