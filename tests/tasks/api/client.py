"""A program that speaks with the API: one person's key, JSON in and out."""

import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from tests.factories import make_key

BASE = "/api/v1/"


class Api:
    """Paths are relative to `/api/v1/`; absolute ones (from `next` or `url`) are taken as they are."""

    def __init__(self, user: User | None, *scopes: str) -> None:
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {make_key(user, *scopes)}"} if user else {}

    def get(self, path: str, **headers: str) -> "Reply":
        return self._send("GET", path, b"", "", headers)

    def post(self, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> "Reply":
        if key is not None:
            headers["Idempotency-Key"] = key
        return self._send("POST", path, _encoded(body), "application/json", headers)

    def put(self, path: str, body: Any) -> "Reply":
        return self._send("PUT", path, _encoded(body), "application/json", {})

    def patch(self, path: str, body: Any) -> "Reply":
        return self._send("PATCH", path, _encoded(body), "application/json", {})

    def raw(self, method: str, path: str, data: bytes, content_type: str = "application/json") -> "Reply":
        return self._send(method, path, data, content_type, {})

    def upload(
        self, path: str, data: bytes, *, name: str = "products.csv", key: str | None = None, **fields: str
    ) -> "Reply":
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        file = SimpleUploadedFile(name, data, "text/csv")
        return Reply(self.client.post(_absolute(path), {"file": file, **fields}, headers=headers))

    def _send(self, method: str, path: str, data: bytes, content_type: str, more: dict[str, str]) -> "Reply":
        headers = {**self.headers, **more}
        answered = self.client.generic(
            method, _absolute(path), data, content_type or "application/octet-stream", headers=headers
        )
        return Reply(answered)


class Reply:
    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers = response.headers
        self.content: bytes = b"".join(response) if response.streaming else response.content

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str:
        """The problem's code."""
        assert self.headers["Content-Type"] == "application/problem+json", self.content[:500]
        found = self.json
        assert found["status"] == self.status
        assert found["title"]
        assert found["detail"]
        return str(found["code"])

    @property
    def fields(self) -> dict[str, str]:
        """Field → code."""
        return {one["field"]: one["code"] for one in self.json.get("fields", [])}

    def ok(self, status: int = 200) -> Any:
        assert self.status == status, (self.status, self.content[:2000])
        return self.json


def _absolute(path: str) -> str:
    return path if path.startswith("/") else BASE + path


def _encoded(body: Any) -> bytes:
    return b"" if body is None else json.dumps(body).encode()
