"""Notices by e-mail: a fixed text to a role mailbox, through the area's mail server."""

import asyncio
import smtplib
import ssl
import stat
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Final

from agencies.addresses import domain_of
from broker.errors import NoticeNotDelivered, UnsafeSettings
from broker.settings import Settings
from crypto.draw import draw_bytes

SUBJECT: Final = "Something to collect"
TEXT: Final = "You have something to collect. Use your usual system.\n"
TIMEOUT_S: Final = 15.0
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class Mail:
    """Sends the notice to mailboxes; see ports.Courier. Each by itself: none reads who else is told."""

    def __init__(self, settings: Settings, authorities: ssl.SSLContext, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._authorities = authorities
        self._clock = clock
        self._password = _first_line(settings.smtp_password_file)

    async def send(self, address: str) -> None:
        """Return once the mail server has taken the notice. Raises NoticeNotDelivered."""
        await asyncio.to_thread(self._send, address)

    def _send(self, address: str) -> None:
        settings, message = self._settings, self._message(address)
        try:
            with self._connect() as server:
                if settings.smtp_tls == "starttls":
                    server.starttls(context=self._authorities)
                if settings.smtp_user:
                    server.login(settings.smtp_user, self._password)
                server.send_message(message, settings.smtp_from, [address])
        except (smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError):
            fault = "unreachable"
        except (ssl.SSLError, smtplib.SMTPNotSupportedError):
            fault = "insecure"
        except smtplib.SMTPException:  # its words repeat the address
            fault = "refused"
        except OSError:
            fault = "unreachable"
        else:
            return
        raise NoticeNotDelivered(fault)

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        # Greets by the sender's domain: this machine's own name may say what it is for.
        name = domain_of(settings.smtp_from)
        if settings.smtp_tls == "implicit":
            return smtplib.SMTP_SSL(
                settings.smtp_host, settings.smtp_port, name, timeout=TIMEOUT_S, context=self._authorities
            )
        return smtplib.SMTP(settings.smtp_host, settings.smtp_port, name, timeout=TIMEOUT_S)

    def _message(self, address: str) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = self._settings.smtp_from
        message["To"] = address
        message["Subject"] = SUBJECT
        message["Date"] = format_datetime(self._clock().replace(microsecond=0))
        message["Message-ID"] = f"<{draw_bytes(16).hex()}@{domain_of(self._settings.smtp_from)}>"
        message["Auto-Submitted"] = "auto-generated"  # so that no out-of-office answers it
        message.set_content(TEXT)
        return message


def _first_line(file: Path | None) -> str:
    """Return the secret in a file. Raises UnsafeSettings if others may read it, or it holds none."""
    if file is None:
        return ""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        open_to_others = bool(file.stat().st_mode & _OTHERS)
    except (OSError, UnicodeDecodeError):
        raise UnsafeSettings("MARAC_SMTP_PASSWORD_FILE cannot be read") from None
    if open_to_others:
        raise UnsafeSettings("others on this machine may read MARAC_SMTP_PASSWORD_FILE: make it 0600")
    if not lines or not lines[0]:
        raise UnsafeSettings("MARAC_SMTP_PASSWORD_FILE holds no password on its first line")
    return lines[0]
