"""One conversation with the mail server. What can go wrong is sorted into four cases."""

import smtplib
from types import TracebackType
from typing import Any

from django.core.mail import EmailMessage, get_connection
from django.core.mail.message import BadHeaderError


class NoServer(Exception):
    """Nobody there, or not willing to talk: nothing was said about any mail."""


class NotNow(Exception):
    """The server puts this mail off (4xx), or went away in the middle of it."""


class Refused(Exception):
    """The server will never take this mail for this address (5xx)."""


class BadMail(Exception):
    """The mail cannot be put on the wire."""


class Post:
    """Connects with the first mail, keeps the connection for the next; EMAIL_TIMEOUT bounds each step."""

    def __init__(self) -> None:
        self._connection: Any = None

    def __enter__(self) -> "Post":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def send(self, mail: EmailMessage) -> None:
        """Returns when the server has accepted it. Raises `NoServer`, `NotNow`, `Refused`, `BadMail`."""
        connection = self._open()
        try:
            connection.send_messages([mail])
        except (BadHeaderError, UnicodeError, ValueError) as error:
            raise BadMail(repr(error)) from error
        except (smtplib.SMTPException, OSError) as error:
            # Whatever state the conversation is in: the next mail begins a new one.
            self._close()
            raise _sorted(error) from error

    def _open(self) -> Any:
        if self._connection is None:
            connection = get_connection()
            try:
                connection.open()
            except (smtplib.SMTPException, OSError) as error:
                raise NoServer(_said(error)) from error
            self._connection = connection
        return self._connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except (smtplib.SMTPException, OSError):
                # It was accepted or refused before; how the goodbye goes does not matter.
                return


def _sorted(error: Exception) -> Exception:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _text in error.recipients.values()]
        refused = bool(codes) and all(500 <= code < 600 for code in codes)
        return Refused(_said(error)) if refused else NotNow(_said(error))
    if isinstance(error, smtplib.SMTPDataError):
        return Refused(_said(error)) if 500 <= error.smtp_code < 600 else NotNow(_said(error))
    # Also a refused sender: ours to put right, not the reader's.
    return NotNow(_said(error))


def _said(error: Exception) -> str:
    """The server's own words on one line."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{code} {_text(text)}" for code, text in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return f"{type(error).__name__}: {error}"


def _text(said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return " ".join(text.split())
