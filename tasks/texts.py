"""Stored codes put into words, in the language of whoever reads."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from exchange.errors import describe


def import_problem(error: Mapping[str, Any]) -> str:
    """The message of a failed import or of one refused row."""
    if error["code"] == "internal":
        return _("Reading the file failed on our side. Nothing was taken over; please try again.")
    return describe(error["code"], error["params"])


def release_problem(error: Mapping[str, Any]) -> str:
    return _("Writing the file failed on our side. Please ask for it again.")


def warning(stored: Mapping[str, Any]) -> str:
    """A warning of a result file."""
    params = stored["params"]
    match stored["code"]:
        case "source_age":
            hours = params["hours"]
            if hours < 1:
                return _(
                    "The file was exported less than an hour ago. Later changes in the shop would be undone."
                )
            return ngettext(
                "The file was uploaded %(hours)d hour ago. Changes made in the shop since then would be "
                "undone: prefer the update file, or start from a fresh export.",
                "The file was uploaded %(hours)d hours ago. Changes made in the shop since then would be "
                "undone: prefer the update file, or start from a fresh export.",
                hours,
            ) % {"hours": hours}
        case "column_missing":
            return _("The source file has no column for “%(column)s”: %(n)d answers were left out.") % {
                "column": params["column"],
                "n": params["n"],
            }
        case "unseen_left_out":
            return ngettext(
                "%(n)d answer was approved by silence and stays out until somebody accepts it.",
                "%(n)d answers were approved by silence and stay out until somebody accepts them.",
                params["n"],
            ) % {"n": params["n"]}
        case "undecided_left_out":
            return ngettext(
                "%(n)d answer still waits for review and is not in the file.",
                "%(n)d answers still wait for review and are not in the file.",
                params["n"],
            ) % {"n": params["n"]}
    return str(stored["code"])
