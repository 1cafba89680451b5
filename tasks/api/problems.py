"""Failures as RFC 9457 problem details: one place for the whole API."""

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions

from kernel.errors import Conflict, Invalid, NotAllowed, TenchoError, Text, Unavailable
from tasks.errors import Missing

CONTENT_TYPE = "application/problem+json"
BASES: tuple[tuple[type[TenchoError], int], ...] = (
    (NotAllowed, 403),
    (Conflict, 409),
    (Invalid, 422),
    (Unavailable, 503),
)
# What the frameworks raise: the status, our code, our words.
FOREIGN: tuple[tuple[tuple[type[Exception], ...], int, str, Text], ...] = (
    (
        (Missing, Http404, exceptions.NotFound),
        404,
        "not_found",
        _("There is nothing of yours at this address."),
    ),
    ((exceptions.NotAuthenticated,), 401, "not_authenticated", _("Send an API key: Authorization: Bearer …")),
    ((exceptions.AuthenticationFailed,), 401, "api_key_invalid", _("This API key is not valid.")),
    ((PermissionDenied, exceptions.PermissionDenied), 403, "not_allowed", _("This is not allowed to you.")),
    ((RequestDataTooBig,), 413, "too_large", _("The request is too large.")),
    (
        (exceptions.ParseError, BadRequest, MultiPartParserError, SuspiciousOperation, UnreadablePostError),
        400,
        "malformed",
        _("The request cannot be read."),
    ),
    (
        (exceptions.UnsupportedMediaType,),
        415,
        "unsupported_media_type",
        _("The body has another Content-Type than this address takes."),
    ),
    ((exceptions.MethodNotAllowed,), 405, "method_not_allowed", _("This address does not take this method.")),
    ((exceptions.NotAcceptable,), 406, "not_acceptable", _("Answers are JSON.")),
    ((exceptions.Throttled,), 429, "too_many_requests", _("Too many requests. Wait a moment.")),
    ((OperationalError,), 503, "database_busy", _("Many requests at this moment. Try again.")),
)

logger = logging.getLogger("tencho.api")


def problem_response(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """The answer to a failed request; None for what is nobody's input but a defect (500)."""
    found = _of_domain(error) if isinstance(error, TenchoError) else _of_framework(error)
    if found is None:
        return None
    status, body = found
    request = context.get("request")
    if request is not None:
        body["instance"] = request.path
    if isinstance(error, OperationalError):
        logger.warning("database busy at %s: %s", body.get("instance"), error)
    return _rendered(status, body, error)


def _of_domain(error: TenchoError) -> tuple[int, dict[str, Any]] | None:
    status = next((status for base, status in BASES if isinstance(error, base)), None)
    if status is None:
        return None
    body = problem(status, error.code, error.message)
    if isinstance(error, Invalid) and error.fields:
        body["fields"] = [
            {"field": found.field, "code": found.code, "message": str(found.message)}
            for found in error.fields
        ]
    return status, {**error.details, **body}


def _of_framework(error: Exception) -> tuple[int, dict[str, Any]] | None:
    for kinds, status, code, message in FOREIGN:
        if isinstance(error, kinds):
            return status, problem(status, code, message)
    return None


def problem(status: int, code: str, detail: Text) -> dict[str, Any]:
    return {
        "type": f"urn:tencho:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": str(detail),
        "code": code,
    }


def _rendered(status: int, body: dict[str, Any], error: Exception) -> HttpResponse:
    text = json.dumps(body, ensure_ascii=False, default=str)
    response = HttpResponse(text.encode("utf-8", "replace"), status=status, content_type=CONTENT_TYPE)
    # Set by the framework on its own errors: how to sign in, when to come back.
    if getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]  # looked at just above
    if getattr(error, "wait", None):
        response["Retry-After"] = str(int(error.wait))  # type: ignore[attr-defined]  # looked at just above
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = "1"
    return response
