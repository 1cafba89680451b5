# The part of django_fsm that the project uses. The library's own types read as Any before Python 3.12 (its
# `override`), and its `transition` refuses a field that is declared as the CharField it is in the database.

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from django.db import models

_Verb = TypeVar("_Verb", bound=Callable[..., Any])

class TransitionNotAllowed(Exception):
    object: Any
    method: Any

class ConcurrentTransition(Exception): ...
class State: ...

class GET_STATE(State):
    def __init__(self, func: Callable[..., str], states: Sequence[str] | None = ...) -> None: ...

class FSMField(models.CharField[str, str]):
    protected: bool
    def __init__(self, *args: Any, protected: bool = ..., **kwargs: Any) -> None: ...
    def get_all_transitions(self, instance_cls: type[models.Model]) -> Iterable[Any]: ...

class ConcurrentTransitionMixin(models.Model):
    state_fields: Iterable[FSMField]
    def _get_protected_fsm_fields(self) -> set[str]: ...
    def _update_initial_state(self) -> None: ...

def transition(
    field: models.CharField[str, str] | str,
    source: str | Sequence[str] = ...,
    target: str | State | None = ...,
    on_error: str | None = ...,
    conditions: Sequence[Callable[[Any], bool]] = ...,
    permission: str | Callable[[Any, Any], bool] | None = ...,
    custom: dict[str, Any] | None = ...,
) -> Callable[[_Verb], _Verb]: ...
