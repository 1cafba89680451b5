"""Files that mean harm or are broken, and files handed out."""

import io
import json
import zipfile
from typing import Any

import pytest
from django.test import override_settings

from jobs.runner import run_pending
from kernel.clock import now
from tasks.domain import releases, review, templates
from tasks.models import Import, Task, Template, TemplateVersion, Unit
from tests import factories
from tests.factories import Cast, make_approved, make_batch, make_upload, picture, products, shop_file
from tests.tasks.api.client import Api

GOOD = shop_file(products(3))


def _draft(cast: Cast) -> str:
    terms = {"title": "Spring", "template": "product-copy", "audience": "staff"}
    return str(Api(cast.aya).post(f"stores/{cast.store.pk}/batches", terms).ok(201)["id"])


def _read(cast: Cast, data: bytes, **fields: str) -> Any:
    aya = Api(cast.aya)
    started = aya.upload(f"batches/{_draft(cast)}/source", data, **fields)
    assert started.status == 202, started.content
    run_pending()
    return aya.get(started.headers["Location"]).ok()


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as file:
        file.writestr("products.csv", GOOD)
    return out.getvalue()


def _header(before: str, after: str) -> bytes:
    line, rest = GOOD.split(b"\r\n", 1)
    return line.decode().replace(before, after).encode() + b"\r\n" + rest


@pytest.mark.parametrize(
    ("data", "code", "row", "column"),
    [
        (b"", "file_empty", None, None),
        (_zip(), "file_zip", None, None),
        (b"<!DOCTYPE html><html></html>", "file_html", None, None),
        (b'<?xml version="1.0"?><a/>', "file_xml", None, None),
        (GOOD.decode().encode("utf-16"), "file_utf16", None, None),
        (GOOD.decode().encode("cp932"), "encoding_not_utf8", 2, None),
        (GOOD.replace(b"mug-2", b"mug\0-2"), "nul_byte", 3, None),
        (_header("URL handle", "Something"), "header_missing", 1, "URL handle"),
        (_header("SKU", "Title"), "header_doubled", 1, "Title"),
        (GOOD.replace(b"mug-3", b'"' + b"x" * 10_000_000 + b'"'), "cell_too_long", 4, None),
        (GOOD + b'"never closed', "quote_unterminated", 5, None),
    ],
)
def test_a_bad_file_leaves_only_its_report(
    cast: Cast, data: bytes, code: str, row: int | None, column: str | None
) -> None:
    found = _read(cast, data)
    assert (found["state"], found["units"]) == ("failed", 0)
    error = found["error"]
    assert error["code"] == code
    assert error["message"]
    if row is not None:
        assert error["row"] == row
    if column is not None:
        assert error["column"] == column
    assert not Unit.objects.exists()
    assert not Task.objects.exists()
    batch = Api(cast.aya).get(f"batches/{found['batch']}").ok()
    assert batch["tasks"] == 0
    # Another file can be read into the same batch.
    aya = Api(cast.aya)
    aya.upload(f"batches/{found['batch']}/source", GOOD).ok(202)
    run_pending()
    assert aya.get(f"batches/{found['batch']}").ok()["counts"]["open"] == 3


def test_bad_rows_are_listed_in_pages(cast: Cast) -> None:
    rows = products(2) + [{"title": f"lost {number}"} for number in range(5)]
    found = _read(cast, shop_file(rows))
    assert (found["state"], found["units"], found["refused_rows"]) == ("done", 2, 5)
    aya = Api(cast.aya)
    page = aya.get(f"imports/{found['id']}?limit=2").ok()
    listed = page["refused"]
    while page["refused_next"]:
        page = aya.get(page["refused_next"]).ok()
        listed += page["refused"]
    assert [one["row"] for one in listed] == [4, 5, 6, 7, 8]
    assert {one["code"] for one in listed} == {"handle_missing"}
    assert all(one["message"] for one in listed)


def test_errors_are_told_in_the_readers_language(cast: Cast) -> None:
    made = _read(cast, _zip())
    english, japanese = (
        Api(cast.aya).get(f"imports/{made['id']}", **{"Accept-Language": language}).ok()["error"]["message"]
        for language in ("en", "ja")
    )
    assert english.isascii()
    assert not japanese.isascii()


def test_a_large_file_is_refused_before_it_is_read(cast: Cast) -> None:
    aya = Api(cast.aya)
    found = aya.upload(f"batches/{_draft(cast)}/source", b"a" * (16 * 1024 * 1024))
    assert (found.status, found.fields) == (422, {"file": "file_too_big"})
    picture_of_16_mb = aya.upload("uploads", b"a" * (16 * 1024 * 1024))
    assert picture_of_16_mb.fields == {"file": "file_too_big"}
    assert not Import.objects.exists()


