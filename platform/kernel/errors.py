"""The four ways a request can fail. They know nothing of HTTP.

Concrete errors stand beside the function that raises them; the API and the pages map the
bases to an answer (403, 409, 422, 503) in one place each.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one field: `field` is its path, `code` is stable, `message` is for people."""

    field: str
    code: str
    message: Text


class TenchoError(Exception):
    """A failure with a stable `code` for programs and a translated `message` for people."""

    def __init__(self, code: str, message: Text, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.details = details

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class NotAllowed(TenchoError):
    """The person may see the thing but not do this with it."""


class RoleMissing(NotAllowed):
    def __init__(self) -> None:
        super().__init__("role_missing", _("Your role in this store does not allow this."))


class Missing(LookupError):
    """There is no such thing, or it is none of this person's business: both look alike (404)."""


class Conflict(TenchoError):
    """The thing is not in a state in which this can be done, or somebody was faster."""


class Invalid(TenchoError):
    """The input is wrong; `fields` names where."""

    def __init__(
        self, code: str, message: Text, *, fields: list[FieldProblem] | None = None, **details: Any
    ) -> None:
        super().__init__(code, message, **details)
        self.fields = fields or []


class Unavailable(TenchoError):
    """Not now: try again in a moment."""
