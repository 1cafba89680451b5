"""Stored codes put into words, in the language of whoever reads."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, ngettext_lazy

from exchange.errors import MESSAGES, describe


def import_problem(error: Mapping[str, Any]) -> str:
    """The message of a failed import or of one refused row."""
    if error["code"] == "internal":
        return _("Reading the file failed on our side. Nothing was taken over; please try again.")
    return describe(error["code"], error["params"])


def release_problem(error: Mapping[str, Any]) -> str:
    """The message of a result file that could not be written."""
    params = error["params"]
    match error["code"]:
        case "fresh_other_dialect":
            return _(
                "The fresh export has other columns than the file of this batch. Export it from the shop in "
                "the same way as before."
            )
        case "fresh_other_shop":
            return _(
                "Hardly a product of the fresh export is one of this batch's file (%(common)d of %(units)d). "
                "Is it from another shop?"
            ) % {"common": params["common"], "units": params["units"]}
        case "not_encodable":
            return ngettext(
                "%(n)d cell holds characters that the file's encoding (%(encoding)s) does not have. Nothing "
                "was written.",
                "%(n)d cells hold characters that the file's encoding (%(encoding)s) does not have. Nothing "
                "was written.",
                params["total"],
            ) % {"n": params["total"], "encoding": params["encoding"]}
        case code if code in MESSAGES:
            return _("The fresh export cannot be read. %(reason)s") % {"reason": describe(code, params)}
    return _("Writing the file failed on our side. Please ask for it again.")


def warning(stored: Mapping[str, Any]) -> str:
    """A warning of a result file."""
    params = stored["params"]
    match stored["code"]:
        case "source_age":
            return _of_age(params["hours"])
        case "column_missing":
            return _("The source file has no column for “%(column)s”: %(n)d answers were left out.") % {
                "column": params["column"],
                "n": params["n"],
            }
        case "values_along":
            return _(
                "The mall demands %(columns)s of every row. The file holds what stood there when it was "
                "exported: where that may have changed since, start from a fresh export."
            ) % {"columns": ", ".join(f"“{name}”" for name in params["columns"])}
        case "too_many_rows":
            return _(
                "The mall takes %(limit)d rows in one file, and this one has %(n)d. Split it, with the "
                "header in every part."
            ) % {"limit": params["limit"], "n": params["n"]}
        case code if code in COUNTED:
            return str(COUNTED[code] % {"n": params["n"]})
    return str(stored["code"])


def _of_age(hours: int) -> str:
    if hours < 1:
        return _("The file was exported less than an hour ago. Later changes in the shop would be undone.")
    return ngettext(
        "The file was uploaded %(hours)d hour ago. Changes made in the shop since then would be "
        "undone: prefer the update file, or start from a fresh export.",
        "The file was uploaded %(hours)d hours ago. Changes made in the shop since then would be "
        "undone: prefer the update file, or start from a fresh export.",
        hours,
    ) % {"hours": hours}


# Warnings that are a number.
COUNTED = {
    "unseen_left_out": ngettext_lazy(
        "%(n)d answer was approved by silence and stays out until somebody accepts it.",
        "%(n)d answers were approved by silence and stay out until somebody accepts them.",
        "n",
    ),
    "undecided_left_out": ngettext_lazy(
        "%(n)d answer still waits for review and is not in the file.",
        "%(n)d answers still wait for review and are not in the file.",
        "n",
    ),
    "shop_kept": ngettext_lazy(
        "%(n)d cell was changed by the shop itself since. It stays as the shop has it; the answer was left "
        "out.",
        "%(n)d cells were changed by the shop itself since. They stay as the shop has them; the answers were "
        "left out.",
        "n",
    ),
    "shop_overwritten": ngettext_lazy(
        "%(n)d cell was changed by the shop itself since, and is overwritten by this file as you chose.",
        "%(n)d cells were changed by the shop itself since, and are overwritten by this file as you chose.",
        "n",
    ),
    "unit_gone": ngettext_lazy(
        "%(n)d product with an answer is not in the fresh export any more. Its answer was left out.",
        "%(n)d products with an answer are not in the fresh export any more. Their answers were left out.",
        "n",
    ),
    "fresh_refused": ngettext_lazy(
        "%(n)d row of the fresh export cannot be read and was copied as it is.",
        "%(n)d rows of the fresh export cannot be read and were copied as they are.",
        "n",
    ),
    "later_release": ngettext_lazy(
        "%(n)d cell was written again by a later file. This file puts back what stood there before both.",
        "%(n)d cells were written again by a later file. This file puts back what stood there before both.",
        "n",
    ),
    "taken_back_again": ngettext_lazy(
        "%(n)d answer was taken back from the shop before, and is in this file again.",
        "%(n)d answers were taken back from the shop before, and are in this file again.",
        "n",
    ),
    "blank_restored": ngettext_lazy(
        "%(n)d cell was blank before and is blank in this file: importing it blanks the shop's.",
        "%(n)d cells were blank before and are blank in this file: importing it blanks the shop's.",
        "n",
    ),
}
