"""Shapes of checks found later, for the description of the API."""

from typing import Any

from rest_framework import serializers as s

from tasks.answers.checks import CheckKind
from tasks.api.shapes import Named, choice, maybe_moment
from tasks.models import Release
from tasks.states import AnswerPlace, JobState


class Found(s.Serializer[Any]):
    """What a check found in one answer."""

    passed = s.BooleanField()
    code = s.CharField()
    message = s.CharField()
    measured = s.JSONField(allow_null=True, help_text="a number, or the words or characters found")


class Suggested(s.Serializer[Any]):
    check = s.JSONField(help_text="as POST later-checks takes it")
    version = s.IntegerField(help_text="id of the newer version that has it")
    found = Found(help_text="in this answer")


class Suggestions(s.Serializer[Any]):
    items = Suggested(many=True)


class LaterCheck(s.Serializer[Any]):
    id = s.IntegerField()
    template = s.IntegerField()
    version = s.IntegerField(help_text="whose form names the field")
    kind = s.ChoiceField(choices=[kind.value for kind in CheckKind])
    check = s.JSONField()
    state = choice(JobState)
    total = s.IntegerField(help_text="answers to look at; 0 until the job begins")
    looked_at = s.IntegerField()
    failing = s.IntegerField()
    in_file = s.IntegerField(help_text="of the failing: in a file that is not ticked as uploaded")
    uploaded = s.IntegerField(help_text="of the failing: in a file ticked as uploaded")
    taken_back = s.IntegerField(help_text="of the failing: a restore file was uploaded last")
    created_by = Named()
    created_at = s.DateTimeField()
    finished_at = maybe_moment()


class LaterFinding(s.Serializer[Any]):
    id = s.IntegerField()
    submission = s.IntegerField()
    batch = Named()
    unit = s.DictField(help_text="key and title")
    worker = Named()
    found = Found()
    place = choice(AnswerPlace)


class Holding(s.Serializer[Any]):
    result = s.IntegerField()
    batch = s.IntegerField()
    format = choice(Release.Format)
    uploaded_at = maybe_moment()
    answers = s.IntegerField(help_text="that fail, counted up to 5,000")
    restored_by = s.ListField(child=s.IntegerField(), help_text="restore files of these answers alone")


class Holdings(s.Serializer[Any]):
    items = Holding(many=True)


class IntoTemplate(s.Serializer[Any]):
    template = s.IntegerField(help_text="whose draft has the check now")
