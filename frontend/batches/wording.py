"""Stored codes of files and choices put into words."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from frontend.work.inputs import column_label
from tasks.models import Import, TemplateVersion

# The columns that a director can ask for as blank, in the order they are offered.
COLUMNS: dict[str, Promise] = {
    "description": gettext_lazy("Without a description"),
    "short_description": gettext_lazy("Without a short description"),
    "catch_copy": gettext_lazy("Without a catch copy"),
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
# By format and dialect, as `exchange.layouts` has them.
KINDS: dict[tuple[str, str], Promise] = {
    ("shopify", "current"): gettext_lazy("Shopify product file"),
    ("shopify", "legacy"): gettext_lazy("Shopify product file (older column names)"),
    ("rakuten", "normal-item"): gettext_lazy("Rakuten product file (normal-item.csv)"),
    ("yahoo", "item-data"): gettext_lazy("Yahoo! Shopping product file"),
    ("eccube", "export"): gettext_lazy("EC-CUBE product file (export)"),
    ("eccube", "import"): gettext_lazy("EC-CUBE product file (for import)"),
    ("woocommerce", "english"): gettext_lazy("WooCommerce product file"),
    ("woocommerce", "japanese"): gettext_lazy("WooCommerce product file (Japanese column names)"),
    ("amazon", "inventory"): gettext_lazy("Amazon inventory file"),
}
ENCODINGS = {"utf-8": "UTF-8", "cp932": "Shift_JIS (CP932)", "euc_jp": "EUC-JP"}


def kind_of_file(source: Import) -> Any:
    """What a read file is called: the mapping of a table, or the kind of export."""
    named = (source.format, source.facts["dialect"])
    return source.mapping or KINDS.get(named, source.facts["dialect"])


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
