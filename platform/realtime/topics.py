"""Who may listen to what. Rooms register their kinds of topics in `<room>/topics.py`."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.core.exceptions import ObjectDoesNotExist

from accounts.models import User

MayListen = Callable[[User, tuple[str, ...], datetime], bool]

_kinds: dict[str, MayListen] = {}


def register_topic(prefix: str, may_listen: MayListen) -> None:
    """`may_listen(user, parts, now)` decides for all topics under `prefix`.

    "work.store.3" under the prefix "work" has the parts ("store", "3"); the longest prefix decides.
    """
    if _kinds.setdefault(prefix, may_listen) is not may_listen:
        raise ValueError(f"topic {prefix} is registered twice")


def allowed(user: User, topics: Iterable[str], now: datetime) -> dict[str, bool]:
    """For each topic whether `user` may listen to it now; unknown kinds are refused like forbidden ones."""
    return {topic: _may_listen(user, topic, now) for topic in topics}


def _may_listen(user: User, topic: str, now: datetime) -> bool:
    parts = topic.split(".")
    for size in range(len(parts) - 1, 0, -1):
        decide = _kinds.get(".".join(parts[:size]))
        if decide is not None:
            return _decide(decide, user, tuple(parts[size:]), now)
    return False


def _decide(decide: MayListen, user: User, parts: tuple[str, ...], now: datetime) -> bool:
    try:
        return decide(user, parts, now)
    except (ValueError, ObjectDoesNotExist):
        # "batch.abc", or a batch that is gone: nobody may listen to what is not there.
        return False
