"""Errors that several domain functions raise."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransition, TransitionNotAllowed

from kernel.errors import Conflict
from kernel.errors import Missing as Missing
from kernel.errors import RoleMissing as RoleMissing


class IllegalMove(Conflict):
    """The machine has no such edge from where the thing is now."""

    def __init__(self, state: str, verb: str) -> None:
        super().__init__(
            "illegal_transition",
            _("This cannot be done in the present state."),
            state=state,
            verb=verb,
        )


class Overtaken(Conflict):
    """Somebody else moved the thing in the same moment."""

    def __init__(self) -> None:
        super().__init__("overtaken", _("Somebody else changed this in the same moment. Look again."))


@contextmanager
def legal(state: str, verb: str) -> Iterator[None]:
    """Turns the machine's refusals into typed errors."""
    try:
        yield
    except TransitionNotAllowed as refused:
        raise IllegalMove(state, verb) from refused
    except ConcurrentTransition as raced:
        raise Overtaken from raced
