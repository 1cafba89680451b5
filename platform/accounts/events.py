"""Events of this room."""

from events import register

register("api_key.created", {"api_key"})
register("api_key.revoked", {"api_key"})
register("person.added", {"person"})
register("person.email_changed", {"person"})
register("person.signed_in", {"person"})
register("store.added", {"store"})
register("installation.changed", {"mfa_for_directors", "open_sign_up"})

# `role` is a code; `until` (a moment or nothing) is told where it changed.
_MEMBER = {"store", "person", "role"}
register("member.invited", {"store", "invitation", "role"})
register("member.uninvited", {"store", "invitation"})
register("member.joined", _MEMBER | {"invitation"})
register("member.changed", _MEMBER | {"until"})
register("member.ending", _MEMBER)
register("member.ended", _MEMBER)
register("member.left", _MEMBER)
register("member.removed", _MEMBER)
