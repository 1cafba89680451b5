"""Shapes of answers, for the description of the API only: `rendering` makes the answers."""

from typing import Any

from django.db.models import TextChoices
from rest_framework import serializers as s

from accounts.states import Language, Role, Scope
from notify.states import Email
from tasks.states import (
    AssignmentState,
    Audience,
    BatchState,
    Decision,
    JobState,
    ReportReason,
    TaskState,
    Use,
)


def choice(kind: type[TextChoices], **more: Any) -> s.ChoiceField:
    """One of the values that `kind` names; its blank one is null."""
    return s.ChoiceField(choices=[(value, label) for value, label in kind.choices if value], **more)


def maybe_moment() -> s.DateTimeField:
    return s.DateTimeField(allow_null=True)


class Problem(s.Serializer[Any]):
    """RFC 9457; further members stand beside these, as the code tells."""

    type = s.CharField()
    title = s.CharField()
    status = s.IntegerField()
    detail = s.CharField(help_text="for people, in the language of the key's owner or of Accept-Language")
    code = s.CharField(help_text="stable, for programs")
    instance = s.CharField(required=False)
    fields = s.ListField(child=s.DictField(), required=False)  # type: ignore[assignment]  # the name is the RFC's neighbour


class Named(s.Serializer[Any]):
    id = s.IntegerField()
    name = s.CharField(allow_blank=True)


class LocalText(s.Serializer[Any]):
    ja = s.CharField(allow_blank=True)
    en = s.CharField(allow_blank=True)


class TemplateRef(s.Serializer[Any]):
    key = s.CharField()
    version = s.IntegerField()


class Template(TemplateRef):
    id = s.IntegerField()
    title = LocalText()
    summary = LocalText()
    company = s.IntegerField(allow_null=True, help_text="null for templates that Tencho ships")
    inputs = s.ListField(child=s.JSONField())
    form = s.JSONField()
    checks = s.ListField(child=s.JSONField())
    checklist = s.ListField(child=s.JSONField())
    defaults = s.JSONField()
    manual = LocalText()


class StoreEntry(Named):
    company = Named()
    roles = s.ListField(child=choice(Role))


class Me(Named):
    email = s.CharField()
    language = choice(Language)
    time_zone = s.CharField()
    freelancer = s.BooleanField()
    scopes = s.ListField(child=choice(Scope))
    stores = StoreEntry(many=True)


class Counts(s.Serializer[Any]):
    """Tasks by state."""

    def get_fields(self) -> dict[str, s.Field[Any, Any, Any, Any]]:
        return {state: s.IntegerField() for state in TaskState.values}


class TermsShape(s.Serializer[Any]):
    template = TemplateRef()
    audience = choice(Audience)
    open_to_all = s.BooleanField()
    reward = s.IntegerField(help_text="yen per answer")
    answers_per_task = s.IntegerField()
    lease_minutes = s.IntegerField()
    deadline = maybe_moment()
    per_worker_cap = s.IntegerField(allow_null=True)
    pilot_tasks = s.IntegerField(allow_null=True, help_text="go ahead while the rest waits")


class Batch(TermsShape):
    id = s.IntegerField()
    store = Named()
    title = s.CharField()
    state = choice(BatchState)
    pause_reason = s.CharField(allow_null=True)
    created_at = s.DateTimeField()
    published_at = maybe_moment()
    ended_at = maybe_moment()
    counts = Counts()
    tasks = s.IntegerField(help_text="all of them")


class FileProblem(s.Serializer[Any]):
    row = s.IntegerField(allow_null=True)
    column = s.CharField(allow_null=True)
    code = s.CharField()
    message = s.CharField()


class Coded(s.Serializer[Any]):
    code = s.CharField()
    message = s.CharField()


class Import(s.Serializer[Any]):
    id = s.IntegerField()
    batch = s.IntegerField()
    state = choice(JobState)
    name = s.CharField(allow_blank=True)
    size = s.IntegerField(help_text="bytes")
    format = s.CharField()
    mapping = s.IntegerField(allow_null=True, help_text="how the columns of a table are read")
    row_filter = s.JSONField()
    percent = s.IntegerField()
    rows = s.IntegerField()
    units = s.IntegerField(help_text="units made")
    units_known = s.IntegerField(help_text="products that the batch had already")
    units_left_out = s.IntegerField(help_text="products that the row filter left out")
    refused_rows = s.IntegerField()
    refused = FileProblem(many=True)
    refused_next = s.CharField(allow_null=True, help_text="address of more refused rows")
    error = FileProblem(allow_null=True)
    facts = s.JSONField(
        help_text="what was recognised: dialect, line ends, missing values per column; of a table without a"
        " mapping its header, `header_row`, first rows and what each column holds"
    )
    created_at = s.DateTimeField()
    finished_at = maybe_moment()


