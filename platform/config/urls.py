from allauth.account import views as sign_in
from allauth.mfa.base import views as second_step
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.usersessions import views as sessions
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from frontend.people.security import own_passkey, with_its_mail, with_readable_passkeys
from kernel import ids  # noqa: F401  # registers `id`

# Only what Tencho uses of allauth. Addresses are changed by a flow of our own (accounts.domain.email_change).
accounts = [
    path("login/", sign_in.login, name="account_login"),
    path("logout/", sign_in.logout, name="account_logout"),
    path("signup/", with_its_mail(sign_in.signup), name="account_signup"),
    path("inactive/", sign_in.account_inactive, name="account_inactive"),
    path("reauthenticate/", sign_in.reauthenticate, name="account_reauthenticate"),
    path("password/change/", with_its_mail(sign_in.password_change), name="account_change_password"),
    path("password/set/", with_its_mail(sign_in.password_set), name="account_set_password"),
    path("password/reset/", with_its_mail(sign_in.password_reset), name="account_reset_password"),
    path("password/reset/done/", sign_in.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        with_its_mail(sign_in.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        sign_in.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("confirm-email/<str:key>/", sign_in.confirm_email, name="account_confirm_email"),
    path("2fa/", RedirectView.as_view(pattern_name="security"), name="mfa_index"),
    path("2fa/authenticate/", with_readable_passkeys(second_step.authenticate), name="mfa_authenticate"),
    path("2fa/reauthenticate/", second_step.reauthenticate, name="mfa_reauthenticate"),
    path("2fa/totp/activate/", with_its_mail(totp.activate_totp), name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", with_its_mail(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "2fa/recovery-codes/generate/",
        with_its_mail(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path("2fa/passkeys/", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path(
        "2fa/passkeys/add/",
        with_its_mail(with_readable_passkeys(passkeys.add_webauthn)),
        name="mfa_add_webauthn",
    ),
    path("2fa/passkeys/login/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path(
        "2fa/passkeys/reauthenticate/",
        with_readable_passkeys(passkeys.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        "2fa/passkeys/<id:pk>/remove/",
        own_passkey(with_its_mail(passkeys.remove_webauthn)),
        name="mfa_remove_webauthn",
    ),
    path("2fa/passkeys/<id:pk>/edit/", own_passkey(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
    path("sessions/", sessions.list_usersessions, name="usersessions_list"),
]

urlpatterns = [
    path("accounts/", include(accounts)),
    path("api/v1/", include("tasks.api.urls")),
    path("", include("frontend.urls")),
]
