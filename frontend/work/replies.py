"""Answers to the pages' scripts."""

from typing import Any

from django.http import JsonResponse

from frontend.middleware import STATUS
from kernel.errors import Invalid, TenchoError


def problem_json(error: TenchoError) -> JsonResponse:
    """A refusal as JSON: stable code, sentence in the reader's language, details."""
    status = next(status for base, status in STATUS if isinstance(error, base))
    body: dict[str, Any] = {"code": error.code, "message": str(error.message), **error.details}
    if isinstance(error, Invalid):
        body["fields"] = [{"field": p.field, "code": p.code, "message": str(p.message)} for p in error.fields]
    return JsonResponse(body, status=status)
