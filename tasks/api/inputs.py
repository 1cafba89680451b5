"""What the bodies of requests may hold."""

from typing import Any

from exchange.encodings import ENCODINGS
from exchange.head import HEAD_ROWS
from exchange.inspection import COLUMNS_MAX
from exchange.opening import FORMATS
from exchange.source import SHOPIFY
from exchange.tablefile import DELIMITERS
from kernel.ids import ID_MAX
from tasks.answers.manual import MAX_MANUAL
from tasks.api.bodies import Input
from tasks.domain.batches import CAP_MAX, LEASE_MAX_MINUTES, PILOT_MAX, REWARD_MAX
from tasks.domain.mapping_parse import SHEET_MAX
from tasks.domain.questions import QUESTION_MAX, REPLY_MAX
from tasks.domain.release_part import ANSWERS_AT_MOST
from tasks.models import Release, Repair
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
    "pilot_tasks": {
        "type": ["integer", "null"],
        "minimum": 1,
        "maximum": PILOT_MAX,
        "default": None,
        "description": "so many tasks go ahead, the rest waits for POST go-on",
    },
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
CORRECTION = Input(("answer",), {"answer": _ANSWER, "note": _NOTE})
CHANGES = Input((), {"comments": _COMMENTS, "note": _NOTE})
REJECTION = Input(("reasons",), {"reasons": _REASONS, "note": _NOTE})
_RESULTS: dict[str, dict[str, Any]] = {
    "format": {"type": "string", "enum": list(Release.Format.values)},
    "restores": {
        "type": "integer",
        "minimum": 1,
        "maximum": ID_MAX,
        "description": "for restore: the result whose previous values are put back",
    },
    "answers": {
        "type": "array",
        "items": {"type": "integer", "minimum": 1, "maximum": ID_MAX},
        "minItems": 1,
        "maxItems": ANSWERS_AT_MOST,
        "description": "for restore: ids of submissions; only their cells are put back",
    },
    "later_check": {
        "type": "integer",
        "minimum": 1,
        "maximum": ID_MAX,
        "description": "for restore: only the cells of answers that this check found are put back",
    },
    "since_uploaded": {
        "type": "boolean",
        "default": False,
        "description": "for update: only what the results ticked as uploaded do not have",
    },
    "overwrite": {
        "type": "boolean",
        "default": False,
        "description": "with a fresh export: also overwrite cells that the shop changed itself",
    },
}
RESULTS = Input(("format",), _RESULTS)
RESULTS_WITH_FRESH = {
    "type": "object",
    "properties": {
        # A form cannot hold a list; a check can stand for one.
        **{name: one for name, one in _RESULTS.items() if name != "answers"},
        "fresh": {
            "type": "string",
            "contentMediaType": "application/octet-stream",
            "description": "an export of the shop as it is now",
        },
    },
    "required": ["format", "fresh"],
}
_TEXT: dict[str, Any] = {"type": "string", "maxLength": MAX_MANUAL}
_ID: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
LATER_CHECK = Input(
    ("check",),
    {
        "check": {
            "type": "object",
            "description": "as a template's `checks` hold it; `id` may be left out, `field` is one of the"
            " answer's form. `unique_in_batch` cannot look back.",
        }
    },
)
QUESTION = Input(
    ("text",), {"text": {"type": "string", "minLength": 1, "maxLength": QUESTION_MAX}, "task": _ID}
)
REPLY = Input(("text",), {"text": {"type": "string", "minLength": 1, "maxLength": REPLY_MAX}})
HIDING = Input((), {"reply": _ID})
# A language that is not sent stays as it is, or gets question and answer appended.
MANUAL = Input((), {"manual_ja": _TEXT, "manual_en": _TEXT})
REPAIR = Input(
    ("note",),
    {
        "version": {
            **_ID,
            "description": "a newer version, or the batch's own; with texts they correct the manual of it",
        },
        "manual_ja": _TEXT,
        "manual_en": _TEXT,
        "scope": {"type": "string", "enum": list(Repair.Scope.values), "default": "all"},
        "note": {"type": "string", "minLength": 1, "maxLength": 2000, "description": "to the workers"},
        "deadline": {
            **_TERMS["deadline"],
            "description": "a later one for the batch; needed where the present one is over",
        },
    },
)
REPAIR_PLAN = Input(
    (),
    {
        "version": {**_ID, "description": "the version whose form and checks decide; default: the batch's"},
        "corrected": {
            "type": "boolean",
            "description": "with another manual on it; default: true for the batch's own version",
        },
    },
)
MAPPING = Input(
    ("name", "header", "columns"),
    {
        "name": _TITLE,
        "header": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": COLUMNS_MAX},
        "kind": {"type": "string", "enum": list(DELIMITERS), "default": "csv"},
        "encoding": {"type": "string", "enum": list(ENCODINGS), "default": "utf-8"},
        "sheet": {"type": "string", "maxLength": SHEET_MAX, "description": "of a workbook; empty: the first"},
        "header_row": {
            "type": "integer",
            "minimum": 1,
            "maximum": HEAD_ROWS,
            "default": 1,
            "description": "where the header stands, under titles; it is found again in another row",
        },
        "together": {
            "type": "boolean",
            "default": False,
            "description": "rows with the same key are one unit",
        },
        "columns": {
            "type": "array",
            "items": {"type": "object"},
            "maxItems": COLUMNS_MAX,
            "description": '{"index" from 0, "roles": of key, title, input, fill,'
            ' "name": the field\'s x-column or'
            ' name, "rules": {"required", "max_chars", "max_bytes", "digits", "allowed", "pattern"}}',
        },
    },
)
SOURCE = {
    "type": "object",
    "properties": {
        "file": {"type": "string", "contentMediaType": "application/octet-stream"},
        "format": {"type": "string", "enum": list(FORMATS), "default": SHOPIFY},
        "mapping": {
            "type": "string",
            "description": "of a table, JSON: the id of one of the store's mappings, or a new one as POST"
            " stores/{id}/mappings takes it without `header`; its `header_row` is found if it is left out."
            " Without a mapping the table is only looked into.",
        },
        "row_filter": {
            "type": "string",
            "description": 'JSON: {"missing": [columns], "keys": [keys], "statuses": [texts]}',
        },
    },
    "required": ["file"],
}
PICTURE = {
    "type": "object",
    "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
    "required": ["file"],
}
