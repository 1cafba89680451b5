"""Names of roles and scopes, with their labels."""

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    DIRECTOR = "director", _("Store director")
    REVIEWER = "reviewer", _("Reviewer")
    STAFF = "staff", _("Staff")


class Scope(models.TextChoices):
    """What an API key may do; `read` is part of every key."""

    READ = "read", _("Read")
    WORK = "work", _("Take and submit work")
    REVIEW = "review", _("Review")
    DIRECT = "direct", _("Post batches and take results")


class Language(models.TextChoices):
    JAPANESE = "ja", "日本語"
    ENGLISH = "en", "English"

    @classmethod
    def present(cls) -> str:
        """The language spoken at the moment: of somebody without an account, that of their browser."""
        language = get_language()
        return language if language in cls.values else str(cls.JAPANESE)
