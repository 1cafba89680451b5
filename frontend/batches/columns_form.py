"""The columns as the director chose them: from a mapping, from a guess, or from what the browser sent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from django.http import QueryDict
from django.utils.translation import gettext as _

from exchange.headers import plain
from exchange.table import Column, Role, Table
from kernel.errors import FieldProblem
from tasks.answers.form import PART_KINDS, Field, FieldKind, Form
from tasks.answers.lists import Input, logical_name

KEY = "key"
FILL = "fill:"
SHOWN_AS = "input:"
_KEY_WORDS = ("コード", "番号", "id", "code", "sku", "キー", "key", "管理")
_TITLE_WORDS = ("商品名", "名称", "title", "name", "名")
_NUMBERS = ("max_chars", "max_bytes")
_OF_RULES = frozenset({"rule_wrong", "pattern_wrong", "rule_misfit"})


def filled_fields(form: Form) -> list[Field]:
    """The fields whose answer fits into a cell."""
    return [one for one in form.fields if one.kind not in PART_KINDS | {FieldKind.IMAGE}]


class Wrong(NamedTuple):
    """What is wrong, and the id of the part of the page where it is said; empty: the page as a whole."""

    place: str
    message: str


@dataclass
class FieldChoice:
    """One field of the work and the rules of what fills its column; everything as it was typed."""

    field: Field
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
    def role(self) -> str:
        return f"{FILL}{self.field.name}"

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


class InputChoice(NamedTuple):
    """What the template shows of a product, for which a column can be chosen."""

    name: str
    label: str

    @property
    def role(self) -> str:
        return f"{SHOWN_AS}{self.name}"


def shown_inputs(inputs: Iterable[Input], fields: Iterable[Field]) -> list[InputChoice]:
    """Those that a cell can hold. What an answer fills is shown as it stands without being chosen."""
    taken = {one.column or one.name for one in fields}
    named = ((logical_name(one.kind, one.name), one) for one in inputs if one.kind != "options")
    return [InputChoice(name, str(one.label)) for name, one in named if name not in taken]


@dataclass
class Choice:
    """`roles`: index of a column -> "key", "fill:" with the field, or "input:" with what the template shows.

    Indexes are texts, as in forms.
    """

    name: str = ""
    together: bool = False
    title: str = ""
    show: set[str] = field(default_factory=set)
    roles: dict[str, str] = field(default_factory=dict)
    fields: list[FieldChoice] = field(default_factory=list)
    inputs: list[InputChoice] = field(default_factory=list)

    @classmethod
    def from_post(cls, post: QueryDict, fields: list[Field], inputs: list[InputChoice]) -> Self:
        def of(one: Field) -> FieldChoice:
            def text(part: str) -> str:
                return post.get(f"{part}-{one.name}", "").replace("\r\n", "\n")

            return FieldChoice(
                one,
                required=bool(text("required")),
                digits=bool(text("digits")),
                max_chars=text("max_chars"),
                max_bytes=text("max_bytes"),
                allowed=text("allowed"),
                pattern=text("pattern"),
            )

        sent = ((name.partition("-"), str(post[name])) for name in post if name.startswith("role-"))
        return cls(
            name=post.get("name", ""),
            together=bool(post.get("together")),
            title=post.get("title", ""),
            show=set(post.getlist("show")),
            roles={index: role for (_role, _mark, index), role in sent if role},
            fields=[of(one) for one in fields],
            inputs=inputs,
        )

    @classmethod
    def from_table(cls, table: Table, name: str, fields: list[Field], inputs: list[InputChoice]) -> Self:
        titles = table.having(Role.TITLE)
        filled = {column.name: column for column in table.having(Role.FILL)}
        pairs = [(one, filled.get(one.column or one.name)) for one in fields]
        chosen = [_with_rules(one, column) for one, column in pairs]
        return cls(
            name=name,
            together=table.together,
            title=str(titles[0].index) if titles else "",
            show={str(column.index) for column in table.having(Role.INPUT)},
            roles={
                str(column.index): f"{SHOWN_AS}{column.name}"
                for column in table.having(Role.INPUT)
                if column.name
            }
            | {str(column.index): KEY for column in table.having(Role.KEY)}
            | {str(column.index): f"{FILL}{one.name}" for one, column in pairs if column},
            fields=chosen,
            inputs=inputs,
        )

    @classmethod
    def guess(
        cls, facts: Mapping[str, Any], name: str, fields: list[Field], inputs: list[InputChoice]
    ) -> Self:
        """What the headers suggest, for the director to correct."""
        headers = [plain(header) for header in facts["header"]]
        unique = [str(index) for index, column in enumerate(facts["columns"]) if column["unique"]]
        likely = [index for index in unique if any(word in headers[int(index)] for word in _KEY_WORDS)]
        titled = (str(at) for word in _TITLE_WORDS for at, header in enumerate(headers) if word in header)
        key, title = next(iter([*likely, *unique]), ""), next(titled, "")
        roles = {key: KEY} if key else {}
        for one in fields:
            words = {plain(one.label.ja), plain(one.label.en), plain(one.column or one.name)}
            at = next((str(n) for n, h in enumerate(headers) if h in words and str(n) not in roles), "")
            if at:
                roles[at] = f"{FILL}{one.name}"
        for wanted in inputs:
            same = (str(n) for n, h in enumerate(headers) if h == plain(wanted.label))
            roles |= {at: wanted.role for at in list(same)[:1] if at not in roles}
        choices = [FieldChoice(one) for one in fields]
        return cls(name, False, title, {title} - {""}, roles, choices, inputs)

    @property
    def keys(self) -> list[str]:
        return self._having(KEY)

    def columns_of(self, one: FieldChoice) -> list[str]:
        return self._having(one.role)

    @property
    def filled(self) -> int:
        """How many columns are filled."""
        return sum(bool(self.columns_of(one)) for one in self.fields)

    def _having(self, role: str) -> list[str]:
        return [index for index, given in self.roles.items() if given == role]

    def marks(self, index: str) -> list[str]:
        """What the column of this index is for, beside its header."""
        words = [_("Key")] if self.roles.get(index) == KEY else []
        words += [_("Name")] if index == self.title else []
        words += [one.label for one in self.inputs if self.roles.get(index) == one.role]
        return words + [str(one.field.label) for one in self.fields if index in self.columns_of(one)]

    def problems(self, facts: Mapping[str, Any]) -> list[Wrong]:
        """What can be told at once, before the file is read again."""
        found = [Wrong(f"column-{index}", _("Only one column can be the key.")) for index in self.keys[1:]]
        if self.keys and not self.together:
            found += _key_that_repeats(self.keys[0], facts)
        for one in self.fields:
            message = _("“%(field)s” fills another column already. An answer fills one column.")
            twice = self.columns_of(one)[1:]
            found += [Wrong(f"column-{index}", message % {"field": one.field.label}) for index in twice]
        return found

    def placed(self, problems: Iterable[FieldProblem]) -> list[Wrong]:
        """What the domain refuses, each where it is to be mended."""
        return [Wrong(self._place(problem), str(problem.message)) for problem in problems]

    def _place(self, problem: FieldProblem) -> str:
        part, _dot, index = problem.field.partition(".")
        if part == "name":
            return "id_name"
        if part != "columns" or not index:
            return ""
        of_field = next((one for one in self.fields if index in self.columns_of(one)), None)
        if problem.code in _OF_RULES and of_field:
            return f"rules-{of_field.field.name}"
        return f"column-{index}"

    def as_mapping(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The choice as `tasks.domain.mapping_parse` reads it."""
        columns: dict[str, dict[str, Any]] = {}

        def give(index: str, role: Role, **parts: Any) -> None:
            good = index.isascii() and index.isdigit() and len(index) < 5
            if index:
                one = columns.setdefault(index, {"index": int(index) if good else index, "roles": []})
                one["roles"].append(role.value)
                one.update(parts)

        for index, role in self.roles.items():
            if role.startswith(SHOWN_AS):
                give(index, Role.INPUT, name=role.removeprefix(SHOWN_AS))
        for index in self.keys:
            give(index, Role.KEY)
        give(self.title, Role.TITLE)
        for index in sorted(self.show):
            if not self.roles.get(index, "").startswith(SHOWN_AS):
                give(index, Role.INPUT)
        for one in self.fields:
            for index in self.columns_of(one):
                give(index, Role.FILL, name=one.name, rules=one.rules())
        return {
            "name": self.name,
            "kind": facts["kind"],
            "encoding": facts["encoding"],
            "sheet": facts["sheet"],
            "header_row": facts.get("header_row", 1),
            "together": self.together,
            "columns": list(columns.values()),
        }


def _key_that_repeats(index: str, facts: Mapping[str, Any]) -> list[Wrong]:
    columns = facts["columns"]
    at = int(index) if index.isascii() and index.isdigit() and len(index) < 5 else -1
    key = columns[at] if 0 <= at < len(columns) else None
    if not key or not key["doubled"]:
        return []
    first, second, value = key["doubled"]
    words = _(
        "“%(header)s” cannot be the key: rows %(first)d and %(second)d both hold “%(value)s”. Choose "
        "another column, or say that rows with the same key belong together."
    )
    said = {"header": key["header"], "first": first, "second": second, "value": value}
    return [Wrong(f"column-{index}", words % said)]


def _with_rules(one: Field, column: Column | None) -> FieldChoice:
    if column is None:
        return FieldChoice(one)
    rules = column.rules
    return FieldChoice(
        one,
        required=rules.required,
        digits=rules.digits,
        max_chars=str(rules.max_chars or ""),
        max_bytes=str(rules.max_bytes or ""),
        allowed="\n".join(rules.allowed),
        pattern=rules.pattern,
    )
