"""What all views of the API share: who asks, with which scope, and the same answer to the same POST."""

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import ApiKey, User
from jobs import idempotency
from jobs.idempotency import StoredAnswer
from kernel.errors import FieldProblem, Invalid, NotAllowed, TenchoError
from tasks.api.bodies import MAX_FRAME, Body
from tasks.api.problems import problem_response

Handler = Callable[..., HttpResponse]


class ScopeMissing(NotAllowed):
    def __init__(self, scope: str) -> None:
        super().__init__("scope_missing", _("This API key has not the scope for this."), scope=scope)


def answer(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    text = json.dumps(data, ensure_ascii=False, default=str)
    return HttpResponse(text, status=status, content_type="application/json", headers=headers)


class ApiView(APIView):
    """Handlers return finished answers: the framework's negotiation and rendering are left out.

    `scopes`: method → the scope its key needs besides being valid. `max_file`: bytes an upload may have.
    """

    scopes: ClassVar[Mapping[str, str]] = {}
    max_file: ClassVar[int] = 0
    body: Body

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.perform_authentication(request)
        self.check_permissions(request)
        self._check_scope(request)
        self._refuse_large_file(request)
        self.body = Body(request._request)
        if request.method == "POST" and "Idempotency-Key" in request.headers and hasattr(self, "post"):
            # The framework looks the handler up after this method.
            setattr(self, "post", self._once(getattr(self, "post")))  # noqa: B009, B010  # only some views have it

    def _check_scope(self, request: Request) -> None:
        scope = self.scopes.get(request.method or "")
        if scope:
            self.require(scope)

    def require(self, scope: str) -> None:
        """Raises `ScopeMissing` unless the key has the scope."""
        if scope not in self.key.scopes:
            raise ScopeMissing(scope)

    def _refuse_large_file(self, request: Request) -> None:
        """Before a byte of the body is read."""
        size = request.META.get("CONTENT_LENGTH") or "0"
        if self.max_file and size.isdigit() and int(size) > self.max_file + MAX_FRAME:
            message = _("The file is too large: at most %(size)d MB.") % {"size": self.max_file // 1024**2}
            problem = FieldProblem("file", "file_too_big", message)
            raise Invalid("request_invalid", message, fields=[problem])

    def _once(self, handler: Handler) -> Handler:
        """The handler, answering a repeated Idempotency-Key with the first answer."""

        def post(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
            def produce() -> StoredAnswer:
                # Refusals are answers too, and what they wrote (a text kept beside a draft) must stay.
                try:
                    response = handler(request, *args, **kwargs)
                except Exception as error:
                    response = self.handle_exception(error)
                    if response.status_code >= 500:
                        raise
                return _stored(response)

            first = idempotency.run_once(
                user_id=self.user.pk,
                key=request.headers["Idempotency-Key"],
                fingerprint=idempotency.fingerprint("POST", request.get_full_path(), self.body.digest()),
                produce=produce,
                refuse=self._refusal,
            )
            return HttpResponse(first.body, status=first.status, headers=first.headers)

        return post

    def _refusal(self, error: TenchoError) -> StoredAnswer:
        response = problem_response(error, {"request": self.request})
        assert response is not None, "every base has a status"
        return _stored(response)

    @property
    def key(self) -> ApiKey:
        key: Any = self.request.auth
        assert isinstance(key, ApiKey), "the only way in"
        return key

    @property
    def user(self) -> User:
        user = self.request.user
        assert isinstance(user, User), "checked before any handler runs"
        return user


def _stored(response: HttpResponse) -> StoredAnswer:
    return StoredAnswer(response.status_code, response.content, dict(response.headers))
