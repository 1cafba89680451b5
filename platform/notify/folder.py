"""Mail of an installation without a mail server: one `.eml` file each, to be opened with any mail program."""

from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage

from kernel import clock

KEPT = 1000


class FolderBackend(BaseEmailBackend):
    """Writes into EMAIL_FILE_PATH; the oldest beyond a thousand go."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True)
        for mail in email_messages:
            written = mail.message().as_bytes()
            name = f"{clock.now():%Y%m%d-%H%M%S-%f}.eml"
            draft = folder / f".{name}"
            draft.write_bytes(written)
            draft.rename(folder / name)
        for old in sorted(folder.glob("*.eml"))[:-KEPT]:
            old.unlink(missing_ok=True)
        return len(email_messages)
