"""Only the machines change a state: no `update()`, `bulk_*` or hand-made row goes around them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STATEFUL = {"Batch", "Task", "Slot", "Assignment", "Import", "Release", "Repair", "LaterCheck", "RepairPlan"}
# What writes rows without asking the machine. `bulk_update` is allowed where it names other columns.
MANY = {"bulk_create", "bulk_update", "update_or_create", "get_or_create", "create"}
# The one place that moves many rows through the machine, and the one that makes many in their first state.
ALLOWED = {"platform/kernel/transitions.py": {"update"}, "tasks/domain/staging.py": {"bulk_load"}}


def sources() -> list[Path]:
    rooms = [path.parent for path in [*ROOT.glob("platform/*/__init__.py"), *ROOT.glob("*/__init__.py")]]
    files = [file for room in rooms for file in room.rglob("*.py") if room.name not in ("tests", "tools")]
    return [file for file in files if "migrations" not in file.parts and "node_modules" not in file.parts]


def offences(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of each call that could set a state past the machine."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            if (found := _offence(node, name)) is not None:
                yield node.lineno, found
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr == "state":
            yield node.lineno, "assignment"


def _offence(call: ast.Call, name: str) -> str | None:
    names_state = any(word.arg == "state" for word in call.keywords)
    splat = any(word.arg is None for word in call.keywords)
    on_stateful = _model(call) in STATEFUL
    if name == "update" and (names_state or splat):
        return name
    if name == "bulk_update":
        return name if "state" in _texts(call) else None
    if name in MANY and on_stateful and (names_state or name in ("bulk_create", "update_or_create")):
        return name
    if name in STATEFUL and names_state:
        return name
    if name == "bulk_load" and call.args and _name(call.args[0]) in STATEFUL:
        return name
    return "raw SQL" if name == "execute" and _is_update_of_state(call) else None


def _model(call: ast.Call) -> str:
    """The model at the left end of `Model.objects.….verb(…)`."""
    node: ast.expr = call.func
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return _name(node)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _texts(node: ast.AST) -> set[str]:
    return {
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }


def _is_update_of_state(call: ast.Call) -> bool:
    text = " ".join(_texts(call)).lower()
    return "update" in text and "tasks_" in text and "state" in text


def unexpected(path: str, tree: ast.AST) -> list[tuple[int, str]]:
    return [(line, name) for line, name in offences(tree) if name not in ALLOWED.get(path, set())]


@pytest.mark.parametrize("file", sources(), ids=lambda file: str(file.relative_to(ROOT)))
def test_no_state_is_set_past_its_machine(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert unexpected(str(file.relative_to(ROOT)), tree) == []


@pytest.mark.parametrize(
    "sample",
    [
        "Task.objects.filter(pk=1).update(state='done')",
        "rows.update(state=target, changed_at=now)",
        "rows.update(**fields)",
        "Assignment.objects.bulk_update(rows, ['use', 'state'])",
        "Task.objects.bulk_create(rows)",
        "Import.objects.create(batch=batch, state='done')",
        "Release(batch=batch, state='done')",
        "Batch.objects.update_or_create(pk=1, defaults={'title': 'x'})",
        "bulk_load(Task, ['state'], rows)",
        "cursor.execute('UPDATE tasks_slot SET state = %s', ['open'])",
        "task.state = 'done'",
    ],
)
def test_the_ban_finds_what_it_bans(sample: str) -> None:
    assert unexpected("tasks/domain/needs.py", ast.parse(sample))


@pytest.mark.parametrize(
    "sample",
    [
        "Assignment.objects.bulk_update(rows, ['lease_expires_at'])",
        "Batch.objects.create(store=store)",
        "TaskCount.objects.filter(state=state).update(n=1)",
        "{}.update(key=1)",
        "slot.hold()",
    ],
)
def test_the_ban_leaves_the_rest_alone(sample: str) -> None:
    assert unexpected("tasks/domain/needs.py", ast.parse(sample)) == []


def test_the_exceptions_are_still_needed() -> None:
    for path, names in ALLOWED.items():
        found = {name for _line, name in offences(ast.parse((ROOT / path).read_text(encoding="utf-8")))}
        assert names <= found
