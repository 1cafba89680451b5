"""The translatable texts of the program, read from its source."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("platform", "tasks", "workers", "frontend")
SINGLE = {"_", "gettext", "gettext_lazy", "translate", "gettext_noop"}
PLURAL = {"ngettext", "ngettext_lazy"}
CONTEXT = {"pgettext", "pgettext_lazy"}
_TEXT = r"""u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_CALL = re.compile(rf"\b(npgettext|pgettext|ngettext|gettext|_)\(\s*{_TEXT}(?:\s*,\s*{_TEXT})?", re.DOTALL)

Key = tuple[str, str]  # context, msgid


@dataclass(frozen=True)
class Message:
    context: str
    text: str
    plural: str
    where: str


def wanted() -> list[Message]:
    """Every message that the source asks for, each once."""
    found: dict[Key, Message] = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*")):
            if "node_modules" in path.parts or "vendor" in path.parts or "migrations" in path.parts:
                continue
            if path.suffix in (".py", ".html"):
                read = _python if path.suffix == ".py" else _template
                for message in read(path):
                    found.setdefault((message.context, message.text), message)
    return list(found.values())


def entries(language: str = "ja") -> Iterator[polib.POEntry]:
    """Every translated entry of each catalogue."""
    for path in sorted(ROOT.rglob(f"locale/{language}/LC_MESSAGES/django.po")):
        if ".venv" in path.parts or "node_modules" in path.parts:
            continue
        for entry in polib.pofile(str(path)):
            if entry.translated() and not entry.obsolete:
                yield entry


def known(language: str = "ja") -> dict[Key, polib.POEntry]:
    """Every text that is translated."""
    return {(entry.msgctxt or "", entry.msgid): entry for entry in entries(language)}


def _python(path: Path) -> Iterator[Message]:
    where = str(path.relative_to(ROOT))
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        texts = [
            arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
        ]
        if name in SINGLE and texts:
            yield Message("", texts[0], "", where)
        elif name in PLURAL and len(texts) > 1:
            yield Message("", texts[0], texts[1], where)
        elif name in CONTEXT and len(texts) > 1:
            yield Message(texts[0], texts[1], "", where)


def _template(path: Path) -> Iterator[Message]:
    where = str(path.relative_to(ROOT))
    for name, first, second in _CALL.findall(templatize(path.read_text(), origin=where)):
        one = ast.literal_eval(first)
        two = ast.literal_eval(second) if second else ""
        if name == "pgettext":
            yield Message(one, two, "", where)
        elif name == "ngettext":
            yield Message("", one, two, where)
        elif one:
            yield Message("", one, "", where)