class Mapping(s.Serializer[Any]):
    id = s.IntegerField()
    store = s.IntegerField()
    name = s.CharField()
    number = s.IntegerField(help_text="version, from 1")
    header = s.ListField(child=s.CharField(allow_blank=True))
    kind = s.CharField(help_text="csv, tsv or xlsx")
    encoding = s.CharField(help_text="utf-8 or cp932")
    sheet = s.CharField(allow_blank=True, help_text="of a workbook")
    header_row = s.IntegerField(help_text="where the header stood in the file, from 1")
    together = s.BooleanField(help_text="rows with the same key are one unit")
    columns = s.ListField(child=s.JSONField(), help_text='{"index", "header", "roles", "name", "rules"}')
    created_at = s.DateTimeField()


class UnitRef(s.Serializer[Any]):
    key = s.CharField()
    title = s.CharField(allow_blank=True)


class TaskAnswer(s.Serializer[Any]):
    """Who is or was on a task."""

    assignment = s.IntegerField()
    worker = Named()
    state = choice(AssignmentState)
    use = choice(Use, allow_null=True)
    submission = s.IntegerField(
        allow_null=True, help_text="the last one; null for none and for rejected work"
    )


class TaskRow(s.Serializer[Any]):
    id = s.IntegerField()
    state = choice(TaskState)
    unit = UnitRef()
    changed_at = maybe_moment()
    assignments = TaskAnswer(many=True)


class Check(s.Serializer[Any]):
    id = s.CharField()
    kind = s.CharField()
    field = s.CharField()
    passed = s.BooleanField()
    blocking = s.BooleanField()
    message = s.CharField()


class Review(s.Serializer[Any]):
    decision = choice(Decision)
    comments = s.DictField(child=s.CharField())
    reasons = s.ListField(child=s.CharField())
    note = s.CharField(allow_blank=True)
    created_at = s.DateTimeField()


class Decided(Review):
    submission = s.IntegerField()
    assignment = s.IntegerField()
    state = choice(AssignmentState)
    use = choice(Use, allow_null=True)


class Correction(s.Serializer[Any]):
    """What a reviewer changed: the answer that is used."""

    answer = s.JSONField()
    fields = s.ListField(child=s.CharField(), help_text="names of the fields that differ")  # type: ignore[assignment]  # declared fields never become attributes
    note = s.CharField(allow_blank=True)
    second_person = s.BooleanField(help_text="somebody else has to accept it before it is used")
    created_at = s.DateTimeField()


class Report(s.Serializer[Any]):
    """A worker says that a task cannot be done."""

    id = s.IntegerField()
    assignment = s.IntegerField()
    state = s.ChoiceField(choices=["open", "answered", "agreed"])
    reason = choice(ReportReason)
    note = s.CharField(allow_blank=True)
    answer = s.CharField(allow_null=True)
    created_at = s.DateTimeField()
    closed_at = maybe_moment()


class Submission(s.Serializer[Any]):
    id = s.IntegerField()
    assignment = s.IntegerField()
    task = s.IntegerField()
    batch = s.IntegerField()
    number = s.IntegerField()
    state = choice(AssignmentState, help_text="of the assignment")
    use = choice(Use, allow_null=True)
    late = s.BooleanField()
    answer = s.JSONField()
    correction = Correction(allow_null=True)
    checks = Check(many=True)
    reviews = Review(many=True)
    created_at = s.DateTimeField()


class SubmissionRow(Submission):
    unit = UnitRef()
    worker = Named()


class SubmissionDetail(SubmissionRow):
    source = s.JSONField(  # type: ignore[assignment]  # declared fields never become attributes
        help_text="the product as the source file has it, as far as the reader may see it"
    )


class Waiting(SubmissionDetail):
    previous = Submission(allow_null=True)
    rounds = s.IntegerField()
    own_work = s.BooleanField(help_text="the reader handed this in")
    deadline = maybe_moment()
    leased_to = Named(allow_null=True)
    lease_until = maybe_moment()


class Hold(s.Serializer[Any]):
    id = s.IntegerField()
    state = choice(AssignmentState)
    fence = s.IntegerField()
    lease_expires_at = maybe_moment()
    lease_remaining_seconds = s.IntegerField(allow_null=True, help_text="while the batch is paused")


class BatchRef(s.Serializer[Any]):
    id = s.IntegerField()
    title = s.CharField()
    state = choice(BatchState)
    deadline = maybe_moment()
    store = Named()


