"""Handing out a stored file, whole or in parts (RFC 9110, section 14)."""

import re
from hashlib import sha256
from typing import Any

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from tasks.errors import Missing
from tasks.models import Release

# Without a charset: a result is in the encoding of the shop's own file.
RESULT_TYPES = {"csv": "text/csv", "tsv": "text/tab-separated-values", "jsonl": "application/x-ndjson"}
# Amazon's tab separated files end so.
RESULT_TYPES["txt"] = "text/plain"
RESULT_TYPES["xlsx"] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

# A part is read into memory, so a longer range is answered with its beginning, as the standard allows.
PART_BYTES = 16 * 1024 * 1024
_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def ranged_response(
    request: HttpRequest, field_file: FieldFile, name: str, content_type: str
) -> HttpResponseBase:
    """The file as an attachment called `name`: 200 whole, 206 a part of at most 16 MB, 416 beyond its end.

    A stored file never changes under its name, which therefore makes its tag. Several ranges at once are
    answered with the whole file. `Missing` if the file is gone from the storage.
    """
    tag = f'"{sha256(str(field_file.name).encode()).hexdigest()[:24]}"'
    try:
        size, file = field_file.size, field_file.open("rb")
    except FileNotFoundError as gone:
        raise Missing from gone
    asked = _ONE_RANGE.fullmatch(request.headers.get("Range", "").strip())
    if asked is None or asked.groups() == ("", "") or request.headers.get("If-Range", tag) != tag:
        whole = FileResponse(file, content_type=content_type, as_attachment=True, filename=name)
        return _marked(whole, tag)
    with file:
        part = _part(file, size, asked[1], asked[2], content_type)
    part.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return _marked(part, tag)


def result_response(request: HttpRequest, release: Release) -> HttpResponseBase:
    """A finished result file, see `ranged_response`."""
    content_type = RESULT_TYPES[release.name.rsplit(".", 1)[-1]]
    return ranged_response(request, release.file, release.name, content_type)


def _part(file: Any, size: int, first: str, last: str, content_type: str) -> HttpResponse:
    """The bytes from `first` to `last`, both included; without `first` the last so many."""
    if first:
        start, end = int(first), min(int(last) if last else size - 1, size - 1)
    else:
        start, end = max(size - int(last), 0), size - 1
    if start > end:
        refused = HttpResponse(status=416, content_type=content_type)
        refused.headers["Content-Range"] = f"bytes */{size}"
        return refused
    end = min(end, start + PART_BYTES - 1)
    file.seek(start)
    response = HttpResponse(file.read(end - start + 1), status=206, content_type=content_type)
    response.headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    return response


def _marked(response: HttpResponseBase, tag: str) -> HttpResponseBase:
    response.headers["ETag"] = tag
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Cache-Control"] = "private, no-transform"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
