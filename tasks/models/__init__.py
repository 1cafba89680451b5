from tasks.models.assignment import Assignment, DraftAlternative
from tasks.models.batch import Batch, Step
from tasks.models.counts import TaskCount, TaskCountDelta
from tasks.models.source import Import, ImportRefusal, Release, Upload
from tasks.models.submission import Review, Submission
from tasks.models.task import Slot, Task, Unit
from tasks.models.template import Template, TemplateVersion
from tasks.models.unique import TakenValue

__all__ = [
    "Assignment",
    "Batch",
    "DraftAlternative",
    "Import",
    "ImportRefusal",
    "Release",
    "Review",
    "Slot",
    "Step",
    "Submission",
    "TakenValue",
    "Task",
    "TaskCount",
    "TaskCountDelta",
    "Template",
    "TemplateVersion",
    "Unit",
    "Upload",
]
