"""What a machine check is called and what it asks for, in a few words."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from kernel.errors import Text
from tasks.answers.checks import CheckKind
from tasks.answers.texts import LocalText
from tasks.domain.template_words import CHECK_KINDS, Json, joined, local_text, short

_REGEX: dict[tuple[str, bool], Text] = {
    ("full", False): _("The whole text has the form {pattern}"),
    ("search", False): _("The text holds {pattern}"),
    ("full", True): _("The whole text does not have the form {pattern}"),
    ("search", True): _("The text does not hold {pattern}"),
}


def asked_for(check: Json) -> Text:
    """Of a check as templates store it, whose kind may be one of a later release."""
    match check.get("kind"), check.get("min"), check.get("max"):
        case CheckKind.LENGTH, None, most:
            return format_lazy(_("At most {max} characters"), max=most)
        case CheckKind.LENGTH, least, None:
            return format_lazy(_("At least {min} characters"), min=least)
        case CheckKind.LENGTH, least, most:
            return format_lazy(_("{min} to {max} characters"), min=least, max=most)
        case CheckKind.BYTES_CP932, _least, int(most):
            return format_lazy(_("At most {max} bytes in CP932"), max=most)
        case CheckKind.REGEX, *_limits:
            way = (check.get("mode", "full"), check.get("negate", False))
            return format_lazy(_REGEX[way], pattern=short(check.get("pattern")))
        case CheckKind.ALLOWED, *_limits:
            return format_lazy(_("Only one of these: {values}"), values=joined(check.get("values", [])))
        case CheckKind.BANNED, *_limits:
            return format_lazy(_("Does not hold the words {values}"), values=joined(check.get("words", [])))
    kind = str(check.get("kind", ""))
    return CHECK_KINDS.get(kind, kind)


def called(check: Json, form: Json) -> LocalText:
    """Its label, or that of the field that it looks at; empty if neither has one."""
    prop: Json = form
    for name in str(check.get("field", "")).split("."):
        prop = prop.get("items", prop).get("properties", {}).get(name, {})
    return local_text(check.get("label")) or local_text(prop.get("x-label"))