def test_the_same_file_twice_makes_no_second_unit(cast: Cast) -> None:
    aya, batch = Api(cast.aya), _draft(cast)
    for made, known in ((3, 0), (0, 3)):
        started = aya.upload(f"batches/{batch}/source", GOOD).ok(202)
        run_pending()
        found = aya.get(f"imports/{started['id']}").ok()
        assert (found["units"], found["units_known"]) == (made, known)
    assert aya.get(f"batches/{batch}").ok()["tasks"] == 3


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("{", "row_filter"),
        ("[]", "row_filter"),
        ('{"colour": ["red"]}', "row_filter"),
        ('{"missing": ["colour"]}', "row_filter.missing"),
        ('{"keys": [1]}', "row_filter.keys"),
        ('{"keys": {"a": 1}}', "row_filter.keys"),
        ('{"keys": ["a\\u0000"]}', "row_filter.keys.0"),
        ('{"keys": ["\\ud800"]}', "row_filter.keys.0"),
        ("[" * 100_000, "row_filter"),
        ("NaN", "row_filter"),
    ],
)
def test_a_wrong_row_filter_is_named(cast: Cast, text: str, field: str) -> None:
    found = Api(cast.aya).upload(f"batches/{_draft(cast)}/source", GOOD, row_filter=text)
    assert found.status == 422
    assert list(found.fields) == [field]


def test_what_an_upload_lacks_is_named(cast: Cast) -> None:
    aya, batch = Api(cast.aya), _draft(cast)
    assert aya.upload(f"batches/{batch}/source", GOOD, format="excel").fields == {"format": "unknown"}
    content_type = "multipart/form-data; boundary=x"
    empty = aya.raw("POST", f"batches/{batch}/source", b"--x--\r\n", content_type)
    assert (empty.status, empty.fields) == (422, {"file": "required"})
    for broken in ("multipart/form-data", "multipart/form-data; boundary=\xe9"):
        found = aya.raw("POST", f"batches/{batch}/source", b"--x\r\n", broken)
        assert (found.status, found.code) == (400, "malformed")


def test_a_cell_like_a_formula_survives_and_is_neutral_for_people(cast: Cast) -> None:
    rows = products(2)
    rows[1]["title"] = '=HYPERLINK("http://x","y")'
    batch = make_batch(cast, publish=False)
    Import.objects.all().delete()
    Unit.objects.all().delete()
    factories.read_file(batch, shop_file(rows), by=cast.aya)
    Api(cast.aya).post(f"batches/{batch.pk}/publish").ok()
    answer = {**factories.good_answer(), "title": "=1+1 のマグカップ"}
    make_approved(batch, cast.ben, cast.dai, answer)
    machine = _result(cast, batch.pk, "source")
    assert b'"=HYPERLINK(""http://x"",""y"")"' in machine
    assert "=1+1 のマグカップ,mug-1".encode() in machine
    people = _result(cast, batch.pk, "csv")
    assert "'=1+1 のマグカップ".encode() in people
    assert json.loads(_result(cast, batch.pk, "jsonl"))["answer"]["title"] == "=1+1 のマグカップ"


def _result(cast: Cast, batch_id: int, form: str) -> bytes:
    made = releases.request_release(batch_id=batch_id, format=form, by=cast.aya, now=now())
    run_pending()
    return Api(cast.aya).get(f"results/{made.pk}/file").content


# Results


def test_a_result_is_handed_out_whole_and_in_parts(cast: Cast) -> None:
    batch = make_batch(cast)
    make_approved(batch, cast.ben, cast.dai)
    made = releases.request_release(batch_id=batch.pk, format="source", by=cast.aya, now=now())
    run_pending()
    aya, path = Api(cast.aya), f"results/{made.pk}/file"
    told = aya.get(f"results/{made.pk}").ok()
    assert (told["answers"], told["cells"], told["warnings"][0]["code"]) == (1, 5, "source_age")
    whole = aya.get(path)
    assert whole.status == 200
    assert whole.headers["Content-Disposition"].startswith("attachment; filename=")
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert "private" in whole.headers["Cache-Control"]
    size = len(whole.content)
    for asked, start, end in (
        ("bytes=0-9", 0, 9),
        (f"bytes={size - 5}-", size - 5, size - 1),
        ("bytes=-7", size - 7, size - 1),
        (f"bytes=10-{size * 2}", 10, size - 1),
    ):
        part = aya.get(path, Range=asked)
        assert part.status == 206
        assert part.content == whole.content[start : end + 1]
        assert part.headers["Content-Range"] == f"bytes {start}-{end}/{size}"
    beyond = aya.get(path, Range=f"bytes={size}-")
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    tag = whole.headers["ETag"]
    assert aya.get(path, Range="bytes=0-9", **{"If-Range": tag}).status == 206
    assert aya.get(path, Range="bytes=0-9", **{"If-Range": '"old"'}).content == whole.content


