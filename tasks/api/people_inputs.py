"""What the bodies of requests about people may hold."""

from typing import Any

from accounts.states import Role
from tasks.api.bodies import Input
from workers.domain.pool_links import DAYS_MOST, MOST

_UNTIL: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
_ROLE = {"type": "string", "enum": list(Role.values)}
_NAME = {"type": "string", "minLength": 1, "maxLength": 200}

INVITATION = Input(
    ("email", "role"),
    {
        "email": {"type": "string", "minLength": 3, "maxLength": 254},
        "role": _ROLE,
        "until": {**_UNTIL, "default": None, "description": "the end of the membership"},
    },
)
MEMBER_CHANGES = Input((), {"role": _ROLE, "until": {**_UNTIL, "description": "null: no end"}})
TOKEN = Input(
    ("token",),
    {
        "token": {
            "type": "string",
            "minLength": 1,
            "maxLength": 200,
            "description": "the last part of the link",
        }
    },
)
POOL_LINK = Input(
    ("name",),
    {
        "name": {"type": "string", "minLength": 1, "maxLength": 100},
        "most": {"type": "integer", "minimum": 1, "maximum": MOST, "default": 10},
        "days": {"type": "integer", "minimum": 1, "maximum": DAYS_MOST, "default": 14},
    },
)
SHOP = Input(("company", "name"), {"company": _NAME, "name": _NAME})
FREELANCER = Input((), {"introduction": {"type": "string", "maxLength": 2000, "default": ""}})
