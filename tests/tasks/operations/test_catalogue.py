"""The file of operations is complete and sound; a wrong one is refused with its operation named."""

from decimal import Decimal
from importlib.resources import files

import pytest

from tasks.operations import Area, Group, WorkForm, catalogue, read_catalogue
from tasks.shipped import load_shipped

TEXT = files("tasks.operations").joinpath("catalogue.toml").read_text(encoding="utf-8")


def test_it_holds_the_41_operations_and_the_core_areas() -> None:
    found = list(catalogue().values())
    assert [one.number for one in found if one.number] == list(range(1, 42))
    assert len({one.slug for one in found}) == len(found) == 45
    assert {one.slug for one in found if one.core} == {
        "marketing",
        "merchandising",
        "general-management",
        "complaint-escalation",
    }


def test_every_entry_is_in_both_languages_with_sound_ranges() -> None:
    names = set()
    for one in catalogue().values():
        for text in (one.name, one.unit, one.inputs, one.output, one.checks):
            assert text.ja, one.slug
            assert text.en, one.slug
        names |= {one.name.ja, one.name.en.casefold()}
        assert one.minutes > 0, one.slug
        assert one.volume > 0, one.slug
        if one.core:
            assert one.keep.ja, one.slug
            assert one.keep.en, one.slug
        else:
            assert one.price is not None, one.slug
            assert 0 < one.price.low <= one.price.mid <= one.price.high, one.slug
    assert len(names) == 2 * len(catalogue()), "a name stands for one operation"


def test_groups_and_areas_are_those_of_the_map() -> None:
    found = catalogue().values()
    sizes = {group: sum(one.group == group for one in found) for group in Group}
    assert sizes == {Group.LISTING: 22, Group.ORDERS: 13, Group.SUPPORT: 6, Group.CORE: 4}
    assert {one.slug for one in found if one.area is Area.FRONT} == {"marketing", "merchandising"}
    assert all(one.forms for one in found)
    assert catalogue()["banner"].forms == (WorkForm.CONTEST, WorkForm.PROJECT)


def test_a_price_per_character_becomes_one_per_unit() -> None:
    copy = catalogue()["description-copy"]
    assert copy.per_character is not None
    assert copy.price is not None
    assert (copy.price.low, copy.price.high) == (Decimal(150), Decimal(900))


def test_named_templates_are_shipped() -> None:
    shipped = {one.key for one in load_shipped()}
    named = [one.template for one in catalogue().values() if one.template]
    assert named
    assert set(named) <= shipped
    assert len(named) == len(set(named)), "a template stands for one operation"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('pii = "P0"', 'pii = "P9"'),
        ("low = 50", "low = 500"),
        ("minutes = 8", "minutes = 0"),
        ('ja = "新商品の登録"', 'ja = ""'),
        ('per = "unit"', 'per = "mile"'),
        ("core = false", "core = true"),
        ('forms = ["task", "project"]', 'forms = ["wish"]'),
        ("inputs =", "input ="),
    ],
)
def test_a_wrong_file_is_refused_and_says_where(before: str, after: str) -> None:
    assert before in TEXT
    with pytest.raises(ValueError, match="operation new-listing"):
        read_catalogue(TEXT.replace(before, after, 1))


def test_a_slug_stands_once() -> None:
    with pytest.raises(ValueError, match="operation new-listing: twice"):
        read_catalogue(TEXT.replace('slug = "port-listing"', 'slug = "new-listing"'))
