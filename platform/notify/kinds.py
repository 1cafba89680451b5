"""Every kind of notice: its mail, how urgent it is, and what a person may choose. Its line is in `texts`."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from notify.states import Email

Plural = Any  # what `ngettext_lazy` makes; filled with `% {"count": n}`

# Whom a kind is for: the order of the settings page.
WORK, REVIEW, BATCHES, ACCOUNT = "work", "review", "batches", "account"
GROUPS: dict[str, Promise] = {
    WORK: _("Work I have taken"),
    REVIEW: _("Answers to review"),
    BATCHES: _("Batches of my stores"),
    ACCOUNT: _("Me and my account"),
}

_OPEN_WORK, _OPEN_BATCH = _("Open the work"), _("Open the batch")
_TAKE_RESULTS = _("To the results")


@dataclass(frozen=True)
class Kind:
    """`label` names it on the settings page, `many` is the subject of several in one mail.

    `urgent`: mailed at once instead of collected for some minutes. `kept`: time or money runs, or the account
    is at risk, so it may come once a day but never not at all. `starts_clock`: a clock waits until this was
    handed over.
    """

    icon: str
    group: str
    label: Promise | str
    subject: Promise | str
    many: Plural
    body: Promise | str
    action: Promise | str
    email: Email = Email.NOW
    urgent: bool = False
    kept: bool = False
    starts_clock: bool = False
    choosable: bool = True


KINDS: dict[str, Kind] = {
    "changes_requested": Kind(
        icon="arrow-back-up",
        group=WORK,
        label=_("My work is returned with comments"),
        subject=_("Returned: %(product)s"),
        many=ngettext_lazy("%(count)d answer was returned", "%(count)d answers were returned", "count"),
        body=_(
            "Read the comments, change your answer and hand it in again. You have %(days)s days from the "
            "moment this notice reaches you. If you do nothing, your answer is decided as it stands."
        ),
        action=_("Read the comments"),
        urgent=True,
        kept=True,
        starts_clock=True,
    ),
    "window_ending": Kind(
        icon="hourglass",
        group=WORK,
        label=_("The time to change returned work is nearly over"),
        subject=_("%(hours)s hours left: %(product)s"),
        many=ngettext_lazy(
            "The time to change %(count)d answer is nearly over",
            "The time to change %(count)d answers is nearly over",
            "count",
        ),
        body=_("Hand it in again before the time is over. Your draft is kept in any case."),
        action=_OPEN_WORK,
        urgent=True,
        kept=True,
    ),
    "window_ended": Kind(
        icon="hourglass-off",
        group=WORK,
        label=_("The time to change returned work is over"),
        subject=_("Decided as it stands: %(product)s"),
        many=ngettext_lazy(
            "%(count)d answer is decided as it stands", "%(count)d answers are decided as they stand", "count"
        ),
        body=_("You need to do nothing more. You will hear how your last answer was decided."),
        action=_OPEN_WORK,
        email=Email.DAILY,
    ),
    "approved": Kind(
        icon="check",
        group=WORK,
        label=_("My work is approved"),
        subject=_("Approved: %(product)s"),
        many=ngettext_lazy("%(count)d answer was approved", "%(count)d answers were approved", "count"),
        body=_("Thank you for your work. The reward is entered in your work."),
        action=_OPEN_WORK,
        email=Email.DAILY,
    ),
    "corrected": Kind(
        icon="edit",
        group=WORK,
        label=_("My work is approved with a correction"),
        subject=_("Approved with a correction: %(product)s"),
        many=ngettext_lazy(
            "%(count)d answer was approved with a correction",
            "%(count)d answers were approved with a correction",
            "count",
        ),
        body=_("The reviewer corrected a small thing. You are paid in full; the page shows what changed."),
        action=_OPEN_WORK,
        email=Email.DAILY,
    ),
    "approval_undone": Kind(
        icon="arrow-back-up",
        group=WORK,
        label=_("An approval is taken back"),
        subject=_("Reviewed again: %(product)s"),
        many=ngettext_lazy(
            "%(count)d approval was taken back", "%(count)d approvals were taken back", "count"
        ),
        body=_("The reviewer approved it by mistake and took that back within a minute. Nothing is decided."),
        action=_OPEN_WORK,
        email=Email.DAILY,
    ),
    "second_person": Kind(
        icon="users",
        group=REVIEW,
        label=_("A corrected price or address waits for a second person"),
        subject=_("Waits for a second person: %(product)s"),
        many=ngettext_lazy(
            "%(count)d correction waits for a second person",
            "%(count)d corrections wait for a second person",
            "count",
        ),
        body=_("It is approved and paid, but stays out of your files until you have accepted it."),
        action=_("Look at it"),
        kept=True,
    ),
    "rejected": Kind(
        icon="x",
        group=WORK,
        label=_("My work is rejected"),
        subject=_("Rejected: %(product)s"),
        many=ngettext_lazy("%(count)d answer was rejected", "%(count)d answers were rejected", "count"),
        body=_("The reviewer had to name a point of the manual or of the checks. You find it with the work."),
        action=_("Read the reason"),
    ),
    "lease_ending": Kind(
        icon="clock",
        group=WORK,
        label=_("My time for a task is nearly over"),
        subject=_("%(hours)s hours left: %(product)s"),
        many=ngettext_lazy(
            "Your time for %(count)d task is nearly over",
            "Your time for %(count)d tasks is nearly over",
            "count",
        ),
        body=_(
            "Go on with the task or extend your time. Otherwise it is offered to others; your draft is kept."
        ),
        action=_OPEN_WORK,
        urgent=True,
        kept=True,
    ),
    "expired": Kind(
        icon="clock-off",
        group=WORK,
        label=_("My time for a task ran out"),
        subject=_("Time ran out: %(product)s"),
        many=ngettext_lazy(
            "Your time for %(count)d task ran out", "Your time for %(count)d tasks ran out", "count"
        ),
        body=_("You can still hand it in. If somebody else has taken it by then, it is kept as late work."),
        action=_OPEN_WORK,
    ),
    "report_answered": Kind(
        icon="message-check",
        group=WORK,
        label=_("My report is answered"),
        subject=_("Answered: %(product)s"),
        many=ngettext_lazy("%(count)d report was answered", "%(count)d reports were answered", "count"),
        body=_("Read how to go on. Your time for the task has begun anew."),
        action=_OPEN_WORK,
        urgent=True,
        kept=True,
    ),
    "report_settled": Kind(
        icon="circle-check",
        group=WORK,
        label=_("A task I reported is settled"),
        subject=_("Settled: %(product)s"),
        many=ngettext_lazy("%(count)d report was settled", "%(count)d reports were settled", "count"),
        body=_("You need to do nothing more, and it does not count against you."),
        action=_OPEN_WORK,
        email=Email.DAILY,
    ),
    "freed": Kind(
        icon="hand-off",
        group=WORK,
        label=_("The store takes a task back from me"),
        subject=_("Taken back: %(product)s"),
        many=ngettext_lazy("%(count)d task was taken back", "%(count)d tasks were taken back", "count"),
        body=_("What you typed is kept with the work, and it does not count against you."),
        action=_("Read the reason"),
        urgent=True,
    ),
    "review_due": Kind(
        icon="checks",
        group=REVIEW,
        label=_("Answers wait for review"),
        subject=_("Waits for review: %(product)s"),
        many=ngettext_lazy("%(count)d answer waits for review", "%(count)d answers wait for review", "count"),
        body=_(
            "What nobody decides in time is approved by silence: it is paid, and it is not used before a "
            "person has looked at it."
        ),
        action=_("Review now"),
        kept=True,
        starts_clock=True,
    ),
    "unseen": Kind(
        icon="eye-off",
        group=BATCHES,
        label=_("Answers were approved by silence"),
        subject=_("Approved by silence: %(batch)s"),
        many=ngettext_lazy(
            "%(count)d answer was approved by silence", "%(count)d answers were approved by silence", "count"
        ),
        body=_("These answers are paid, but stay out of your files until somebody has looked at them."),
        action=_("Look at them"),
        email=Email.DAILY,
    ),
    "report_received": Kind(
        icon="flag",
        group=BATCHES,
        label=_("A worker reports that a task cannot be done"),
        subject=_("Cannot be done: %(product)s"),
        many=ngettext_lazy(
            "%(count)d task is reported as impossible", "%(count)d tasks are reported as impossible", "count"
        ),
        body=_(
            "Answer within two days from now. Without an answer the worker is paid a share and the task is "
            "left as it is."
        ),
        action=_OPEN_BATCH,
        kept=True,
        starts_clock=True,
    ),
    "paused": Kind(
        icon="player-pause",
        group=BATCHES,
        label=_("A batch pauses by itself"),
        subject=_("Paused: %(batch)s"),
        many=ngettext_lazy("%(count)d batch was paused", "%(count)d batches were paused", "count"),
        body=_("Something in this batch needs your look. What people hold waits; go on with one click."),
        action=_OPEN_BATCH,
        urgent=True,
        kept=True,
    ),
    "deadline_near": Kind(
        icon="calendar-due",
        group=BATCHES,
        label=_("A batch closes within a day"),
        subject=_("Closes within a day: %(batch)s"),
        many=ngettext_lazy(
            "%(count)d batch closes within a day", "%(count)d batches close within a day", "count"
        ),
        body=_("What nobody has taken by then is no longer offered. Work in hand may still be finished."),
        action=_OPEN_BATCH,
    ),
    "closed": Kind(
        icon="calendar-x",
        group=BATCHES,
        label=_("A batch closes by itself"),
        subject=_("Closed: %(batch)s"),
        many=ngettext_lazy("%(count)d batch was closed", "%(count)d batches were closed", "count"),
        body=_("Nothing more can be taken from it. What was handed in is reviewed as ever."),
        action=_OPEN_BATCH,
        email=Email.DAILY,
    ),
    "completed": Kind(
        icon="circle-check",
        group=BATCHES,
        label=_("A batch is complete"),
        subject=_("Complete: %(batch)s"),
        many=ngettext_lazy("%(count)d batch is complete", "%(count)d batches are complete", "count"),
        body=_("Every task is decided. Take the result file back to your shop."),
        action=_TAKE_RESULTS,
    ),
    "manual_changed": Kind(
        icon="book",
        group=WORK,
        label=_("The manual of work in my hands changes"),
        subject=_("Manual corrected: %(product)s"),
        many=ngettext_lazy("%(count)d manual was corrected", "%(count)d manuals were corrected", "count"),
        body=_("Your task and what you typed are kept. The task's page shows what has changed."),
        action=_OPEN_WORK,
        urgent=True,
    ),
    "set_aside": Kind(
        icon="book",
        group=WORK,
        label=_("The manual was wrong, and my work is paid"),
        subject=_("Paid in full: %(batch)s"),
        many=ngettext_lazy("%(count)d batch was corrected", "%(count)d batches were corrected", "count"),
        body=_(
            "The manual was wrong. Your answers are paid in full and count neither as rejected nor as "
            "returned. The tasks are offered again with the corrected manual."
        ),
        action=_OPEN_WORK,
    ),
    "question_answered": Kind(
        icon="messages",
        group=WORK,
        label=_("My question is answered"),
        subject=_("Answered: your question about %(batch)s"),
        many=ngettext_lazy("%(count)d question was answered", "%(count)d questions were answered", "count"),
        body=_("The answer is there for everybody who works on this batch."),
        action=_("Read the answer"),
        urgent=True,
    ),
    "question_asked": Kind(
        icon="messages",
        group=BATCHES,
        label=_("A worker asks a question"),
        subject=_("A question about %(batch)s"),
        many=ngettext_lazy("%(count)d question was asked", "%(count)d questions were asked", "count"),
        body=_("Your answer reaches everybody who works on this batch, and can go into the manual."),
        action=_("Answer"),
        urgent=True,
    ),
    "pilot_decided": Kind(
        icon="flask",
        group=BATCHES,
        label=_("A pilot is decided"),
        subject=_("Pilot decided: %(batch)s"),
        many=ngettext_lazy("%(count)d pilot is decided", "%(count)d pilots are decided", "count"),
        body=_("Look at how it went: go on with the rest, or correct the manual first."),
        action=_OPEN_BATCH,
        urgent=True,
    ),
    "repair_done": Kind(
        icon="circle-check",
        group=BATCHES,
        label=_("A manual is corrected"),
        subject=_("Manual corrected: %(batch)s"),
        many=ngettext_lazy("%(count)d manual is corrected", "%(count)d manuals are corrected", "count"),
        body=_("Received work is paid, the tasks concerned are open again."),
        action=_OPEN_BATCH,
    ),
    "repair_failed": Kind(
        icon="alert-triangle",
        group=BATCHES,
        label=_("Correcting a manual breaks off"),
        subject=_("Manual not corrected: %(batch)s"),
        many=ngettext_lazy("%(count)d correction broke off", "%(count)d corrections broke off", "count"),
        body=_("The batch is paused. Begin again on its page; what was done is kept."),
        action=_OPEN_BATCH,
        urgent=True,
        kept=True,
    ),
    "import_landed": Kind(
        icon="file-check",
        group=BATCHES,
        label=_("A file was read"),
        subject=_("File read: %(batch)s"),
        many=ngettext_lazy("%(count)d file was read", "%(count)d files were read", "count"),
        body=_("See which rows became tasks and which were refused."),
        action=_OPEN_BATCH,
    ),
    "import_failed": Kind(
        icon="file-x",
        group=BATCHES,
        label=_("A file of a batch could not be read"),
        subject=_("File not read: %(batch)s"),
        many=ngettext_lazy("%(count)d file was not read", "%(count)d files were not read", "count"),
        body=_("The page says what is wrong with the file and what to do. Nothing was changed."),
        action=_OPEN_BATCH,
    ),
    "release_done": Kind(
        icon="download",
        group=BATCHES,
        label=_("A result file is ready"),
        subject=_("Result ready: %(batch)s"),
        many=ngettext_lazy("%(count)d result file is ready", "%(count)d result files are ready", "count"),
        body=_("Download it and upload it to your shop. It changes only what the work was about."),
        action=_TAKE_RESULTS,
    ),
    "later_check_done": Kind(
        icon="list-search",
        group=BATCHES,
        label=_("A check I began has looked through all answers"),
        subject=_("Looked through: %(store)s"),
        many=ngettext_lazy("%(count)d check is finished", "%(count)d checks are finished", "count"),
        body=_("See which answers fail it, which of them are in uploaded files, and take those back."),
        action=_("See what was found"),
        email=Email.DAILY,
    ),
    "later_check_failed": Kind(
        icon="alert-triangle",
        group=BATCHES,
        label=_("A check I began broke off"),
        subject=_("Broke off: %(store)s"),
        many=ngettext_lazy("%(count)d check broke off", "%(count)d checks broke off", "count"),
        body=_("What was found so far can be read. Begin it again from one of the answers."),
        action=_("See what was found"),
        email=Email.DAILY,
    ),
    "release_failed": Kind(
        icon="file-x",
        group=BATCHES,
        label=_("A result file could not be written"),
        subject=_("Result not written: %(batch)s"),
        many=ngettext_lazy(
            "%(count)d result file was not written", "%(count)d result files were not written", "count"
        ),
        body=_("The page says why. The approved answers are all kept."),
        action=_TAKE_RESULTS,
    ),
    "invited": Kind(
        icon="user-plus",
        group=ACCOUNT,
        label=_("Somebody invites me"),
        subject=_("Invitation to “%(store)s”"),
        many=ngettext_lazy("%(count)d invitation", "%(count)d invitations", "count"),
        body=_(
            "You are invited as: %(role)s. Open the invitation to see what it is about. You join only when "
            "you accept it. Its link works once, until %(day)s."
        ),
        action=_("Open the invitation"),
        urgent=True,
    ),
    "signed_in": Kind(
        icon="shield-lock",
        group=ACCOUNT,
        label=_("A sign-in from a new browser"),
        subject=_("A sign-in from a new browser"),
        many=ngettext_lazy(
            "%(count)d sign-in from a new browser", "%(count)d sign-ins from new browsers", "count"
        ),
        body=_("If it was you, all is well. If not, sign the browser out and change your password."),
        action=_("Where I am signed in"),
        urgent=True,
        kept=True,
    ),
    "member_ending": Kind(
        icon="calendar-off",
        group=ACCOUNT,
        label=_("My time at a store is nearly over"),
        subject=_("Your time at “%(store)s” ends on %(day)s"),
        many=ngettext_lazy("%(count)d membership ends", "%(count)d memberships end", "count"),
        body=_(
            "Finish what you have in hand. What you did stays with you; a director can prolong your time."
        ),
        action=_("My stores and pools"),
    ),
    "mail_refused": Kind(
        icon="mail-x",
        group=ACCOUNT,
        label=_("My e-mail address is refused"),
        subject=_("Your e-mail address is refused"),
        many=ngettext_lazy("%(count)d mail was refused", "%(count)d mails were refused", "count"),
        body=_("Check your e-mail address."),
        action=_("Settings"),
        email=Email.OFF,
        choosable=False,
    ),
}

# A kind that this version does not know, of a newer process beside it.
_UNKNOWN = Kind(
    icon="bell",
    group=ACCOUNT,
    label="",
    subject=_("News in Tencho"),
    many=ngettext_lazy("%(count)d notice", "%(count)d notices", "count"),
    body="",
    action=_("Open"),
    email=Email.OFF,
    choosable=False,
)


def kind_of(name: str) -> Kind:
    return KINDS.get(name, _UNKNOWN)


def why_kept(kind: Kind) -> Promise:
    """Why a kept kind cannot be switched off, for whoever would like to."""
    if kind.group == ACCOUNT:
        return _("It is about the safety of your account, so this kind of mail cannot be switched off.")
    return _("Work or money depends on it, so this kind of mail cannot be switched off.")
