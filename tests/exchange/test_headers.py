"""What became of columns: the pictures that a director is shown."""

from hypothesis import given
from hypothesis import strategies as st

from exchange.headers import compare_headers

OLD = ["コード", "商品名", "備考", "価格", "備考"]


def test_nothing_changed() -> None:
    found = compare_headers(OLD, OLD)
    assert not found.any
    assert found.places == {index: index for index in range(5)}


def test_added_removed_renamed_and_moved_are_told() -> None:
    found = compare_headers(OLD, ["商品名", "コード", "備考", "販売価格", "送料区分"])
    assert found.renamed == ((3, 3),)
    assert found.added == (4,)
    assert found.removed == (4,)  # the second 備考
    assert [old for old, _new in found.moved] in ([0], [1])
    assert found.places == {0: 1, 1: 0, 2: 2, 3: 3}


def test_two_columns_of_the_same_name_keep_their_order() -> None:
    assert compare_headers(OLD, ["備考", "x", "備考"]).places == {2: 0, 4: 2}


@given(st.lists(st.sampled_from("abcde"), max_size=8), st.lists(st.sampled_from("abcde"), max_size=8))
def test_every_column_is_accounted_for_once(old: list[str], new: list[str]) -> None:
    found = compare_headers(old, new)
    assert sorted([*found.places, *found.removed]) == list(range(len(old)))
    assert sorted([*found.places.values(), *found.added]) == list(range(len(new)))
