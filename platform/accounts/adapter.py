from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest
from qrcode import QRCode
from qrcode.image.svg import SvgPathImage

from accounts.domain.installation import installation
from accounts.models import User
from accounts.states import Language


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """By invitation, unless the operator has opened the door to everybody."""
        return installation().open_sign_up

    def new_user(self, request: HttpRequest) -> User:
        """Whoever signs up goes on in the language of that page, and is mailed in it."""
        user: User = super().new_user(request)
        user.language = Language.present()
        return user

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: str) -> str:
        """Failed attempts from somewhere else do not keep a person out: the network is part of the key."""
        key = super()._get_login_attempts_cache_key(request, **credentials)
        return f"{key}/{self.get_client_ip(request)}"


class SecondStepAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # as above
    def build_totp_svg(self, url: str) -> str:
        """Only what HTML takes inline: no XML declaration, no style attributes (CSP)."""
        code = QRCode(border=2)
        code.add_data(url)
        svg = code.make_image(image_factory=SvgPathImage).to_string(encoding="unicode")
        return str(svg)
