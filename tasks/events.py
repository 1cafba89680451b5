"""Names of this room's events and the ids that each carries."""

from events import register

_BATCH = {"batch"}
_WORK = {"assignment", "task", "batch"}

for _name in ("created", "changed", "published", "paused", "resumed", "closed", "reopened"):
    register(f"batch.{_name}", _BATCH)
for _name in ("completed", "cancelled"):
    register(f"batch.{_name}", _BATCH)
register("batch.deadline_near", _BATCH)
register("batch.unseen_waits", _BATCH)
register("batch.slots_cancelled", {"batch", "slots"})
register("batch.pilot_decided", _BATCH)
register("batch.pilot_ended", _BATCH)
register("batch.tasks_waiting", {"batch", "tasks"})
register("batch.tasks_offered", {"batch", "tasks"})
register("batch.manual_changed", {"batch", "version"})

for _name in ("started", "progressed", "done", "failed"):
    register(f"repair.{_name}", {"batch", "repair"})
for _name in ("asked", "progressed", "done", "failed"):
    register(f"repair_plan.{_name}", {"batch", "plan"})
register("repair.set_aside", {"batch", "repair", "assignments"})
register("assignments.moved_on", {"batch", "version", "assignments"})

for _name in ("asked", "hidden", "into_manual"):
    register(f"question.{_name}", {"batch", "question"})
for _name in ("answered", "replied"):
    register(f"question.{_name}", {"batch", "question", "reply"})

register("import.queued", {"batch", "import"})
register("import.progressed", {"batch", "import"})
register("import.landed", {"batch", "import", "units"})
register("import.failed", {"batch", "import", "code"})

register("assignment.claimed", _WORK | {"slot"})
register("assignment.extended", _WORK)
register("assignment.released", _WORK)
register("assignment.expired", _WORK)
register("assignment.submitted", _WORK | {"submission"})
register("assignment.review_started", _WORK)
register("assignment.review_stopped", _WORK)
register("assignment.approved", _WORK | {"submission", "use"})
register("assignment.approval_undone", _WORK | {"submission"})
register("assignment.reported", _WORK | {"report"})
register("assignment.report_answered", _WORK | {"report"})
register("assignment.settled", _WORK | {"report"})
register("assignment.freed", _WORK)
register("assignment.accepted", _WORK | {"submission"})
register("assignment.changes_requested", _WORK | {"submission"})
register("assignment.window_ended", _WORK)
register("assignment.rejected", _WORK | {"submission"})
register("assignment.reminded", _WORK | {"percent"})
register("assignment.window_started", _WORK)
register("assignment.window_near", _WORK | {"hours"})
register("assignment.lease_near", _WORK | {"hours"})
register("assignment.lease_paused", _WORK)
register("assignments.lease_moved", {"batch", "assignments"})

register("release.queued", {"batch", "release"})
register("release.progressed", {"batch", "release"})
register("release.done", {"batch", "release"})
register("release.failed", {"batch", "release", "code"})
register("release.uploaded", {"batch", "release"})
register("release.not_uploaded", {"batch", "release"})

for _name in ("queued", "progressed", "placed", "done", "failed"):
    register(f"later_check.{_name}", {"later_check"})

register("template.published", {"template", "version"})
for _name in ("created", "archived", "unarchived"):
    register(f"template.{_name}", {"template"})
register("upload.kept", {"upload"})
register("mapping.saved", {"mapping"})
register("operation.changed", {"store", "operation"})
register("plan.changed", {"store"})
