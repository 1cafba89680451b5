"""Shapes of questions, pilots and repairs, for the description of the API."""

from typing import Any

from rest_framework import serializers as s

from tasks.api.shapes import Named, choice, maybe_moment
from tasks.models import Repair as Row
from tasks.states import JobState


class Reply(s.Serializer[Any]):
    id = s.IntegerField()
    by = Named(allow_null=True, help_text="null: another worker, or somebody of the store")
    of_store = s.BooleanField()
    text = s.CharField()
    created_at = s.DateTimeField()


class Question(s.Serializer[Any]):
    id = s.IntegerField()
    batch = s.IntegerField()
    task = s.IntegerField(allow_null=True)
    asked_by = Named(allow_null=True, help_text="null: another worker")
    text = s.CharField()
    created_at = s.DateTimeField()
    answered_at = maybe_moment()
    in_manual = s.BooleanField()
    replies = s.ListField(child=Reply())


class Pilot(s.Serializer[Any]):
    running = s.BooleanField(help_text="tasks wait for the director's word")
    tasks = s.IntegerField()
    decided = s.IntegerField()
    waiting = s.IntegerField()
    approved = s.IntegerField()
    returned = s.IntegerField(help_text="answers that were sent back at least once")
    rejected = s.IntegerField()
    reported = s.IntegerField()
    minutes = s.IntegerField(allow_null=True, help_text="typical, from taking a task to handing it in")


class RepairPlan(s.Serializer[Any]):
    received = s.IntegerField()
    paid = s.IntegerField(help_text="answers not paid so far")
    kept = s.IntegerField(help_text="approved answers that stay paid and are no longer used")
    rejected = s.IntegerField(help_text="rejections that are lifted")
    untouched = s.IntegerField()
    tasks = s.IntegerField(help_text="opened again")
    held = s.IntegerField(help_text="in work, kept with their drafts")
    pay = s.IntegerField(help_text="yen, for the answers not paid so far")
    cost = s.IntegerField(help_text="yen at most, for doing the tasks again")


class Repair(s.Serializer[Any]):
    id = s.IntegerField()
    batch = s.IntegerField()
    state = choice(JobState)
    scope = s.ChoiceField(choices=Row.Scope.choices)
    note = s.CharField()
    version = s.IntegerField(help_text="id of the version that the batch goes on with")
    tasks_total = s.IntegerField()
    tasks_done = s.IntegerField()
    paid = s.IntegerField()
    reopened = s.IntegerField()
    created_at = s.DateTimeField()
    finished_at = maybe_moment()


class Version(s.Serializer[Any]):
    id = s.IntegerField()
    key = s.CharField()
    number = s.IntegerField()
    note = s.CharField(allow_blank=True)


class RepairCount(s.Serializer[Any]):
    state = choice(JobState)
    tasks_total = s.IntegerField()
    tasks_done = s.IntegerField()
    created_at = s.DateTimeField()
    stale = s.BooleanField(help_text="received work has moved on since: ask again")
    plan = RepairPlan(allow_null=True, help_text="null until it is counted")


class RepairChoice(s.Serializer[Any]):
    all = RepairPlan()
    failing = RepairCount(allow_null=True, help_text="null until it is asked for by POST")
    versions = s.ListField(child=Version(), help_text="newer ones that the batch could go on with")
