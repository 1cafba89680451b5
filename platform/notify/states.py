"""How mail stands, and how a person wants it."""

from django.db import models
from django.utils.translation import pgettext_lazy


class Email(models.TextChoices):
    """How a person hears of one kind of notice by e-mail; the inbox has it in any case."""

    NOW = "now", pgettext_lazy("notice", "At once")
    DAILY = "daily", pgettext_lazy("notice", "Once a day")
    OFF = "off", pgettext_lazy("notice", "No e-mail")


class Outcome(models.TextChoices):
    WAITING = "", pgettext_lazy("mail", "Waiting")
    SENT = "sent", pgettext_lazy("mail", "Accepted by the mail server")
    REFUSED = "refused", pgettext_lazy("mail", "Refused")
    UNNEEDED = "unneeded", pgettext_lazy("mail", "No longer needed")
    OVER = "over", pgettext_lazy("mail", "Its link was over before it could be sent")
