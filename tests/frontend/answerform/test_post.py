from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from hypothesis import given
from hypothesis import strategies as st

from frontend.answerform.post import answer_from_post, files_from_post
from tasks.answers.validate import validate_answer, validate_draft
from tests.tasks.answers.forms import ALL_KINDS, form

FORM = form(ALL_KINDS)


def posted(**values: Any) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in values.items():
        data.setlist(f"answer-{name}", value if isinstance(value, list) else [value])
    return data


def test_every_kind_is_read() -> None:
    data = posted(
        title="マグ",
        body="a\r\nb",
        count="3",
        weight="0.5",
        colour="red",
        uses=["gift", "home"],
        since="2026-04-01",
        photo="7",
    )
    assert answer_from_post(FORM, data) == {
        "title": "マグ",
        "body": "a\nb",
        "count": 3,
        "weight": 0.5,
        "colour": "red",
        "uses": ["gift", "home"],
        "since": "2026-04-01",
        "photo": "7",
    }


@pytest.mark.parametrize(
    ("typed", "number"),
    [("１２", 12), ("1,234", 1234), ("−5", -5), ("ー５", -5), (" 7 ", 7), ("007", 7), ("+3", 3)],
)
def test_whole_numbers_as_people_type_them(typed: str, number: int) -> None:
    assert answer_from_post(FORM, posted(count=typed)) == {"count": number}


@pytest.mark.parametrize(
    ("typed", "number"), [("１．５", 1.5), ("1,234.5", 1234.5), (".5", 0.5), ("5.", 5.0)]
)
def test_decimal_numbers_as_people_type_them(typed: str, number: float) -> None:
    assert answer_from_post(FORM, posted(weight=typed)) == {"weight": number}


@pytest.mark.parametrize("typed", ["2026/4/1", "2026.04.01", "２０２６年４月１日", "2026-4-1"])
def test_dates_as_people_type_them(typed: str) -> None:
    assert answer_from_post(FORM, posted(since=typed)) == {"since": "2026-04-01"}


@pytest.mark.parametrize("typed", ["1,5", "12a", "1e5", "--1", "1" * 5000, "nan", "３個"])
def test_what_is_no_number_is_kept_as_typed(typed: str) -> None:
    assert answer_from_post(FORM, posted(count=typed, weight=typed)) == {"count": typed, "weight": typed}


@pytest.mark.parametrize("typed", ["明日", "2026-04", "4/1"])
def test_what_is_no_date_is_kept_as_typed(typed: str) -> None:
    assert answer_from_post(FORM, posted(since=typed)) == {"since": typed}


def test_blank_and_unknown_fields_are_left_out() -> None:
    assert answer_from_post(FORM, posted(title="", uses=[""], price="5", count=" ")) == {}


def test_new_images_are_found() -> None:
    picture = SimpleUploadedFile("a.png", b"x")
    other = SimpleUploadedFile("b.png", b"x")
    files: MultiValueDict[str, UploadedFile] = MultiValueDict(
        {"answer-photo-file": [picture], "answer-title-file": [other]}
    )
    assert files_from_post(FORM, files) == {"answer-photo": picture}
    assert files_from_post(FORM, MultiValueDict()) == {}


@given(st.dictionaries(st.sampled_from(sorted(ALL_KINDS)), st.lists(st.text(st.characters()), max_size=3)))
def test_anything_posted_is_read_and_judged_without_raising(values: dict[str, list[str]]) -> None:
    answer = answer_from_post(FORM, posted(**values))
    assert set(answer) <= set(values)
    validate_answer(FORM, answer, upload_exists=lambda upload: False)
    validate_draft(FORM, answer)
