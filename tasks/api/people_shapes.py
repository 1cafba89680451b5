"""Shapes of answers about people, for the description of the API only."""

from typing import Any

from rest_framework import serializers as s

from accounts.states import Role
from tasks.api.shapes import Named, choice, maybe_moment


class PersonEntry(Named):
    email = s.CharField()


class Invitation(s.Serializer[Any]):
    id = s.IntegerField()
    store = s.IntegerField()
    email = s.CharField()
    role = choice(Role)
    until = maybe_moment()
    invited_by = PersonEntry(allow_null=True)
    created_at = s.DateTimeField()
    expires_at = s.DateTimeField()
    accepted_at = maybe_moment()
    revoked_at = maybe_moment()


class Member(s.Serializer[Any]):
    id = s.IntegerField(allow_null=True)
    store = s.IntegerField()
    person = PersonEntry()
    role = choice(Role)
    until = maybe_moment()
    ended = s.BooleanField()
    last_active_at = maybe_moment()


class PoolEntry(s.Serializer[Any]):
    id = s.IntegerField()
    person = PersonEntry()
    since = s.DateTimeField()
    link = s.IntegerField(allow_null=True, help_text="the link they came by")
    approved = s.IntegerField(help_text="answers for this company")
    rejected = s.IntegerField()
    in_hand = s.IntegerField()


class PoolLink(s.Serializer[Any]):
    id = s.IntegerField()
    company = s.IntegerField()
    name = s.CharField()
    most = s.IntegerField()
    used = s.IntegerField()
    expires_at = s.DateTimeField()
    revoked_at = maybe_moment()
    closed = s.CharField(allow_null=True, help_text="link_expired, link_revoked, link_used_up or null")
    url = s.CharField(allow_null=True, help_text="told once, when the link is made")


class Joined(s.Serializer[Any]):
    id = s.IntegerField()
    company = s.IntegerField()


class Shop(Named):
    company = s.IntegerField()


class Freelancer(s.Serializer[Any]):
    introduction = s.CharField(allow_blank=True)
