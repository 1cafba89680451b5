"""The line of each kind of notice, in the language of whoever reads. The rest of a kind is in `kinds`."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TEXTS: dict[str, Promise] = {
    "changes_requested": _("“%(product)s” was returned to you with comments."),
    "window_ending": _("“%(product)s”: %(hours)s hours are left to change it."),
    "window_ended": _("The time to change “%(product)s” is over. It is decided as it stands."),
    "approved": _("“%(product)s” was approved."),
    "corrected": _("“%(product)s” was approved with a small correction."),
    "approval_undone": _("The approval of “%(product)s” was taken back. It is being reviewed again."),
    "second_person": _("A correction in “%(product)s” waits for a second person."),
    "rejected": _("“%(product)s” was rejected. The reason is with the work."),
    "lease_ending": _("Your time for “%(product)s” is nearly over: %(hours)s hours are left."),
    "expired": _("Your time for “%(product)s” ran out. Your draft is kept, and you can still hand it in."),
    "report_answered": _("The store answered your report about “%(product)s”. The task is yours again."),
    "report_settled": _("The store agrees that “%(product)s” cannot be done. Your share is paid."),
    "freed": _("The store took “%(product)s” back from you. The reason is with the work."),
    "review_due": _("“%(product)s” waits for review: %(percent)d %% of the time has passed."),
    "unseen": _("An answer of “%(batch)s” was approved by silence. Look at it before you use it."),
    "report_received": _("A worker reports that “%(product)s” cannot be done."),
    "paused": _("“%(batch)s” was paused by itself. Nobody can take work from it until you look."),
    "deadline_near": _("“%(batch)s” closes within a day."),
    "closed": _("“%(batch)s” was closed."),
    "completed": _("“%(batch)s” is complete. The results are ready to take."),
    "manual_changed": _("The manual of “%(product)s” was corrected. Your task and what you typed are kept."),
    "set_aside": _("“%(batch)s”: the manual was wrong. Your answers are paid in full: %(n)d."),
    "pilot_decided": _("The pilot of “%(batch)s” is decided. The rest waits for your word."),
    "repair_done": _("The manual of “%(batch)s” is corrected, and the work goes on."),
    "repair_failed": _("Correcting the manual of “%(batch)s” broke off. The batch is paused."),
    "question_asked": _("A question about “%(batch)s”: %(text)s"),
    "question_answered": _("Your question about “%(batch)s” was answered: %(text)s"),
    "import_landed": _("The file for “%(batch)s” was read."),
    "import_failed": _("The file for “%(batch)s” could not be read."),
    "release_done": _("A result file of “%(batch)s” is ready."),
    "release_failed": _("A result file of “%(batch)s” could not be written."),
    "later_check_done": _("Your check at %(store)s: %(looked_at)d answers looked at, %(failing)d fail."),
    "later_check_failed": _("Your check at %(store)s broke off on our side."),
    "invited": _("%(who)s invites you to “%(store)s”."),
    "signed_in": _("Somebody signed in to your account from a browser that was not used before."),
    "member_ending": _("Your time at “%(store)s” ends on %(day)s."),
    "mail_refused": _("Mail to %(address)s was refused. You hear of everything here, but not by e-mail."),
}


class _Unknown(int):
    """Fits `%(n)d` and `%(name)s` alike."""

    def __str__(self) -> str:
        return "–"


class _Known(dict[str, Any]):
    """A kind may have got a new parameter after a notice was written."""

    def __missing__(self, name: str) -> _Unknown:
        return _Unknown()


def fill(text: str, params: Mapping[str, Any]) -> str:
    return text % _Known(params)


def words(kind: str, params: Mapping[str, Any]) -> str:
    text = TEXTS.get(kind)
    return fill(str(text), params) if text is not None else kind


def place(params: Mapping[str, Any]) -> str:
    """Where it happened, as far as the words do not say so: they name the product or the batch."""
    return whole_place(params) if "product" in params else str(params.get("store", ""))


def whole_place(params: Mapping[str, Any]) -> str:
    """The shop and the batch that a notice is about."""
    return " › ".join(str(params[name]) for name in ("store", "batch") if params.get(name))
