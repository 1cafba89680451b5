"""`Authorization: Bearer <key>`, the only way in for programs."""

from django.utils import translation
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.domain import api_keys
from accounts.models import ApiKey, User
from kernel.clock import now


class ApiKeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        key = api_keys.recognise(parts[1].decode("latin-1"), now()) if len(parts) == 2 else None
        if key is None:
            raise AuthenticationFailed(_("This API key is not valid."), code="api_key_invalid")
        if "HTTP_ACCEPT_LANGUAGE" not in request.META:
            translation.activate(key.user.language)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="tencho"'
