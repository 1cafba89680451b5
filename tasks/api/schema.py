"""The OpenAPI description: what every operation has in common is added here, once."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from tasks.api.bodies import Input
from tasks.api.problems import CONTENT_TYPE
from tasks.api.shapes import Problem

F = TypeVar("F", bound=Callable[..., Any])

KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]{1,200}$"},
    OpenApiParameter.HEADER,
    description="1 to 200 visible ASCII characters. The same key and body get the same answer for a week.",
)
PAGING = (
    OpenApiParameter("after", str, description="from `next` of the page before"),
    OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}),
)
REASONS = {
    400: "The request cannot be read.",
    401: "No valid API key.",
    403: "The key lacks the scope, or the person may not do this.",
    404: "Unknown, or none of the reader's business.",
    409: "Not in this state, or somebody was faster; `code` says which.",
    413: "Too large.",
    415: "Another Content-Type.",
    422: "Something in the request is wrong; `fields` says what.",
}


class TenchoSchema(AutoSchema):
    """Adds the header of repeatable requests and the answers for failures."""

    def is_excluded(self) -> bool:
        # Addresses also work with a slash at the end; they are described without.
        return bool(super().is_excluded()) or (self.path.endswith("/") and self.path != "/api/v1/schema/")

    def get_override_parameters(self) -> list[Any]:
        return [KEY] if self.method == "POST" else []

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").split("/")[0]]

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        number = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
        slug = {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"}
        kinds = {name: slug if name == "slug" else number for name in variables}
        return [{"in": "path", "name": name, "schema": kinds[name], "required": True} for name in variables]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        found: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._failures():
            response = OpenApiResponse(Problem, description=REASONS[status])
            found[str(status)] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                response, str(status), [CONTENT_TYPE], direction
            )
        return dict(sorted(found.items()))

    def _failures(self) -> Iterable[int]:
        yield from (401, 404, 422)
        if self.method != "GET":
            yield from (400, 403, 409, 413, 415)
        elif "{" in self.path:
            yield from (403, 409)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its metaclass is untyped
    target_class = "accounts.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "tencho_…"}


def operation(
    name: str,
    text: str,
    answers: dict[Any, Any],
    *,
    takes: Input | None = None,
    form: dict[str, Any] | None = None,
    query: Iterable[OpenApiParameter] = (),
) -> Callable[[F], F]:
    """Describes one method of a view. `takes`: its JSON body, `form`: its multipart body."""
    request: Any = {"application/json": takes.schema} if takes is not None else {}
    if form is not None:
        request["multipart/form-data"] = form
    decorate: Callable[[F], F] = extend_schema(
        operation_id=name, summary=text, responses=answers, request=request or None, parameters=list(query)
    )
    return decorate


def one_of(name: str, values: Iterable[str], text: str = "") -> OpenApiParameter:
    """A filter of the query string."""
    return OpenApiParameter(name, {"type": "string", "enum": list(values)}, description=text)
