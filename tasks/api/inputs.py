"""What the bodies of requests may hold."""

from typing import Any

from tasks.api.bodies import Input
from tasks.domain.batches import CAP_MAX, LEASE_MAX_MINUTES, REWARD_MAX
from tasks.models import Release
from tasks.states import Audience

NOTE_MAX = 5000
FENCE_MAX = 2**31 - 1

_TITLE = {"type": "string", "minLength": 1, "maxLength": 200}
_NOTE: dict[str, Any] = {"type": "string", "maxLength": NOTE_MAX, "default": ""}
_TERMS: dict[str, dict[str, Any]] = {
    "title": _TITLE,
    "template": {"type": "string", "minLength": 1, "maxLength": 60, "description": "a key of GET templates"},
    "audience": {"type": "string", "enum": list(Audience.values)},
    "open_to_all": {
        "type": "boolean",
        "default": False,
        "description": "crowd work for every freelancer, not only the company's pool",
    },
    "reward": {
        "type": "integer",
        "minimum": 0,
        "maximum": REWARD_MAX,
        "default": 0,
        "description": "yen per answer",
    },
    "answers_per_task": {"type": "integer", "minimum": 1, "maximum": 5, "default": 1},
    "lease_minutes": {"type": "integer", "minimum": 1, "maximum": LEASE_MAX_MINUTES, "default": 60},
    "deadline": {"type": ["string", "null"], "format": "date-time", "default": None},
    "per_worker_cap": {"type": ["integer", "null"], "minimum": 1, "maximum": CAP_MAX, "default": None},
}
_FENCE = {
    "type": "integer",
    "minimum": 0,
    "maximum": FENCE_MAX,
    "description": "the fence of the draft this answer was made from",
}
_COMMENTS = {
    "type": "object",
    "additionalProperties": {"type": "string", "maxLength": NOTE_MAX},
    "maxProperties": 100,
    "description": "field name → what should change",
}
_REASONS = {
    "type": "array",
    "items": {"type": "string", "maxLength": 100},
    "minItems": 1,
    "maxItems": 100,
    "description": "ids of checklist items or failed checks",
}
_ANSWER = {
    "type": "object",
    "additionalProperties": True,
    "description": "field name → value, as the assignment's form says",
}

BATCH = Input(("title", "template", "audience"), _TERMS)
BATCH_CHANGES = Input(
    (), {name: {k: v for k, v in one.items() if k != "default"} for name, one in _TERMS.items()}
)
ANSWER = Input(("answer", "fence"), {"answer": _ANSWER, "fence": _FENCE})
APPROVAL = Input((), {"note": _NOTE})
CHANGES = Input((), {"comments": _COMMENTS, "note": _NOTE})
REJECTION = Input(("reasons",), {"reasons": _REASONS, "note": _NOTE})
RESULTS = Input(("format",), {"format": {"type": "string", "enum": list(Release.Format.values)}})
SOURCE = {
    "type": "object",
    "properties": {
        "file": {"type": "string", "contentMediaType": "application/octet-stream"},
        "format": {"type": "string", "enum": ["shopify"], "default": "shopify"},
        "row_filter": {
            "type": "string",
            "description": 'JSON: {"missing": [columns], "keys": [handles], "statuses": [texts]}',
        },
    },
    "required": ["file"],
}
PICTURE = {
    "type": "object",
    "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
    "required": ["file"],
}
