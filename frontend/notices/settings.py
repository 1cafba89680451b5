"""What a person hears of by e-mail, and how often."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from frontend.context import shell
from kernel.clock import now
from notify.domain import preferences
from notify.domain.refusals import refused_address
from notify.kinds import ACCOUNT, BATCHES, GROUPS, KINDS, REVIEW, WORK
from notify.states import Email


@login_required
def page(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if request.method == "POST":
        chosen = {name: request.POST[name] for name in preferences.of_person(user) if name in request.POST}
        preferences.choose(emails=chosen, by=user, now=now())
        messages.success(request, _("Saved."))
        return redirect("notice_settings")
    context = {"groups": _groups(request, user), "refused": refused_address(user)}
    return render(request, "notices/settings.html", context)


def _groups(request: HttpRequest, user: Any) -> list[dict[str, Any]]:
    """Only of what the person does here; the rest keeps its defaults."""
    roles = shell(request)["shell"]
    mine = {WORK: roles["works"], REVIEW: roles["reviews"], BATCHES: roles["directs"], ACCOUNT: True}
    present = preferences.of_person(user)
    groups = []
    for group, label in GROUPS.items():
        rows = [_row(name, present[name]) for name in present if KINDS[name].group == group]
        if mine[group] and rows:
            groups.append({"label": label, "rows": rows, "kept": any(row["kept"] for row in rows)})
    return groups


def _row(name: str, email: str) -> dict[str, Any]:
    kind, allowed = KINDS[name], preferences.choices_of(name)
    return {
        "name": name,
        "label": kind.label,
        "icon": kind.icon,
        "kept": kind.kept,
        "email": email,
        "choices": [(value, label) for value, label in Email.choices if value in allowed],
    }
