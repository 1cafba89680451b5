"""Forms about people: invitations, memberships, links of a pool, and joining with a new account."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.states import Role
from kernel.errors import Conflict, Invalid
from workers.domain.pool_links import DAYS_MOST, MOST

ROLE_HINTS = {
    Role.DIRECTOR: _("Posts work, takes results, invites people."),
    Role.REVIEWER: _("Decides what is handed in."),
    Role.STAFF: _("Takes and hands in the store's own work."),
}


class DomainForm(forms.Form):
    """A form whose last word has the domain: its refusals stand beside the fields."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if not isinstance(field.widget, forms.RadioSelect):
                field.widget.attrs.setdefault("class", "form-control")

    def take(self, wrong: Invalid | Conflict) -> None:
        if isinstance(wrong, Conflict):
            self.add_error(None, str(wrong.message))
            return
        for found in wrong.fields:
            self.add_error(found.field if found.field in self.fields else None, str(found.message))


class LastDay(forms.DateField):
    """A day; becomes the moment at which it is over for the reader."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Until (optional)"),
            required=False,
            help_text=_("The last day. Without one there is no end."),
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        )

    def clean(self, value: Any) -> Any:
        day: date | None = super().clean(value)
        if day is None:
            return None
        if day >= date.max - timedelta(days=2):
            raise forms.ValidationError(_("Choose an earlier day."))
        return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


def role_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Role"), choices=Role.choices, initial=Role.STAFF, widget=forms.RadioSelect()
    )


class MemberForm(DomainForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = role_field()
        self.fields["until"] = LastDay()
        self.fields["until"].widget.attrs["class"] = "form-control"

    def roles(self) -> list[tuple[str, Any, Any, bool]]:
        """Each role with its words, and whether it is the chosen one."""
        chosen = self["role"].value()
        return [(value, label, ROLE_HINTS[Role(value)], value == chosen) for value, label in Role.choices]


class InviteForm(MemberForm):
    email = forms.EmailField(
        label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )


class LinkForm(DomainForm):
    name = forms.CharField(
        label=_("What is it for?"), max_length=100, help_text=_("For example where you share it.")
    )
    most = forms.IntegerField(label=_("For how many people"), min_value=1, max_value=MOST, initial=10)
    days = forms.IntegerField(label=_("For how many days"), min_value=1, max_value=DAYS_MOST, initial=14)


class JoinForm(DomainForm):
    """An account for whoever was invited. `email` only where the invitation does not say it."""

    name = forms.CharField(
        label=_("Your name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters."),
    )

    def __init__(self, *args: Any, invited: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._invited = invited
        if invited:
            del self.fields["email"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        email = self._invited or data.get("email", "")
        if data.get("password"):
            try:
                validate_password(data["password"], User(email=email, name=data.get("name", "")))
            except forms.ValidationError as weak:
                self.add_error("password", weak)
        return {**data, "email": email}


class ShopForm(DomainForm):
    company = forms.CharField(
        label=_("Company"), max_length=200, help_text=_("Who contracts and pays: a company or your own name.")
    )
    name = forms.CharField(
        label=_("Name of the shop"), max_length=200, help_text=_("You can add further shops later.")
    )


class ProfileForm(DomainForm):
    introduction = forms.CharField(
        label=_("About you (optional)"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What you are good at. Companies whose pool you join can read it."),
    )
