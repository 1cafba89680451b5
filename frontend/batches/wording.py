"""Stored codes of files and choices put into words."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from frontend.work.inputs import column_label
from tasks.models import TemplateVersion

# The columns that a director can ask for as blank, in the order they are offered.
COLUMNS: dict[str, Promise] = {
    "description": gettext_lazy("Without a description"),
    "seo_title": gettext_lazy("Without an SEO title"),
    "seo_description": gettext_lazy("Without an SEO description"),
    "tags": gettext_lazy("Without tags"),
    "title": gettext_lazy("Without a title"),
    "type": gettext_lazy("Without a product type"),
    "vendor": gettext_lazy("Without a vendor"),
    "category": gettext_lazy("Without a category"),
}
STATUSES: dict[str, Promise] = {
    "active": gettext_lazy("Active"),
    "draft": gettext_lazy("Draft in the shop"),
    "archived": gettext_lazy("Archived"),
    "unlisted": gettext_lazy("Unlisted"),
}
DIALECTS: dict[str, Promise] = {
    "current": gettext_lazy("Shopify product file"),
    "legacy": gettext_lazy("Shopify product file (older column names)"),
}


def without(column: str, facts: Mapping[str, Any]) -> str:
    """What a choice by a blank column is called; a mapped table's columns by their headers."""
    label = facts.get("labels", {}).get(column)
    return (
        _("Without “%(column)s”") % {"column": column_label(*label)}
        if label
        else str(COLUMNS.get(column, column))
    )


def choice_in_words(row_filter: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """Which products were chosen, for example "Without a description · Active"."""
    parts = [without(column, facts) for column in row_filter.get("missing", [])]
    keys = row_filter.get("keys", [])
    if keys:
        parts.append(
            ngettext("%(n)d product by hand", "%(n)d products by hand", len(keys)) % {"n": len(keys)}
        )
    parts += [str(STATUSES.get(status, status)) for status in row_filter.get("statuses", [])]
    return " · ".join(parts) or _("All products")


def version_name(version: TemplateVersion, *, beside: TemplateVersion) -> str:
    """A version as it is called in a sentence; of two templates each counts from 1, so it is said whose."""
    named = {"n": version.number}
    if version.template_id == beside.template_id:
        return _("version %(n)d") % named
    supplied = version.template.company_id is None
    return (_("the supplied version %(n)d") if supplied else _("your own version %(n)d")) % named
