"""One append-only log of what happened: outbox, audit and source of every live update."""

from events.log import record
from events.registry import register

__all__ = ["record", "register"]
