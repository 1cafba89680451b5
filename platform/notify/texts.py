"""The words of each kind of notice, in the language of whoever reads."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TEXTS: dict[str, Promise] = {
    "changes_requested": _("“%(product)s” was returned to you with comments."),
    "approved": _("“%(product)s” was approved."),
    "rejected": _("“%(product)s” was rejected. The reason is with the work."),
    "expired": _("Your time for “%(product)s” ran out. Your draft is kept, and you can still hand it in."),
    "window_ended": _("The time to change “%(product)s” is over. It is decided as it stands."),
    "review_due": _("“%(product)s” waits for review: %(percent)d %% of the time has passed."),
    "unseen": _("An answer of “%(batch)s” was approved by silence. Look at it before you use it."),
    "deadline_near": _("“%(batch)s” closes within a day."),
    "closed": _("“%(batch)s” was closed."),
    "completed": _("“%(batch)s” is complete. The results are ready to take."),
    "import_landed": _("The file for “%(batch)s” was read."),
    "import_failed": _("The file for “%(batch)s” could not be read."),
    "release_done": _("A result file of “%(batch)s” is ready."),
    "release_failed": _("A result file of “%(batch)s” could not be written."),
}


def words(kind: str, params: Mapping[str, Any]) -> str:
    text = TEXTS.get(kind)
    return str(text) % params if text is not None else kind