# Pictures


@pytest.mark.parametrize(
    "data",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"<html><script>alert(1)</script></html>",
        b'<?xml version="1.0"?><svg/>',
        picture()[:40],
        b"",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        picture("BMP"),
    ],
)
def test_what_is_no_picture_is_refused(cast: Cast, data: bytes) -> None:
    found = Api(cast.chie).upload("uploads", data, name="a.png")
    assert (found.status, found.fields) == (422, {"file": "image_unreadable"})


@pytest.mark.parametrize(
    ("form", "content_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/gif"), ("WEBP", "image/webp")],
)
def test_a_picture_is_kept(cast: Cast, form: str, content_type: str) -> None:
    data, chie = picture(form), Api(cast.chie)
    made = chie.upload("uploads", data, name="../../etc/<b>.svg").ok(201)
    assert (made["width"], made["height"], made["content_type"]) == (8, 6, content_type)
    found = chie.get(made["url"])
    assert found.content == data
    assert found.headers["Content-Type"] == content_type
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert found.headers["Content-Disposition"].startswith("attachment")
    for other in (cast.fumi, cast.aya, cast.gen):
        assert Api(other).get(made["url"]).status == 404


def test_a_huge_picture_is_refused_unread(cast: Cast) -> None:
    # A header that promises 60,000 × 60,000 pixels, as decompression bombs do.
    data = bytearray(picture())
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    found = Api(cast.chie).upload("uploads", bytes(data), name="a.png")
    assert found.status == 422
    assert found.fields["file"] in ("image_too_large", "image_unreadable")


@pytest.fixture
def pictured(cast: Cast) -> str:
    """A template that wants a photo, of Minato's company and of Yama's."""
    shipped = TemplateVersion.objects.get(template__key="product-copy")
    content = {name: getattr(shipped, name) for name in templates.CONTENT}
    label = {"ja": "写真", "en": "Photo"}
    content["form"] = {
        "type": "object",
        "properties": {"photo": {"type": "string", "format": "x-image", "x-label": label}},
        "required": ["photo"],
    }
    content["checks"] = []
    for company in (cast.company, cast.other_store.company):
        template = Template.objects.create(company=company, key="photo", title_ja="写真", title_en="Photo")
        templates.publish_version(template=template, content=content, by=None)
    return "photo"


def test_a_picture_is_seen_by_the_desk_it_was_handed_in_to(cast: Cast, pictured: str) -> None:
    batch = make_batch(cast, audience="crowd", template=pictured)
    chie = Api(cast.chie)
    first, other = make_upload(cast.chie), make_upload(cast.chie)
    foreign = make_upload(cast.fumi)
    held = chie.post(f"batches/{batch.pk}/claim").ok(201)
    for wrong in (str(foreign.pk), "9" * 40, "²", "x", first.pk + 0.5):
        refused = chie.post(
            f"assignments/{held['id']}/submit", {"answer": {"photo": wrong}, "fence": held["fence"]}
        )
        assert refused.fields == {"photo": "no_upload"}, wrong
        held = chie.get(f"assignments/{held['id']}").ok()
    sent = {"answer": {"photo": first.pk}, "fence": held["fence"]}
    made = chie.post(f"assignments/{held['id']}/submit", sent).ok(201)
    assert made["answer"] == {"photo": str(first.pk)}
    aya = Api(cast.aya)
    assert aya.get(f"uploads/{first.pk}/file").content == picture()
    assert aya.get(f"uploads/{other.pk}/file").status == 404
    # It belongs to that answer: no other work, of this store or another, can carry it.
    again = chie.post(f"batches/{batch.pk}/claim").ok(201)
    sent = {"answer": {"photo": first.pk}, "fence": 0}
    assert chie.post(f"assignments/{again['id']}/submit", sent).fields == {"photo": "no_upload"}
    review.reject(submission_id=made["id"], reasons=["facts"], by=cast.dai, now=now())
    assert aya.get(f"uploads/{first.pk}/file").status == 404
    assert chie.get(f"uploads/{first.pk}/file").status == 200


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=100)
def test_a_form_of_many_fields_is_refused(cast: Cast) -> None:
    found = Api(cast.aya).upload(f"batches/{_draft(cast)}/source", GOOD, row_filter="x" * 200)
    assert (found.status, found.code) == (413, "too_large")
