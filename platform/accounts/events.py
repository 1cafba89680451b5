"""Events of this room."""

from events import register

register("api_key.created", {"api_key"})
register("api_key.revoked", {"api_key"})
register("person.added", {"person"})
register("store.added", {"store"})
register("membership.added", {"store", "person"})
