"""A small machine of its own, so that these tests do not depend on the product's."""

from django.db import models
from django_fsm import GET_STATE, FSMField, transition

from kernel.transitions import MachineMixin


def is_light(door: "Door") -> bool:
    return door.weight < 10


class Door(MachineMixin, models.Model):
    state: "models.CharField[str, str]" = FSMField(
        default="open",
        protected=True,
        choices=[("open", "open"), ("shut", "shut"), ("locked", "locked"), ("gone", "gone")],
    )
    weight = models.IntegerField(default=1)
    note = models.CharField(max_length=20, blank=True)

    objects: "models.Manager[Door]" = models.Manager()

    class Meta:
        app_label = "kernel"

    @transition(field=state, source="open", target="shut")
    def shut(self) -> None:
        """Also by the wind."""

    @transition(field=state, source="shut", target="open")
    def reopen(self) -> None: ...

    @transition(field=state, source=["open", "shut"], target="locked")
    def lock(self) -> None: ...

    @transition(field=state, source="+", target="gone")
    def remove(self) -> None: ...

    @transition(field=state, source="shut", target="gone", conditions=[is_light])
    def carry(self) -> None: ...

    @transition(field=state, source="locked", target=GET_STATE(lambda self: "open", states=["open", "shut"]))
    def unlock(self) -> None: ...
