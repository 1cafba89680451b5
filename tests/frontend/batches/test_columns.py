"""A shop's own table in the wizard: its first rows, the columns, and what is remembered."""

import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from frontend.batches import results
from jobs.runner import run_pending
from kernel.clock import now
from tasks.domain import batches, imports, mappings
from tasks.models import Batch, Import, Mapping, Release, Unit
from tests.exchange.tables import HEADER, ROWS, shop_table, shop_workbook
from tests.factories import Cast, good_answer, make_approved
from tests.frontend.batches.steps import choose
from tests.frontend.conftest import SignedIn

MAPPED: dict[str, Any] = {
    "name": "商品マスタ",
    "role-0": "key",
    "title": "1",
    "show": ["1", "6", "10"],
    "role-9": "fill:description",
    "role-10": "fill:seo_title",
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


def role_of(page: str, column: int) -> str:
    """What a column is for, as the page has chosen it."""
    select = page.split(f'id="role-{column}"')[1].split("</select>")[0]
    chosen = re.search(r'value="([^"]*)" selected', select)
    return chosen[1] if chosen else ""


def said_at(page: str, column: int) -> str:
    """What the page says is wrong with a column, at the column."""
    row = page.split(f'id="column-{column}"')[1].split("</li>\n")[0]
    found = re.search(r'class="field-error" id="wrong-\d+">([^<]*)<', row)
    return unescape(found[1]) if found else ""


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
    nowhere = preview.split("Without a column in your file")[1].split("</div>")[0]
    assert "<b>Tags</b>" in nowhere
    assert "Description" not in nowhere.replace("SEO", "")


def test_columns_stand_for_what_the_template_shows(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.aya)
    first = list(ROWS[0])
    first[7] = "https://img.example.jp/1.jpg https://img.example.jp/2.jpg"
    batch = give(client, cast, shop_table([tuple(first), *ROWS[1:]]))
    assert role_of(columns(client, batch), 3) == ""  # ブランド is not quite what the template calls it
    shown_as = {"role-3": "input:vendor", "role-4": "input:price", "role-7": "input:images"}
    assert send(client, batch, **shown_as).status_code == 302
    choose(client, batch, "all")
    shown = Unit.objects.get(key="A-001").values
    assert [image["url"] for image in shown["images"]] == first[7].split()
    preview = client.get(f"/batches/{batch.pk}/preview/").content.decode()
    assert "img.example.jp" in preview
    assert "販売価格" in preview or "Price" in preview
    # No column was chosen for it, so nobody is told that the shop has none.
    assert "Product type" not in preview
    again = columns(client, give(client, cast, shop_table()))
    assert [role_of(again, at) for at in (3, 4, 7)] == list(shown_as.values())


def test_two_columns_cannot_stand_for_the_same(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.aya)
    batch = give(client, cast, shop_table())
    answer = send(client, batch, **{"role-3": "input:vendor", "role-7": "input:vendor"})
    assert answer.status_code == 422
    assert "vendor" in said_at(answer.content.decode(), 7)


def test_the_same_columns_are_recognised_and_kept_as_one_version(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.aya)
    send(client, give(client, cast, shop_table()))
    batch = give(client, cast, shop_table(ROWS[:2]))
    shown = columns(client, batch)
    assert "Recognised as 商品マスタ v1." in shown
    assert role_of(shown, 9) == "fill:description"
    send(client, batch)
    assert [mapping.number for mapping in Mapping.objects.all()] == [1]
    send(client, give(client, cast, shop_table()), together="1")
    assert sorted(mapping.number for mapping in Mapping.objects.all()) == [1, 2]


def test_a_header_under_titles_is_shown_and_can_be_changed(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.aya)
    titles = "全商品,一覧\r\n担当,山田\r\n".encode("cp932")
    batch = give(client, cast, titles + shop_table())
    shown = columns(client, batch)
    assert "The header stands in row 3." in shown
    above = shown.split('class="own-above"')[1].split("</tbody>")[0]
    assert all(text in above for text in ("全商品 · 一覧", "担当 · 山田", 'name="row" value="1"'))
    where = f"/batches/{batch.pk}/source/read-as/"
    sent = {"kind": "csv", "encoding": "cp932", "header_row": "3"}
    # As the button of a row in the preview sends it, beside the number that stands in the form.
    assert client.post(where, {**sent, "row": "1"}).status_code == 302
    run_pending()
    assert "The header stands in row 1." in columns(client, batch)
    assert client.post(where, {**sent, "header_row": "3"}).status_code == 302
    run_pending()
    assert send(client, batch).status_code == 302
    assert Mapping.objects.get().header_row == 3
    choose(client, batch, "description")
    assert [unit.first_row for unit in Unit.objects.order_by("position")] == [4, 6]


@pytest.mark.parametrize("row", ["0", "x", "-1", "1001", "9" * 12])
def test_a_row_that_is_none_is_refused(cast: Cast, signed_in: SignedIn, row: str) -> None:
    client = signed_in(cast.aya)
    batch = give(client, cast, shop_table())
    sent = {"kind": "csv", "encoding": "cp932", "header_row": row}
    answer = client.post(f"/batches/{batch.pk}/source/read-as/", sent)
    assert (answer.status_code, "first 1000 rows" in answer.content.decode()) == (422, True)


def test_an_empty_row_is_refused_and_the_reading_before_is_kept(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.aya)
    batch = give(client, cast, shop_table())
    client.post(f"/batches/{batch.pk}/source/read-as/", {"kind": "csv", "encoding": "cp932", "row": "99"})
    run_pending()
    shown = columns(client, batch)
    assert "Row 99 cannot be the header" in shown
    assert "The header stands in row 1." in shown


def test_another_sheet_is_not_read_by_the_row_of_this_one(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.aya)
    batch = give(client, cast, shop_workbook(), "own.xlsx")
    sent = {"kind": "xlsx", "encoding": "utf-8", "sheet": "商品"}
    for row, taken in (("1", None), ("2", 2)):
        client.post(f"/batches/{batch.pk}/source/read-as/", {**sent, "header_row": row})
        assert Import.objects.latest("pk").facts["read_as"]["header_row"] == taken
        run_pending()
        sent["sheet"] = "Sheet"


def test_the_first_look_shows_how_far_it_is(
    cast: Cast, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(cast.aya)
    monkeypatch.setattr(imports, "PROGRESS_EVERY_SECONDS", 0)
    pages: list[str] = []
    said = imports._progress

    def watched(reading: imports.Reading) -> None:
        said(reading)
        for path in ("source/", "source/progress/"):
            pages.append(client.get(f"/batches/{reading.source.batch_id}/{path}").content.decode())

    monkeypatch.setattr(imports, "_progress", watched)
    batch = give(client, cast, shop_table([(f"K{n}", *["x" * 9] * 11) for n in range(600)]))
    whole, region = pages[:2]
    assert 'data-region="' in whole
    for shown in (whole, region):
        assert "Looking into the file" in shown
        assert "500 rows" in shown
        assert 0 < int(re.search(r'<progress max="100" value="(\d+)"', shown)[1]) < 100  # type: ignore[index]
        assert f'href="/batches/{batch.pk}/source/"' in shown  # for a browser without scripts


def test_changed_columns_are_shown_and_the_rest_is_kept(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.aya)
    send(client, give(client, cast, shop_table()))
    first = Mapping.objects.get()
    header = ["JAN", *HEADER[:5], *HEADER[6:9], HEADER[5], "商品説明文", HEADER[10]]
    data = "\r\n".join([",".join(header), ",".join(["1"] * 12)]).encode("cp932")
    batch = give(client, cast, data)
    shown = columns(client, batch)
    assert "Renamed: “商品説明” is now “商品説明文”." in shown
    assert "Added: “JAN” (column 1)." in shown
    assert "Removed: “更新日” (was column 12)." in shown
    assert role_of(shown, 10) == "fill:description"
    assert "Moved: “在庫” from column 6 to 10." in shown
    told = shown.split('class="note warn"')[1].split("</div>")[0]
    assert told.count("<li>") == 4  # and nothing else
    assert [role_of(shown, index) for index in (0, 1, 11)] == ["", "key", "fill:seo_title"]
    again = {name: value for name, value in MAPPED.items() if not name.startswith("role-")}
    again |= {"role-1": "key", "role-10": "fill:description", "role-11": "fill:seo_title", "title": "2"}
    assert client.post(f"/batches/{batch.pk}/source/columns/", again).status_code == 302
    run_pending()
    second = Mapping.objects.latest("pk")
    assert (first.number, second.number, second.header) == (1, 2, header)
    assert mappings.table_of(Mapping.objects.get(pk=first.pk)).header == HEADER
    assert "Recognised as 商品マスタ v2." in columns(client, give(client, cast, data))


def test_a_thousand_columns_are_mapped_on_one_page(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.aya)
    header = ",".join(["商品コード", *(f"項目{n}" for n in range(1, 1000))])
    batch = give(client, cast, f"{header}\r\n{','.join('x' * 1000)}\r\n".encode())
    assert "項目999" in columns(client, batch)
    roles = {f"role-{n}": "" for n in range(1000)} | {"role-0": "key", "role-999": "fill:description"}
    sent = {"name": "広い表", "title": "1", "show": [str(n) for n in range(1000)], **roles}
    assert client.post(f"/batches/{batch.pk}/source/columns/", sent).status_code == 302


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_result_that_cp932_cannot_hold_names_row_column_and_characters(
    cast: Cast, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    # As with what no check looks at while it is typed, such as a choice's value.
    monkeypatch.setattr("tasks.domain.table_source.checks_of", lambda *_a: [])
    monkeypatch.setattr(results, "PLACES", 2)
    cast.aya.language = language
    cast.aya.save()
    client = signed_in(cast.aya)
    batch = give(client, cast, shop_table())
    send(client, batch)
    choose(client, batch)
    batches.publish(batch_id=batch.pk, by=cast.aya, now=now())
    for number in range(3):
        answer = {**good_answer(number), "description": f"椅子😀と𠮷です。{number}" * 12}
        make_approved(batch, cast.ben, cast.dai, answer)
    client.post(f"/batches/{batch.pk}/results/", {"format": "update"})
    run_pending()
    made = Release.objects.get()
    assert not made.file
    shown = client.get(f"/results/{made.pk}/").content.decode()
    places = re.findall(
        r'<li><span class="grow"><b>(.*?)</b> · (.*?) · (.*?) · (.*?)</span><span>(.*?)</span>', shown
    )
    words = {
        "en": ("row 2", "row 3", "Column 10", "3 cells hold characters", "and 1 more cell"),
        "ja": ("2行目", "3行目", "10列目", "セルが3個", "ほか1セル"),
    }[language]
    assert places == [
        ("A-001", "商品説明", words[0], words[2], "😀 𠮷"),
        ("A-002", "商品説明", words[1], words[2], "😀 𠮷"),
    ]
    assert all(word in shown for word in words[3:]), shown


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"role-0": ""}, "Choose the key"),
        ({"role-0": "", "role-3999": "key"}, "There is no column 4000"),
        ({"role-9": "", "role-10": ""}, "Nothing would be filled"),
        ({"role-8": "fill:description"}, "fills another column already"),
        ({"role-1": "key"}, "Only one column can be the key"),
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
    assert "“商品コード” cannot be the key: rows 2 and 4 both hold “A-001”." in said_at(shown, 0)
    assert said_at(shown, 1) == ""
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


def test_another_sheet_of_a_workbook_can_be_chosen(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.aya)
    batch = give(client, cast, shop_workbook(), "own.xlsx")
    shown = columns(client, batch)
    assert "社内用" in shown
    assert "<option selected>Sheet</option><option>商品</option>" in shown
    assert "id_encoding" not in shown
    where = f"/batches/{batch.pk}/source/read-as/"
    sent = {"kind": "xlsx", "encoding": "utf-8", "sheet": "商品"}
    assert client.post(where, {**sent, "kind": "csv"}).status_code == 422
    assert client.post(where, sent).status_code == 302
    run_pending()
    assert "備考 (column 7)" in columns(client, batch)
    assert send(client, batch).status_code == 302
    choice = client.get(f"/batches/{batch.pk}/source/").content.decode()
    assert "<dt>Sheet</dt><dd>商品</dd>" in choice
    choose(client, batch, "description")
    assert set(Unit.objects.values_list("key", flat=True)) == {"A-001", "A-003"}
    assert "XLSX · 商品" in client.get("/mappings/").content.decode()


def test_the_saved_tables_are_listed_for_directors_of_the_store(cast: Cast, signed_in: SignedIn) -> None:
    client = signed_in(cast.aya)
    assert "No table of your own yet" in client.get("/mappings/").content.decode()
    send(client, give(client, cast, shop_table()))
    shown = client.get("/mappings/").content.decode()
    assert "商品マスタ" in shown
    assert "備考 (column 11)" in shown
    for person in (cast.dai, cast.emi):
        assert "商品マスタ" not in signed_in(person).get("/mappings/").content.decode()
