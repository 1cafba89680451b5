"""What the bodies of requests about operations may hold."""

from typing import Any

from tasks.api.bodies import Input
from tasks.operations import DataClass, Group
from tasks.operations.parse import (
    MINUTES_MAX,
    NAME_MAX,
    PRICE_MAX,
    TEMPLATE_MAX,
    VOLUME_MAX,
    WAGE_MAX,
)

_GROUP = {"type": "string", "enum": list(Group.values)}
_NAME = {"type": "string", "minLength": 1, "maxLength": NAME_MAX}
_CLASS = list(DataClass.values)
_FIGURES: dict[str, dict[str, Any]] = {
    "volume": {
        "type": ["integer", "null"],
        "minimum": 0,
        "maximum": VOLUME_MAX,
        "description": "units a month",
    },
    "minutes": {
        "type": ["number", "null"],
        "minimum": 0,
        "maximum": MINUTES_MAX,
        "description": "of work per unit, at most two decimals",
    },
    "price": {
        "type": ["number", "null"],
        "minimum": 0,
        "maximum": PRICE_MAX,
        "description": "yen per unit, at most two decimals",
    },
    "template": {
        "type": ["string", "null"],
        "maxLength": TEMPLATE_MAX,
        "description": "key of the template that does it",
    },
    "hidden": {"type": "boolean"},
}
CHANGES = Input(
    (),
    {
        **_FIGURES,
        "core": {"type": ["boolean", "null"]},
        "class": {"type": ["string", "null"], "enum": [*_CLASS, None]},
        "name": {**_NAME, "description": "of the store's own operation"},
        "group": {**_GROUP, "description": "of the store's own operation"},
    },
)
NEW = Input(
    ("name", "group"),
    {
        **_FIGURES,
        "core": {"type": "boolean", "default": False},
        "class": {"type": "string", "enum": _CLASS, "default": DataClass.P0.value},
        "name": _NAME,
        "group": _GROUP,
    },
)
TERMS = Input(
    (),
    {
        "hourly_wage": {
            "type": "integer",
            "minimum": 1,
            "maximum": WAGE_MAX,
            "description": "yen an hour of the store's own people costs",
        },
        "review_percent": {
            "type": "integer",
            "minimum": 0,
            "maximum": 100,
            "description": "of the work time, to check what came back",
        },
    },
)