class AssignmentRow(Hold):
    use = choice(Use, allow_null=True)
    batch = BatchRef()
    task = s.IntegerField()
    step = s.IntegerField()
    unit = UnitRef()
    reward = s.IntegerField(help_text="yen, as agreed at the claim")
    rounds = s.IntegerField()
    claimed_at = s.DateTimeField()
    submitted_at = maybe_moment()
    resubmit_by = s.DateTimeField(
        allow_null=True, help_text="null until its notice is handed over: the whole time is still to come"
    )
    decided_at = maybe_moment()
    ended_at = maybe_moment()


class Manual(LocalText):
    html = s.CharField(allow_blank=True, help_text="rendered, in the reader's language")


class Alternative(s.Serializer[Any]):
    id = s.IntegerField()
    answer = s.JSONField()
    fence = s.IntegerField()
    created_at = s.DateTimeField()


class Assignment(AssignmentRow):
    template = TemplateRef()
    inputs = s.ListField(child=s.JSONField(), help_text="name, kind and label of what the worker is shown")
    input = s.DictField(help_text="name → text, or a list for the kinds list, images and options")
    form = s.JSONField(help_text="the answer's JSON Schema")
    checks = s.ListField(child=s.JSONField())
    checklist = s.ListField(child=s.JSONField())
    manual = Manual()
    started_by = Named(
        allow_null=True, help_text="the colleague whose draft this began with; staff work only"
    )
    freed_reason = s.CharField(allow_null=True, help_text="why a director took the task back")
    impossible_share = s.IntegerField(help_text="per cent of the reward for what cannot be done")
    report_due_at = maybe_moment()
    reports = Report(many=True)
    draft = s.JSONField()
    draft_saved_at = maybe_moment()
    alternatives = Alternative(many=True)
    submissions = Submission(many=True)


class Submitted(s.Serializer[Any]):
    """The answer to `?next=1`; without it the submission alone."""

    submission = Submission()
    next = Assignment(allow_null=True)
    next_code = s.CharField(allow_null=True, help_text="why there is no next one")


class Draft(s.Serializer[Any]):
    fence = s.IntegerField()
    saved_at = maybe_moment()
    lease_expires_at = maybe_moment()


class Offer(TermsShape):
    """Work that is for the reader."""

    batch = s.IntegerField()
    step = s.IntegerField()
    title = s.CharField()
    store = Named()
    company = Named()
    state = choice(BatchState)
    taken = s.IntegerField(help_text="tasks of this batch that the reader has taken")
    open_tasks = s.IntegerField(help_text="tasks with a free slot, for anybody")
    can_take = s.BooleanField()
    reason = s.CharField(allow_null=True, help_text="why it cannot be taken now")


class Upload(s.Serializer[Any]):
    id = s.CharField(help_text="what an image field of an answer holds")
    width = s.IntegerField()
    height = s.IntegerField()
    content_type = s.CharField()
    size = s.IntegerField()
    url = s.CharField()


class Event(s.Serializer[Any]):
    position = s.IntegerField()
    name = s.CharField()
    at = s.DateTimeField()
    actor = s.IntegerField(allow_null=True)
    reason = s.CharField(allow_blank=True)
    data = s.DictField()  # type: ignore[assignment]  # as above


class Events(s.Serializer[Any]):
    events = Event(many=True)
    next_since = s.IntegerField()


class Ticket(s.Serializer[Any]):
    ticket = s.CharField()
    expires_in = s.IntegerField(help_text="seconds")
    path = s.CharField()


def page_of(entry: type[s.Serializer[Any]]) -> s.Serializer[Any]:
    """A page of such entries."""
    attributes = {"items": entry(many=True), "next": s.CharField(allow_null=True)}
    shape: s.Serializer[Any] = type(f"{entry.__name__}Page", (s.Serializer,), attributes)()
    return shape


class Notice(s.Serializer[Any]):
    id = s.IntegerField()
    kind = s.CharField()
    text = s.CharField()
    path = s.CharField(help_text="the page it is about")
    created_at = s.DateTimeField()
    read_at = maybe_moment()
    handed_over_at = s.DateTimeField(
        allow_null=True,
        help_text="null while its mail waits for the mail server, and so does its window",
    )


class ReadCount(s.Serializer[Any]):
    read = s.IntegerField()


class NoticeKind(s.Serializer[Any]):
    kind = s.CharField()
    label: Any = s.CharField()
    email = s.ChoiceField(choices=Email.choices)
    choices = s.ListField(child=s.ChoiceField(choices=Email.choices))


class NoticePreferences(s.Serializer[Any]):
    kinds = s.ListField(child=NoticeKind())
