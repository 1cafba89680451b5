"""Answering a live region's GET: unchanged regions cost one cheap query and no rendering."""

import hashlib
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.template import engines
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language

from events.queries import last_position


def region_response(
    request: HttpRequest,
    topics: Iterable[str],
    template: str,
    make_context: Callable[[], dict[str, Any]],
) -> HttpResponse:
    """Renders `template` unless the browser has what its topics say is current (304).

    The tag is made of reader, language, address, template and the topics' last position, which is
    checked before `make_context` runs. Permission is the caller's: check it before.
    """
    tag = _tag(request.user, request.get_full_path(), template, topics)
    if request.headers.get("If-None-Match") == tag:
        return _private(HttpResponseNotModified(), tag)
    return _private(render(request, template, make_context()), tag)


def _tag(user: AbstractBaseUser | Any, path: str, template: str, topics: Iterable[str]) -> str:
    parts = [user.pk, get_language(), path, _fingerprint(template), last_position(sorted(topics))]
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:24]}"'


@lru_cache(maxsize=100)
def _fingerprint(template: str) -> str:
    """Changes with the release: of the template named, not of those it includes."""
    origin = engines["django"].get_template(template).origin  # type: ignore[attr-defined]  # Django templates only
    return hashlib.sha256(Path(origin.name).read_bytes()).hexdigest()[:12]


def _private(response: HttpResponse, tag: str) -> HttpResponse:
    response.headers["ETag"] = tag
    patch_cache_control(response, private=True, no_cache=True)
    return response
