"""Shapes of result files, for the description of the API only."""

from typing import Any

from rest_framework import serializers as s

from tasks.api.shapes import Coded, Named, Review, UnitRef, choice, maybe_moment
from tasks.models import Release
from tasks.states import AssignmentState, JobState, Use


class Column(s.Serializer[Any]):
    logical = s.CharField()
    column = s.CharField(help_text="as the file spells it")
    cells = s.IntegerField()


class DriftCounts(s.Serializer[Any]):
    """What the shop changed since, found in the fresh export."""

    changed = s.IntegerField(help_text="cells")
    row_added = s.IntegerField()
    row_removed = s.IntegerField()
    answered = s.IntegerField(help_text="changed cells that an answer would overwrite")
    gone = s.IntegerField(help_text="products with an answer that the shop does not have any more")
    refused = s.IntegerField(help_text="rows of the fresh export that cannot be read")
    columns_added = s.ListField(child=s.CharField())
    columns_removed = s.ListField(child=s.CharField())


class New(s.Serializer[Any]):
    since = s.IntegerField(help_text="the result that was uploaded last when this one was made")
    cells = s.IntegerField(help_text="cells that the uploaded results had not brought into the shop")


class Place(s.Serializer[Any]):
    key = s.CharField()
    row = s.IntegerField()
    column = s.CharField()
    characters = s.ListField(child=s.CharField())


class Failure(Coded):
    row = s.IntegerField(allow_null=True)
    column = s.CharField(allow_null=True)
    places = Place(many=True)


class Result(s.Serializer[Any]):
    id = s.IntegerField()
    batch = s.IntegerField()
    state = choice(JobState)
    format = choice(Release.Format)
    answers = s.IntegerField()
    cells = s.IntegerField(help_text="cells changed in the source")
    columns = Column(many=True)
    warnings = Coded(many=True)
    error = Failure(allow_null=True)
    name = s.CharField(allow_null=True)
    size = s.IntegerField(help_text="bytes")
    url = s.CharField(allow_null=True)
    restores = s.IntegerField(allow_null=True, help_text="the result whose previous values this one holds")
    answers_only = s.ListField(
        child=s.IntegerField(), allow_null=True, help_text="it restores the cells of these answers alone"
    )
    later_check = s.IntegerField(
        allow_null=True, help_text="it restores the cells alone of what this check found"
    )
    since_uploaded = s.BooleanField()
    new = New(allow_null=True)
    fresh = s.CharField(allow_null=True, help_text="name of the fresh export")
    overwrite = s.BooleanField()
    drift = DriftCounts(allow_null=True)
    uploaded_at = maybe_moment()
    uploaded_by = Named(allow_null=True)
    created_by = Named()
    created_at = s.DateTimeField()
    finished_at = maybe_moment()


class Cell(s.Serializer[Any]):
    """One cell that the result wrote."""

    id = s.IntegerField()
    key = s.CharField()
    row = s.IntegerField(help_text="of the file it was made from, the header is 1")
    column = s.CharField(help_text="as the file spells it")
    logical = s.CharField()
    before = s.CharField(allow_blank=True)
    after = s.CharField(allow_blank=True)
    submission = s.IntegerField(allow_null=True, help_text="the answer it is from")


class DriftEntry(s.Serializer[Any]):
    """One thing that the shop changed since."""

    id = s.IntegerField()
    key = s.CharField()
    kind = s.ChoiceField(choices=["changed", "row_added", "row_removed"])
    column = s.CharField(allow_null=True)
    then = s.CharField(allow_blank=True)
    now = s.CharField(allow_blank=True)
    answered = s.BooleanField()


class TracedCell(s.Serializer[Any]):
    column = s.CharField()
    before = s.CharField(allow_blank=True)
    after = s.CharField(allow_blank=True)


class WentInto(s.Serializer[Any]):
    result = s.IntegerField()
    format = choice(Release.Format)
    created_at = s.DateTimeField()
    uploaded_at = maybe_moment()
    restored_by = s.ListField(child=s.IntegerField(), help_text="restore files made of it")
    cells = TracedCell(many=True)


class OtherAnswer(s.Serializer[Any]):
    submission = s.IntegerField()
    assignment = s.IntegerField()
    batch = Named()
    unit = UnitRef()
    state = choice(AssignmentState)
    use = choice(Use, allow_null=True)
    submitted_at = maybe_moment()


class TraceCorrection(s.Serializer[Any]):
    answer = s.JSONField()
    fields = s.ListField(child=s.CharField())  # type: ignore[assignment]  # declared fields never become attributes
    note = s.CharField(allow_blank=True)
    corrected_by = Named()
    created_at = s.DateTimeField()


class Trace(s.Serializer[Any]):
    """Where an answer went, and others by the same worker, a page of them."""

    submission = s.IntegerField()
    batch = s.IntegerField()
    unit = UnitRef()
    worker = Named()
    state = choice(AssignmentState)
    use = choice(Use, allow_null=True)
    reviews = Review(many=True)
    correction = TraceCorrection(allow_null=True)
    results = WentInto(many=True)
    items = OtherAnswer(many=True)
    next = s.CharField(allow_null=True)
