"""The columns as the director chose them: from a mapping, from a guess, or from what the browser sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from django.http import QueryDict
from django.utils.translation import gettext as _

from exchange.headers import plain
from exchange.table import Column, Role, Table
from tasks.answers.form import PART_KINDS, Field, FieldKind, Form

_KEY_WORDS = ("コード", "番号", "id", "code", "sku", "キー", "key", "管理")
_TITLE_WORDS = ("商品名", "名称", "title", "name", "名")
_NUMBERS = ("max_chars", "max_bytes")


def filled_fields(form: Form) -> list[Field]:
    """The fields whose answer fits into a cell."""
    return [one for one in form.fields if one.kind not in PART_KINDS | {FieldKind.IMAGE}]


@dataclass
class FieldChoice:
    """One field of the work, the column that it fills, and the rules; everything as it was typed."""

    field: Field
    column: str = ""
    required: bool = False
    digits: bool = False
    max_chars: str = ""
    max_bytes: str = ""
    allowed: str = ""
    pattern: str = ""

    @property
    def name(self) -> str:
        return self.field.column or self.field.name

    @property
    def has_rules(self) -> bool:
        texts = (self.max_chars, self.max_bytes, self.allowed.strip(), self.pattern)
        return self.required or self.digits or any(texts)

    def rules(self) -> dict[str, Any]:
        found: dict[str, Any] = {"required": self.required, "digits": self.digits}
        for name in _NUMBERS:
            typed = getattr(self, name).strip()
            if typed:
                # What is no number is left for the domain to refuse by its name.
                found[name] = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else typed
        words = [line.strip() for line in self.allowed.splitlines() if line.strip()]
        if words:
            found["allowed"] = words
        if self.pattern:
            found["pattern"] = self.pattern
        return found

    @staticmethod
    def words_of(column: Column) -> list[str]:
        """The roles of a column, for people."""
        words = {
            Role.KEY: _("Key"),
            Role.TITLE: _("Name"),
            Role.INPUT: _("Shown"),
            Role.FILL: _("Filled"),
        }
        return [words[role] for role in Role if role in column.roles]


@dataclass
class Choice:
    """Indexes are texts, as forms send them."""

    name: str = ""
    key: str = ""
    together: bool = False
    title: str = ""
    show: set[str] = field(default_factory=set)
    fields: list[FieldChoice] = field(default_factory=list)

    @classmethod
    def from_post(cls, post: QueryDict, fields: list[Field]) -> Self:
        def of(one: Field) -> FieldChoice:
            def text(part: str) -> str:
                return post.get(f"{part}-{one.name}", "").replace("\r\n", "\n")

            return FieldChoice(
                one,
                text("fill"),
                required=bool(text("required")),
                digits=bool(text("digits")),
                max_chars=text("max_chars"),
                max_bytes=text("max_bytes"),
                allowed=text("allowed"),
                pattern=text("pattern"),
            )

        return cls(
            name=post.get("name", ""),
            key=post.get("key", ""),
            together=bool(post.get("together")),
            title=post.get("title", ""),
            show=set(post.getlist("show")),
            fields=[of(one) for one in fields],
        )

    @classmethod
    def from_table(cls, table: Table, name: str, fields: list[Field]) -> Self:
        keys, titles = table.having(Role.KEY), table.having(Role.TITLE)
        filled = {column.name: column for column in table.having(Role.FILL)}
        return cls(
            name=name,
            key=str(keys[0].index) if keys else "",
            together=table.together,
            title=str(titles[0].index) if titles else "",
            show={str(column.index) for column in table.having(Role.INPUT)},
            fields=[_from_column(one, filled.get(one.column or one.name)) for one in fields],
        )

    @classmethod
    def guess(cls, facts: Mapping[str, Any], name: str, fields: list[Field]) -> Self:
        """What the headers suggest, for the director to correct."""
        headers = [plain(header) for header in facts["header"]]
        unique = [str(index) for index, column in enumerate(facts["columns"]) if column["unique"]]
        likely = [index for index in unique if any(word in headers[int(index)] for word in _KEY_WORDS)]
        titled = (str(at) for word in _TITLE_WORDS for at, header in enumerate(headers) if word in header)
        key, title = next(iter([*likely, *unique]), ""), next(titled, "")
        chosen = []
        taken = {key}
        for one in fields:
            words = {plain(one.label.ja), plain(one.label.en), plain(one.column or one.name)}
            at = next((str(n) for n, h in enumerate(headers) if h in words and str(n) not in taken), "")
            taken.add(at)
            chosen.append(FieldChoice(one, at))
        return cls(name, key, False, title, {title} - {""}, chosen)

    def marks(self, index: str) -> list[str]:
        """What the column of this index is for, beside its header."""
        words = [_("Key")] if index == self.key else []
        words += [_("Name")] if index == self.title else []
        return words + [str(one.field.label) for one in self.fields if one.column == index]

    def problems(self, facts: Mapping[str, Any]) -> list[str]:
        """What can be told at once, before the file is read again."""
        found = []
        columns = facts["columns"]
        at = int(self.key) if self.key.isascii() and self.key.isdigit() and len(self.key) < 5 else -1
        key = columns[at] if 0 <= at < len(columns) else None
        if key and key["doubled"] and not self.together:
            first, second, value = key["doubled"]
            words = _(
                "“%(header)s” cannot be the key: rows %(first)d and %(second)d both hold “%(value)s”. Choose "
                "another column, or say that rows with the same key belong together."
            )
            found.append(words % {"header": key["header"], "first": first, "second": second, "value": value})
        filled = [one.column for one in self.fields if one.column]
        if len(set(filled)) < len(filled):
            found.append(_("Two fields fill the same column. Choose another column for one of them."))
        return found

    def as_mapping(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The choice as `tasks.domain.mapping_parse` reads it."""
        columns: dict[str, dict[str, Any]] = {}

        def give(index: str, role: Role, **parts: Any) -> None:
            good = index.isascii() and index.isdigit() and len(index) < 5
            if index:
                one = columns.setdefault(index, {"index": int(index) if good else index, "roles": []})
                one["roles"].append(role.value)
                one.update(parts)

        give(self.key, Role.KEY)
        give(self.title, Role.TITLE)
        for index in sorted(self.show):
            give(index, Role.INPUT)
        for one in self.fields:
            give(one.column, Role.FILL, name=one.name, rules=one.rules())
        return {
            "name": self.name,
            "kind": facts["kind"],
            "encoding": facts["encoding"],
            "together": self.together,
            "columns": list(columns.values()),
        }


def _from_column(one: Field, column: Column | None) -> FieldChoice:
    if column is None:
        return FieldChoice(one)
    rules = column.rules
    return FieldChoice(
        one,
        str(column.index),
        required=rules.required,
        digits=rules.digits,
        max_chars=str(rules.max_chars or ""),
        max_bytes=str(rules.max_bytes or ""),
        allowed="\n".join(rules.allowed),
        pattern=rules.pattern,
    )
