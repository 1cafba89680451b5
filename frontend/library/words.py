"""The words that the editor's script shows, in the reader's language."""

from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tasks.answers.check_kinds import FITS
from tasks.domain.template_words import CHECK_KINDS, FIELD_KINDS, INPUT_KINDS


def builder_words() -> dict[str, Any]:
    return {
        "language": (get_language() or "ja")[:2],
        "fieldKinds": {kind: str(text) for kind, text in FIELD_KINDS.items()},
        "checkKinds": {kind: str(text) for kind, text in CHECK_KINDS.items()},
        "inputKinds": {kind: str(text) for kind, text in INPUT_KINDS.items()},
        # Which kinds of field each check fits.
        "fits": {kind.value: sorted(field.value for field in fields) for kind, fields in FITS.items()},
        "saved": _("Saved {time}"),
        "saving": _("Saving…"),
        "unsaved": _("Not saved yet"),
        "offline": _("Offline – kept in this browser"),
        "signedOut": _("Signed out – kept in this browser"),
        "refused": _("Not saved"),
        "conflict": _("Choose a version – not saved yet"),
        "nothing": _("Nothing changed yet"),
        "unnamed": _("(without a name)"),
        "moved": _("“{name}” is now number {place} of {count}."),
        "deleted": _("“{name}” was deleted."),
        "restored": _("“{name}” is back."),
        "added": _("“{name}” was added."),
        "badName": _("Use small letters, digits and _, starting with a letter; each name once."),
        "column": _("{rows} → {column}"),
        "answer": _("Answer"),
        "choice": _("Choice {n}"),
        "required": _("must be filled in"),
        "conditional": _("only sometimes asked"),
        "whole": _("Template"),
        "sections": {
            "title": _("Name"),
            "summary_ja": _("Name"),
            "summary_en": _("Name"),
            "manual_ja": _("Manual (Japanese)"),
            "manual_en": _("Manual (English)"),
            "inputs": _("What is shown"),
            "form": _("Answer form"),
            "checks": _("Checks"),
            "checklist": _("Checklist"),
            "defaults": _("Usual terms"),
        },
        "badJson": _("This is no JSON object of a template: {reason}"),
        "uploading": _("Uploading…"),
        "uploadFailed": _("The picture could not be uploaded."),
        "savedBy": _("{name} saved it at {time}."),
        "ready": _("Ready to be published"),
        "problems": _("{n} to mend before publishing"),
        "previewFailed": _("The preview could not be loaded."),
        "publishFirst": _("Wait until everything is saved."),
        "newest": _(
            "Version {n} came in between. Look at what it changed, then publish again if yours is right."
        ),
    }
