"""Every event's name and the keys its payload may carry.

Rooms register their own names in `<room>/events.py`, loaded by their `AppConfig.ready`.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

# A change of state may always say from where to where.
COMMON = frozenset({"before", "after"})

_events: dict[str, frozenset[str]] = {}
EVENTS: Mapping[str, frozenset[str]] = MappingProxyType(_events)


class UnknownEvent(LookupError):
    """The name is not registered: a mistake in the program, never of a person."""


class UnknownKey(LookupError):
    """The payload has a key that the event's schema does not name."""


def register(name: str, keys: Iterable[str]) -> None:
    """Makes `name` ("assignment.claimed") known. Raises `ValueError` if it is taken by another schema."""
    schema = frozenset(keys) | COMMON
    if _events.setdefault(name, schema) != schema:
        raise ValueError(f"event {name} is registered twice with different keys")


def check(name: str, keys: Iterable[str]) -> None:
    """Raises `UnknownEvent` or `UnknownKey`."""
    schema = _events.get(name)
    if schema is None:
        raise UnknownEvent(f"event {name} is not registered")
    unknown = set(keys) - schema
    if unknown:
        raise UnknownKey(f"event {name} does not carry {', '.join(sorted(unknown))}")
