"""What a machine check asks for, in a few words for a director."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from kernel.errors import Text
from tasks.answers.checks import Check, CheckKind
from tasks.domain.template_words import CHECK_KINDS, joined, short

_REGEX: dict[tuple[str, bool], Text] = {
    ("full", False): _("The whole text has the form {pattern}"),
    ("search", False): _("The text holds {pattern}"),
    ("full", True): _("The whole text does not have the form {pattern}"),
    ("search", True): _("The text does not hold {pattern}"),
}


def asked_for(check: Check) -> Text:
    match check.kind:
        case CheckKind.LENGTH:
            return _length(check)
        case CheckKind.BYTES_CP932 if check.max is not None:
            return format_lazy(_("At most {max} bytes in CP932"), max=check.max)
        case CheckKind.REGEX:
            return format_lazy(_REGEX[check.mode, check.negate], pattern=short(check.pattern))
        case CheckKind.ALLOWED:
            return format_lazy(_("Only one of these: {values}"), values=joined(check.values))
        case CheckKind.BANNED:
            return format_lazy(_("Does not hold the words {values}"), values=joined(check.words))
    return CHECK_KINDS[check.kind]


def _length(check: Check) -> Text:
    if check.max is None:
        return format_lazy(_("At least {min} characters"), min=check.min)
    if check.min is None:
        return format_lazy(_("At most {max} characters"), max=check.max)
    return format_lazy(_("{min} to {max} characters"), min=check.min, max=check.max)
