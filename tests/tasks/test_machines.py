"""The machines have the product's edges, no dead end, and a clock for whatever waits."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import models
from django_fsm import FSMField

from tasks.machines import MACHINES
from tasks.models import Assignment, Batch, Import, LaterCheck, Release, Repair, RepairPlan, Slot, Task
from tasks.states import SlotState, task_state

ROOT = Path(__file__).resolve().parents[2]
Edge = tuple[str, str, str]

# From, verb, to: the product's tables, without disputes.
EDGES: dict[type[models.Model], str] = {
    Batch: """
        draft publish open; open pause paused; paused resume open; open paused close closed;
        open closed complete completed; draft open paused cancel cancelled;
        closed completed reopen paused
    """,
    Task: """
        open wait waiting; waiting claimed in_review done cancelled open open; open claim claimed;
        open claimed review in_review;
        done review in_review; open claimed in_review finish done;
        waiting open claimed in_review cancel cancelled
    """,
    Slot: """
        open hold held; held deliver delivered; open held delivered settle settled;
        settled undo delivered; held delivered settled offer_again open;
        waiting open held delivered cancel cancelled; open wait waiting; waiting offer open;
        cancelled reopen open
    """,
    Assignment: """
        claimed changes_requested submit submitted; claimed release released; claimed expire expired;
        expired released submit_late surplus; submitted start_review in_review;
        in_review stop_review submitted; submitted in_review surplus approve approved;
        submitted in_review request_changes changes_requested; changes_requested end_window submitted;
        submitted in_review surplus reject rejected; claimed report reported;
        reported answer_report claimed; reported settle_report settled;
        approved undo in_review; approved undo_late surplus;
        submitted in_review surplus changes_requested rejected approved excuse approved
    """,
    Import: """
        queued running start running; running land done; queued running fail failed;
        done failed discard discarded
    """,
    Release: "queued running start running; running finish done; queued running fail failed",
    Repair: "queued running start running; running finish done; queued running fail failed",
    LaterCheck: "queued running start running; running finish done; queued running fail failed",
    RepairPlan: "queued running start running; running finish done; queued running fail failed",
}

# State → the column that rings and the verb that follows. Tasks and slots wait with their assignment or
# batch; imports and result files with their job, which is tried again or given up.
CLOCKS: dict[type[models.Model], dict[str, tuple[str, str]]] = {
    Batch: {
        "open": ("deadline", "close"),
        "paused": ("paused_at", "close"),
        # Ends with the last of its work, all of which has clocks.
        "closed": ("ended_at", "complete"),
    },
    Assignment: {
        "claimed": ("lease_expires_at", "expire"),
        "reported": ("report_due_at", "settle_report"),
        "submitted": ("auto_approve_at", "approve"),
        "in_review": ("review_lease_until", "stop_review"),
        "changes_requested": ("resubmit_by", "end_window"),
        "surplus": ("auto_approve_at", "approve"),
    },
}
# Where a hold without delivery has ended; only its worker can go on, by handing in late. What was decided can
# only be taken back by a person.
RESTING: dict[type[models.Model], set[str]] = {
    Assignment: {"expired", "released", "approved", "rejected"},
    # A completed batch can be reopened by a person alone.
    Batch: {"draft", "completed"},
}


def machine(model: type[models.Model]) -> FSMField:
    field = model._meta.get_field("state")
    assert isinstance(field, FSMField)
    return field


def edges(model: type[models.Model]) -> set[Edge]:
    found = machine(model).get_all_transitions(model)
    return {(str(one.source), one.name, str(one.target)) for one in found}


def expected(model: type[models.Model]) -> set[Edge]:
    found = set()
    for line in EDGES[model].split(";"):
        *sources, verb, target = line.split()
        found |= {(source, verb, target) for source in sources}
    return found


def states(model: type[models.Model]) -> set[str]:
    return {str(value) for value, _label in machine(model).choices or []}


@pytest.mark.parametrize("model", MACHINES)
def test_a_machine_has_the_products_edges_and_no_others(model: type[models.Model]) -> None:
    assert edges(model) == expected(model)


@pytest.mark.parametrize("model", MACHINES)
def test_every_state_can_be_reached_and_left_or_is_final(model: type[models.Model]) -> None:
    found = edges(model)
    start = str(machine(model).get_default())
    # Later steps of a flow begin as waiting.
    reached, todo = set(), [start, *(["waiting"] if model is Task else [])]
    while todo:
        state = todo.pop()
        reached.add(state)
        todo += [target for source, _verb, target in found if source == state and target not in reached]
    assert reached == states(model)


@pytest.mark.parametrize("model", CLOCKS)
def test_whatever_waits_has_a_clock_that_leads_to_an_end(model: type[models.Model]) -> None:
    found = edges(model)
    final = states(model) - {source for source, _verb, _target in found} | RESTING[model]
    assert set(CLOCKS[model]) == states(model) - final
    leads: dict[str, str] = {}
    for state, (column, verb) in CLOCKS[model].items():
        assert model._meta.get_field(column)
        targets = {target for source, name, target in found if (source, name) == (state, verb)}
        assert len(targets) == 1, (state, verb)
        leads[state] = targets.pop()
    for state in leads:
        seen = []
        while state not in final:
            assert state not in seen, "the clocks go round in a circle"
            seen.append(state)
            state = leads[state]


def test_a_waiting_column_is_there_by_constraint() -> None:
    """The database refuses a state that waits without its clock."""
    named = {constraint.name for constraint in Assignment._meta.constraints}
    assert named >= {
        "assignment_claimed_has_lease",
        "assignment_submitted_has_clock",
        "assignment_review_has_reviewer",
        "assignment_returned_has_window",
    }


def test_every_change_of_slots_is_an_edge_of_the_task() -> None:
    """Up to three slots: whatever one slot does, the task's machine can follow.

    The slots of a task wait together, for its pilot.
    """
    moves = {(source, target) for source, _verb, target in edges(Slot)}
    legal = {(source, target) for source, _verb, target in edges(Task)}
    waits = {move for move in moves if SlotState.WAITING in move}
    used = {(str(task_state([source])), str(task_state([target]))) for source, target in waits}
    names = [str(state) for state in SlotState if state != SlotState.WAITING]
    for others in [[], *([a] for a in names), *([a, b] for a in names for b in names)]:
        for source, target in moves - waits:
            before, after = task_state([source, *others]), task_state([target, *others])
            if before != after:
                used.add((str(before), str(after)))
    assert used == legal


def test_the_pictures_in_the_documents_are_current() -> None:
    out = StringIO()
    call_command("draw_machines", stdout=out)
    current = (ROOT / "docs" / "machines.md").read_text(encoding="utf-8")
    assert out.getvalue() == current, "run: python manage.py draw_machines > docs/machines.md"
