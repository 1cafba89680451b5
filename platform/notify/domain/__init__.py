"""The inbox and its mail: what other rooms call."""

from notify.domain.inbox import UNREAD_SHOWN, mark_read, notify, unread_count
from notify.domain.outbox import mail_address

__all__ = ["UNREAD_SHOWN", "mail_address", "mark_read", "notify", "unread_count"]
