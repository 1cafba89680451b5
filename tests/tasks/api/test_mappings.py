"""A shop's own table over the API: looked into, mapped, read; its mappings listed and saved."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jobs.runner import run_pending
from tasks.models import Mapping
from tests.exchange.tables import HEADER, shop_table
from tests.factories import Cast, make_key
from tests.tasks.domain.test_imports import new_batch
from tests.tasks.domain.test_tables import mapping

pytestmark = pytest.mark.django_db


def client_of(user: Any) -> Client:
    key = make_key(user, "direct")
    return Client(headers={"Authorization": f"Bearer {key}", "Accept-Language": "en"})


def upload(client: Client, batch_id: int, **more: str) -> Any:
    file = SimpleUploadedFile("own.csv", shop_table())
    return client.post(f"/api/v1/batches/{batch_id}/source", {"file": file, "format": "table", **more})


def test_a_table_is_looked_into_mapped_and_read(cast: Cast) -> None:
    api, batch = client_of(cast.aya), new_batch(cast)
    looked = upload(api, batch.pk)
    assert looked.status_code == 202, looked.content
    run_pending()
    facts = api.get(f"/api/v1/imports/{looked.json()['id']}").json()["facts"]
    assert (facts["header"], facts["header_row"], facts["encoding"]) == (list(HEADER), 1, "cp932")
    assert facts["columns"][0]["unique"]
    made = upload(api, batch.pk, mapping=json.dumps(mapping()))
    run_pending()
    found = api.get(f"/api/v1/imports/{made.json()['id']}").json()
    saved = Mapping.objects.get()
    assert (found["state"], found["units"], found["mapping"]) == ("done", 3, saved.pk)
    other = new_batch(cast)
    made = upload(api, other.pk, mapping=str(saved.pk))
    run_pending()
    assert api.get(f"/api/v1/imports/{made.json()['id']}").json()["units"] == 3
    assert Mapping.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "field"),
    [("999", "mapping"), ("[1]", "mapping"), ("nonsense", "mapping"), ('{"columns": []}', "name")],
)
def test_a_mapping_that_cannot_be_used_is_named(cast: Cast, sent: str, field: str) -> None:
    refused = upload(client_of(cast.aya), new_batch(cast).pk, mapping=sent)
    assert refused.status_code == 422
    assert field in [one["field"] for one in refused.json()["fields"]]


def test_mappings_are_saved_and_listed_for_the_stores_director(cast: Cast) -> None:
    api, where = client_of(cast.aya), f"/api/v1/stores/{cast.store.pk}/mappings"
    body = mapping() | {"header": list(HEADER)}
    made = api.post(where, body, content_type="application/json")
    assert made.status_code == 201, made.content
    assert (made.json()["number"], made.json()["columns"][0]["header"]) == (1, "商品コード")
    assert made.json()["header_row"] == 1
    moved = api.post(where, body | {"header_row": 4, "name": "題名つき"}, content_type="application/json")
    assert (moved.status_code, moved.json()["header_row"]) == (201, 4)
    for row in (0, 1001, "4"):
        refused = api.post(where, body | {"header_row": row}, content_type="application/json")
        assert (refused.status_code, refused.json()["fields"][0]["field"]) == (422, "header_row")
    assert [one["id"] for one in api.get(where).json()["items"]] == [moved.json()["id"], made.json()["id"]]
    wrong = api.post(where, body | {"columns": [{"index": 77}]}, content_type="application/json")
    assert wrong.status_code == 422
    assert client_of(cast.dai).get(where).status_code == 403
    assert client_of(cast.emi).get(where).status_code == 404
