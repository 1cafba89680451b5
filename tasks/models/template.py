from typing import Any

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class Template(models.Model):
    """How an operation is done. Without a company it is one that Tencho ships."""

    company = models.ForeignKey(
        "accounts.Company", on_delete=models.CASCADE, null=True, blank=True, related_name="templates"
    )
    key = models.SlugField(max_length=60)
    title_ja = models.CharField(_("title (Japanese)"), max_length=200)
    title_en = models.CharField(_("title (English)"), max_length=200)
    summary_ja = models.TextField(blank=True)
    summary_en = models.TextField(blank=True)
    # A version of another template that this one began as.
    copied_from = models.ForeignKey(
        "tasks.TemplateVersion", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "key"], name="template_key_once"),
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(company=None), name="template_shipped_key_once"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return self.title_ja if (get_language() or "ja").startswith("ja") else self.title_en

    @property
    def summary(self) -> str:
        return self.summary_ja if (get_language() or "ja").startswith("ja") else self.summary_en


class TemplateDraft(models.Model):
    """What is being edited of a template and no version yet. `fence` rises by one per accepted save."""

    template = models.OneToOneField(Template, on_delete=models.CASCADE, related_name="draft")
    # The fields of a `TemplateVersion` and the titles and summaries of its `Template`.
    content = models.JSONField()
    fence = models.PositiveIntegerField(default=0)
    saved_by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    saved_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"draft of {self.template_id}"


class VersionIsFrozen(Exception):
    """A template version was about to be changed; publish a new one instead."""


class TemplateVersion(models.Model):
    """One version of a template. It never changes: answers and reviews point at it."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    manual_ja = models.TextField(blank=True)
    manual_en = models.TextField(blank=True)
    inputs = models.JSONField(default=list)
    form = models.JSONField()
    checks = models.JSONField(default=list)
    checklist = models.JSONField(default=list)
    defaults = models.JSONField(default=dict)
    note = models.TextField(blank=True, help_text="what its author says has changed")
    created_by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["template", "number"], name="template_version_once")]

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise VersionIsFrozen(f"{self} cannot change")
        super().save(*args, **kwargs)

    @property
    def manual(self) -> str:
        japanese = (get_language() or "ja").startswith("ja")
        first, second = (self.manual_ja, self.manual_en) if japanese else (self.manual_en, self.manual_ja)
        return first or second
