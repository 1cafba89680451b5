"""The machines of this room, drawn for people."""

from django.db import models

from kernel.transitions import mermaid
from tasks.models import Assignment, Batch, Import, LaterCheck, Release, Repair, RepairPlan, Slot, Task

MACHINES: tuple[type[models.Model], ...] = (
    Batch,
    Task,
    Slot,
    Assignment,
    Import,
    Release,
    Repair,
    LaterCheck,
    RepairPlan,
)

_HEAD = """# State machines

Printed from the code by `manage.py draw_machines`; a test keeps this file current. A state changes only by
these arrows, each in one transaction with its event.
"""


def drawing() -> str:
    """All machines as one Markdown document with Mermaid diagrams."""
    return "\n".join([_HEAD, *map(_section, MACHINES)])


def _section(model: type[models.Model]) -> str:
    says = (model.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")
    return f"## {model.__name__}\n\n{says}\n\n```mermaid\n{mermaid(model)}```\n"
