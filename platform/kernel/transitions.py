"""State machines on models (django-fsm): safe refreshes, changes of many rows, and their picture."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, TypeVar

from django.db import DatabaseError, models, transaction
from django.db.models import signals
from django_fsm import ConcurrentTransition, ConcurrentTransitionMixin, FSMField

from kernel import hot

FIELD = "state"
ANY, ANY_OTHER = "*", "+"
CHUNK = 1000
M = TypeVar("M", bound=models.Model)

# Where the library keeps the state a row had when it was loaded.
_INITIAL = "_ConcurrentTransitionMixin__initial_states"


@cache
def _state_names(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.fields if isinstance(field, FSMField))


class MachineMixin(ConcurrentTransitionMixin, models.Model):
    """For models with `state = FSMField(protected=True, …)`: of two racing transitions the second raises.

    The library lifts the protection of the field, which all instances and threads share, while one
    instance is refreshed, and for good when the row is gone. Here it is never lifted: only the
    refreshed instance forgets its value for a moment.
    """

    _reloading: frozenset[str] = frozenset()

    class Meta:
        abstract = True

    def _get_protected_fsm_fields(self) -> set[str]:
        return set()

    def _update_initial_state(self) -> None:
        # The library would fetch a deferred state here, with one more query for every row.
        found = self.__dict__
        found[_INITIAL] = {name: found[name] for name in _state_names(type(self)) if name in found}

    def get_deferred_fields(self) -> set[str]:
        return super().get_deferred_fields() - self._reloading

    def refresh_from_db(
        self, using: str | None = None, fields: Iterable[str] | None = None, from_queryset: Any = None
    ) -> None:
        wanted = None if fields is None else list(fields)
        names = {f.attname for f in self.state_fields if wanted is None or f.attname in wanted}
        kept = {name: self.__dict__.pop(name) for name in names & self.__dict__.keys()}
        initial = self.__dict__.get(_INITIAL)
        self._reloading = frozenset(kept)
        try:
            super().refresh_from_db(using, wanted, from_queryset)
        finally:
            del self._reloading
            for name, value in kept.items():
                self.__dict__.setdefault(name, value)
        if not names and initial is not None:
            # The state was not read again, so what is known of the row has not changed.
            self.__dict__[_INITIAL] = initial

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Raises `ConcurrentTransition` if the state of the row has changed since it was loaded."""
        named = None if update_fields is None else list(update_fields)
        if named is not None and FIELD not in named and self._moved():
            raise ValueError("a transition is saved with its state: name it in update_fields")
        if self.pk and FIELD not in self.__dict__:
            # The row is updated only in the state that is known.
            self.refresh_from_db(fields=[FIELD])
        if named and not args and not kwargs and self._is_plain():
            self._update(named)
        else:
            super().save(*args, update_fields=named, **kwargs)

    def _is_plain(self) -> bool:
        """Whether saving is one UPDATE and nobody listens."""
        model = type(self)
        return (
            bool(self.pk)
            and not self._state.adding
            and not signals.pre_save.has_listeners(model)
            and not signals.post_save.has_listeners(model)
        )

    def _update(self, named: list[str]) -> None:
        """What the library and the framework do between them, as one statement that is built once."""
        known = self.__dict__[_INITIAL]
        if not hot.update(self, named, known):
            if type(self)._base_manager.filter(pk=self.pk).exists():
                raise ConcurrentTransition(f"{self} is no longer {known[FIELD]}")
            raise DatabaseError(f"{self} is gone")
        self._update_initial_state()

    def _moved(self) -> bool:
        return bool(self.pk) and self.__dict__[_INITIAL].get(FIELD) != self.__dict__.get(FIELD)


