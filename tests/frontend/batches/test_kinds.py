"""The pages name what a file was recognised as."""

import pytest

from exchange.layout import product_layouts
from frontend.batches.wording import ENCODINGS, KINDS
from tests.exchange.mallfiles import MALLS, RAKUTEN, YAHOO, Mall
from tests.factories import Cast
from tests.frontend.batches.steps import choose, upload
from tests.frontend.conftest import SignedIn


def test_every_layout_has_a_name_and_every_encoding_too() -> None:
    layouts = product_layouts()
    assert set(KINDS) == {(layout.format, layout.dialect) for layout in layouts}
    assert set(ENCODINGS) == {encoding for layout in layouts for encoding in layout.encodings}


@pytest.mark.django_db
@pytest.mark.parametrize("mall", MALLS.values(), ids=MALLS)
def test_the_page_names_the_kind_and_the_encoding_of_a_malls_file(
    cast: Cast, signed_in: SignedIn, mall: Mall
) -> None:
    client = signed_in(cast.aya)
    batch = upload(client, cast, mall.data(), name="shop.csv")
    page = client.get(f"/batches/{batch.pk}/source/").content.decode()
    assert str(KINDS[mall.format, mall.dialect]) in page
    assert ENCODINGS[mall.encoding] in page
    choose(client, batch)
    assert "tasks are ready" in client.get(f"/batches/{batch.pk}/source/").content.decode()


@pytest.mark.django_db
def test_a_column_that_the_mall_demands_is_missed_by_name(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.aya)
    names = tuple(name for name in YAHOO.layout.header if name != "product-category")
    batch = upload(client, cast, YAHOO.but(header=names).data(), name="items.csv")
    assert "product-category" in client.get(f"/batches/{batch.pk}/source/").content.decode()


@pytest.mark.django_db
def test_a_malls_file_saved_as_utf8_is_mapped_like_any_table(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.aya)
    batch = upload(client, cast, RAKUTEN.but(encoding="utf-8").data(), name="normal-item.csv")
    answer = client.get(f"/batches/{batch.pk}/source/")
    assert answer["Location"] == f"/batches/{batch.pk}/source/columns/"
