"""A shop's own table in the wizard: its first rows, the columns, and what is remembered."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jobs.runner import run_pending
from tasks.models import Batch, Mapping, Unit
from tests.exchange.tables import HEADER, ROWS, shop_table
from tests.factories import Cast
from tests.frontend.batches.conftest import SignedIn
from tests.frontend.batches.steps import choose

MAPPED: dict[str, Any] = {
    "name": "商品マスタ",
    "key": "0",
    "title": "1",
    "show": ["1", "6", "10"],
    "fill-description": "9",
    "fill-seo_title": "10",
    "max_bytes-seo_title": "40",
}


def give(client: Client, cast: Cast, data: bytes, name: str = "own.csv") -> Batch:
    file = SimpleUploadedFile(name, data, "text/csv")
    sent = {"store": cast.store.pk, "template": "product-copy", "title": "", "file": file}
    answer = client.post("/batches/new/", sent)
    assert answer.status_code == 302, answer.content.decode()
    run_pending()
    return Batch.objects.latest("pk")


def columns(client: Client, batch: Batch) -> str:
    found = client.get(f"/batches/{batch.pk}/source/", follow=True)
    assert found.redirect_chain[-1][0] == f"/batches/{batch.pk}/source/columns/"
    return found.content.decode()


def send(client: Client, batch: Batch, **more: Any) -> Any:
    answer = client.post(f"/batches/{batch.pk}/source/columns/", {**MAPPED, **more})
    run_pending()
    return answer


def test_a_directors_own_table_becomes_tasks(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.aya)
    batch = give(client, cast, shop_table())
    shown = columns(client, batch)
    assert all(cell in shown for cell in ("丸椅子", "Ⅱ型 机", "備考 (column 7)", "備考 (column 11)"))
    assert '<option value="cp932" selected>' in shown
    assert send(client, batch).status_code == 302
    choice = client.get(f"/batches/{batch.pk}/source/").content.decode()
    assert "商品マスタ v1" in choice
    assert "Without “商品説明”" in choice
    assert "Shift_JIS" in choice
    choose(client, batch, "description")
    assert set(Unit.objects.values_list("key", flat=True)) == {"A-001", "A-003"}
    assert "Without “商品説明”" in client.get(f"/batches/{batch.pk}/source/").content.decode()
    preview = client.get(f"/batches/{batch.pk}/preview/").content.decode()
    assert "備考 (column 7)" in preview
    assert "倉庫A" in preview


def test_the_same_columns_are_recognised_and_kept_as_one_version(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.aya)
    send(client, give(client, cast, shop_table()))
    batch = give(client, cast, shop_table(ROWS[:2]))
    shown = columns(client, batch)
    assert "Recognised as 商品マスタ v1." in shown
    assert '<option value="9" selected>' in shown.split('id="fill-description"')[1]
    send(client, batch)
    assert [mapping.number for mapping in Mapping.objects.all()] == [1]
    send(client, give(client, cast, shop_table()), together="1")
    assert sorted(mapping.number for mapping in Mapping.objects.all()) == [1, 2]


def test_changed_columns_are_shown_and_the_rest_is_kept(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.aya)
    send(client, give(client, cast, shop_table()))
    header = ["JAN", *HEADER[:9], "商品説明文", HEADER[10]]
    data = "\r\n".join([",".join(header), ",".join(["1"] * 12)]).encode("cp932")
    shown = columns(client, give(client, cast, data))
    assert "Renamed: “商品説明” is now “商品説明文”." in shown
    assert "Added: “JAN” (column 1)." in shown
    assert "Removed: “更新日” (was column 12)." in shown
    assert '<option value="10" selected>' in shown.split('id="fill-description"')[1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"key": ""}, "Choose the key"),
        ({"key": "3999"}, "There is no column 4000"),
        ({"fill-description": "", "fill-seo_title": ""}, "Nothing would be filled"),
        ({"fill-title": "9"}, "Two fields fill the same column"),
        ({"max_bytes-seo_title": "many"}, "max_bytes"),
        ({"name": ""}, "Give the mapping a name"),
        ({"pattern-description": "(?=a)"}, "regular expression"),
    ],
)
def test_what_cannot_be_is_said_and_what_was_chosen_is_kept(
    cast: Cast, signed_in: SignedIn, change: dict[str, Any], words: str
) -> None:
    client = signed_in(cast.aya)
    batch = give(client, cast, shop_table())
    answer = send(client, batch, **change)
    shown = answer.content.decode()
    assert (answer.status_code, words in shown) == (422, True), shown
    assert '<option value="1" selected>' in shown.split('id="id_title"')[1]
    assert not Mapping.objects.exists()


def test_a_key_that_repeats_is_named_with_its_rows(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.aya)
    batch = give(client, cast, shop_table([ROWS[0], ROWS[1], ROWS[0]]))
    shown = send(client, batch).content.decode()
    assert "“商品コード” cannot be the key: rows 2 and 4 both hold “A-001”." in shown
    assert send(client, batch, together="1").status_code == 302


def test_the_file_can_be_read_in_another_way(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.aya)
    batch = give(client, cast, "コード,名前\r\n1,é\r\n".encode())
    where = f"/batches/{batch.pk}/source/read-as/"
    assert client.post(where, {"kind": "tsv", "encoding": "utf-8"}).status_code == 302
    run_pending()
    shown = columns(client, batch)
    assert "The file has one column only." in shown
    assert "コード" in shown
    assert client.post(where, {"kind": "x", "encoding": "utf-8"}).status_code == 422


def test_the_saved_tables_are_listed_for_directors_of_the_store(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.aya)
    assert "No table of your own yet" in client.get("/mappings/").content.decode()
    send(client, give(client, cast, shop_table()))
    shown = client.get("/mappings/").content.decode()
    assert "商品マスタ" in shown
    assert "備考 (column 11)" in shown
    for person in (cast.dai, cast.emi):
        assert "商品マスタ" not in signed_in(person).get("/mappings/").content.decode()
