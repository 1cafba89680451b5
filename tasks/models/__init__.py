from tasks.models.assignment import Assignment, DraftAlternative, Report
from tasks.models.batch import Batch, Step
from tasks.models.counts import TaskCount, TaskCountDelta
from tasks.models.later_check import LaterCheck, LaterFinding
from tasks.models.operation import StoreOperation, StorePlan
from tasks.models.question import Question, Reply
from tasks.models.release import Drift, Release, ReleaseCell
from tasks.models.repair import Repair, RepairPlan
from tasks.models.source import Import, ImportRefusal, Mapping, Upload
from tasks.models.submission import Correction, Review, Submission
from tasks.models.task import Slot, Task, Unit
from tasks.models.template import Template, TemplateDraft, TemplateVersion
from tasks.models.unique import TakenValue

__all__ = [
    "Assignment",
    "Batch",
    "Correction",
    "DraftAlternative",
    "Drift",
    "Import",
    "ImportRefusal",
    "LaterCheck",
    "LaterFinding",
    "Mapping",
    "Question",
    "Release",
    "ReleaseCell",
    "Repair",
    "RepairPlan",
    "Reply",
    "Report",
    "Review",
    "Slot",
    "Step",
    "StoreOperation",
    "StorePlan",
    "Submission",
    "TakenValue",
    "Task",
    "TaskCount",
    "TaskCountDelta",
    "Template",
    "TemplateDraft",
    "TemplateVersion",
    "Unit",
    "Upload",
]
