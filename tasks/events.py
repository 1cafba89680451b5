"""Names of this room's events and the ids that each carries."""

from events import register

_BATCH = {"batch"}
_WORK = {"assignment", "task", "batch"}

for _name in ("created", "changed", "published", "paused", "resumed", "closed", "completed", "cancelled"):
    register(f"batch.{_name}", _BATCH)
register("batch.deadline_near", _BATCH)
register("batch.unseen_waits", _BATCH)
register("batch.slots_cancelled", {"batch", "slots"})

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
register("assignment.accepted", _WORK | {"submission"})
register("assignment.changes_requested", _WORK | {"submission"})
register("assignment.window_ended", _WORK)
register("assignment.rejected", _WORK | {"submission"})
register("assignment.reminded", _WORK | {"percent"})
register("assignment.lease_paused", _WORK)
register("assignments.lease_moved", {"batch", "assignments"})

register("release.queued", {"batch", "release"})
register("release.done", {"batch", "release"})
register("release.failed", {"batch", "release", "code"})

register("template.published", {"template", "version"})
register("upload.kept", {"upload"})
