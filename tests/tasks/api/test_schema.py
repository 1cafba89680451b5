"""The description of the API is valid, and the API keeps to it whatever it is sent."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from jobs.runner import run_pending
from kernel.clock import now
from tasks.api.urls import ROUTES
from tasks.domain import claim, releases
from tests import factories
from tests.factories import Cast
from tests.tasks.api.client import Api

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]


def test_schema_names_every_route(db: None) -> None:
    found = Api(None).get("schema/?format=json")
    assert found.status == 200
    described = {path.removeprefix("/api/v1/") for path in found.json["paths"]}
    assert described == {re.sub(r"<\w+:(\w+)>", r"{\1}", route) for route in ROUTES}


def test_schema_is_openapi_31(db: None) -> None:
    document = Api(None).get("schema/?format=json").json
    assert document["openapi"].startswith("3.1")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert operation["operationId"], where
            assert "401" in operation["responses"], where
            headers = [one["name"] for one in operation.get("parameters", []) if one["in"] == "header"]
            assert ("Idempotency-Key" in headers) == (method == "post"), where
    for component in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(component)


@pytest.fixture
def described(db: None) -> Iterator[Any]:
    # The test's transaction lives on this connection, as with Django's own test client.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/v1/schema/", get_wsgi_application())
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.fixture
def shop(cast: Cast) -> dict[str, Any]:
    """A director who works along, and one thing of every kind for the addresses."""
    batch = factories.make_batch(cast, count=6)
    moment = now()
    factories.make_approved(batch, cast.ben, cast.dai)
    waiting = factories.make_submission(batch, cast.ben)
    held = claim.claim_next(batch_id=batch.pk, by=cast.aya, now=moment)
    picture = factories.make_upload(cast.aya)
    result = releases.request_release(batch_id=batch.pk, format="update", by=cast.aya, now=moment)
    run_pending()
    return {
        "headers": {"Authorization": f"Bearer {factories.make_key(cast.aya)}"},
        "ids": {
            "store_id": cast.store.pk,
            "slug": "new-listing",
            "batch_id": batch.pk,
            "import_id": batch.imports.get().pk,
            "task_id": held.task_id,
            "assignment_id": held.pk,
            "submission_id": waiting.pk,
            "upload_id": picture.pk,
            "result_id": result.pk,
        },
    }


TAGS = sorted({route.split("/")[0] for route in ROUTES})


@pytest.mark.parametrize("tag", TAGS)
def test_whatever_is_sent_is_answered_as_described(tag: str, described: Any, shop: dict[str, Any]) -> None:
    for found in described.get_all_operations():
        operation = found.ok()
        if operation.path.split("/")[3] == tag:
            _try(operation, shop)


def _try(operation: Any, shop: dict[str, Any]) -> None:
    """Good and bad requests, to things that exist and to ones that do not."""
    names = [name for name in shop["ids"] if f"{{{name}}}" in operation.path]
    real = {name: shop["ids"][name] for name in names}
    requests = [
        operation.as_strategy(GenerationMode.POSITIVE, path_parameters=real),
        operation.as_strategy(GenerationMode.NEGATIVE, path_parameters=real),
        operation.as_strategy(GenerationMode.POSITIVE),
    ]

    @settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=st.one_of(requests))
    def answered(case: Any) -> None:
        # Unknown names in a query string are nobody's harm and pass.
        strict = [] if case.query else [negative_data_rejection]
        case.call_and_validate(headers=shop["headers"], checks=[*CHECKS, *strict])

    answered()