def move_many(
    queryset: models.QuerySet[M],
    verb: str,
    *,
    record_chunk: Callable[[list[int]], None],
    set_fields: dict[str, Any] | None = None,
    chunk: int = CHUNK,
    wait: bool = False,
    conditions_hold: bool = False,
) -> int:
    """Makes the transition `verb` on all rows of `queryset` that are in one of its sources; returns how many.

    Sources and target come from the machine. Rows move in the order of their keys, `chunk` to a
    transaction (outside one; inside the caller's they join it), each with `record_chunk(ids)` and
    the columns in `set_fields`. Rows locked by somebody else are left for the next time, or with
    `wait` waited for. Raises `ValueError` for a verb with conditions, unless the queryset itself
    expresses them (`conditions_hold`), and for one with more than one target.
    """
    sources, target = _route(queryset.model, verb, conditions_hold)
    moved, last = 0, None
    while True:
        with transaction.atomic():
            ids = _lock_chunk(queryset, sources, target, last, min(chunk, CHUNK), wait)
            if ids:
                rows = queryset.model._base_manager.filter(pk__in=ids)
                rows.update(**{FIELD: target, **(set_fields or {})})
                record_chunk(ids)
        if not ids:
            return moved
        moved, last = moved + len(ids), ids[-1]


def _lock_chunk(
    queryset: models.QuerySet[M],
    sources: frozenset[str],
    target: str,
    last: int | None,
    size: int,
    wait: bool,
) -> list[int]:
    # The lock must name this table alone, whatever the caller's queryset joins.
    rows = queryset.model._base_manager.filter(pk__in=queryset.order_by().values("pk"))
    if ANY_OTHER in sources:
        rows = rows.exclude(**{FIELD: target})
    elif ANY not in sources:
        rows = rows.filter(**{f"{FIELD}__in": sorted(sources)})
    if last is not None:
        rows = rows.filter(pk__gt=last)
    locked = rows.select_for_update(skip_locked=not wait).order_by("pk")
    return list(locked.values_list("pk", flat=True)[:size])


def _route(model: type[models.Model], verb: str, conditions_hold: bool) -> tuple[frozenset[str], str]:
    found = getattr(model, verb)._django_fsm.transitions
    targets = {transition.target for transition in found.values()}
    if len(targets) != 1 or not isinstance(target := targets.pop(), str):
        raise ValueError(f"{model.__name__}.{verb} has no single target")
    if not conditions_hold and any(transition.conditions for transition in found.values()):
        raise ValueError(f"{model.__name__}.{verb} has conditions that a set-shaped change cannot check")
    return frozenset(str(source) for source in found), str(target)


def mermaid(model: type[models.Model]) -> str:
    """The machine of `model` as a Mermaid state diagram, the same text every time."""
    field = model._meta.get_field(FIELD)
    assert isinstance(field, FSMField)
    states = [str(value) for value, _label in field.choices or []]
    arrows = sorted(_arrows(model, field, states), key=lambda arrow: _rank(arrow, states))
    sources = {source for source, _target, _verb in arrows}
    known = states or sorted(sources | {target for _source, target, _verb in arrows})
    lines = ["stateDiagram-v2", f"    [*] --> {field.get_default()}"]
    lines += [f"    {source} --> {target}: {verb}" for source, target, verb in arrows]
    lines += [f"    {state} --> [*]" for state in known if state not in sources]
    return "\n".join(lines) + "\n"


def _arrows(model: type[models.Model], field: Any, states: list[str]) -> set[tuple[str, str, str]]:
    arrows = set()
    for transition in field.get_all_transitions(model):
        for target in _targets(transition.target):
            for source in _sources(str(transition.source), target, states):
                arrows.add((source, target, transition.name))
    return arrows


def _sources(source: str, target: str, states: list[str]) -> list[str]:
    if source == ANY:
        return states
    return [state for state in states if state != target] if source == ANY_OTHER else [source]


def _targets(target: Any) -> list[str]:
    """None (a check without a move) has no arrow; a computed target names what it may be."""
    if target is None:
        return []
    return [str(state) for state in getattr(target, "allowed_states", None) or [target]]


def _rank(arrow: tuple[str, str, str], states: list[str]) -> tuple[int, int, str, str, str]:
    order = {state: place for place, state in enumerate(states)}
    source, target, verb = arrow
    return order.get(source, len(order)), order.get(target, len(order)), verb, source, target
