"""Bodies and answers of the addresses about templates."""

from typing import Any

from rest_framework import serializers as s

from tasks.api.bodies import Input
from tasks.api.inputs import FENCE_MAX
from tasks.api.shapes import LocalText, Named, Template, Upload, maybe_moment
from tasks.domain.template_draft import NOTE_MAX

_FENCE = {"type": "integer", "minimum": 0, "maximum": FENCE_MAX, "description": "the fence of the draft seen"}

NEW_TEMPLATE = Input(
    (),
    {
        "title": {"type": "string", "minLength": 1, "maxLength": 200},
        "copy_of": {"type": "integer", "minimum": 1, "description": "id of a version; instead of a title"},
    },
)
TEMPLATE_DRAFT = Input(
    ("content", "fence"),
    {"content": {"type": "object", "description": "all of what GET gave"}, "fence": _FENCE},
)
TEMPLATE_FENCE = Input(("fence",), {"fence": _FENCE})
TEMPLATE_PUBLICATION = Input(
    ("fence",),
    {
        "fence": _FENCE,
        "note": {"type": "string", "maxLength": NOTE_MAX, "default": ""},
        "newest_seen": {
            "type": ["integer", "null"],
            "minimum": 1,
            "description": "a version published after the draft was begun, whose changes were looked at",
        },
    },
)
CHECK_TRIAL = Input(
    ("form", "check", "samples"),
    {
        "form": {"type": "object"},
        "check": {"type": "object"},
        "samples": {"type": "string", "maxLength": 500_000},
    },
)


class TemplateVersion(s.Serializer[Any]):
    id = s.IntegerField()
    number = s.IntegerField()
    note = s.CharField(allow_blank=True)
    author = Named(allow_null=True)
    created_at = s.DateTimeField()


class TemplateDetail(s.Serializer[Any]):
    id = s.IntegerField()
    key = s.CharField()
    title = LocalText()
    company = s.IntegerField(allow_null=True)
    archived_at = maybe_moment()
    draft_waiting = s.BooleanField()
    newest = Template(allow_null=True)
    versions = TemplateVersion(many=True)


class TemplateDraft(s.Serializer[Any]):
    template = s.IntegerField()
    key = s.CharField()
    content = s.JSONField()
    fence = s.IntegerField()
    waiting = s.BooleanField(help_text="false: the content is that of the newest version")
    saved_at = maybe_moment()
    problems = s.ListField(child=s.DictField(), help_text="what keeps it from being published")


class TemplateState(s.Serializer[Any]):
    id = s.IntegerField()
    key = s.CharField()
    archived_at = maybe_moment()


class TemplateChange(s.Serializer[Any]):
    section = s.CharField()
    kind = s.CharField(help_text="added, removed, changed or moved")
    place = s.CharField(allow_blank=True)
    text = s.CharField()


class TemplateDifferences(s.Serializer[Any]):
    changes = TemplateChange(many=True)
    manual = s.DictField(help_text="language → passages of lines with their marked pieces")


class TemplatePicture(Upload):
    markdown = s.CharField(help_text="what shows it in the manual")


class Tried(s.Serializer[Any]):
    tried = s.ListField(child=s.DictField())
