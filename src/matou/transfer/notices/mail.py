"""A notice as mail: plain text, by SMTP with TLS; no name of somebody else's becomes a header."""

import smtplib
import ssl
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Final

from matou.errors import Invalid, MatouError, Phrase, Refused, TryLater
from matou.http.addresses import is_own_machine
from matou.transfer.notices.notice import Notice
from matou.transfer.notices.recipient import MailAddressing, MailSecurity, NoticeNotSent, Recipient, SecretPart

PATIENCE: Final = timedelta(seconds=30)


def mail_of(recipient: Recipient, addressing: MailAddressing, notice: Notice) -> EmailMessage:
    """Raises Invalid where an address is none."""
    message = EmailMessage()
    try:
        message["From"] = Address(display_name="Matou", addr_spec=addressing.sender)
        message["To"] = [Address(addr_spec=one) for one in addressing.to]
    except ValueError as error:
        raise Invalid("an address of {recipient} is none", recipient=recipient.name) from error
    message["Subject"] = notice.title
    message["Date"] = format_datetime(notice.at)
    message["Message-ID"] = make_msgid(domain=addressing.sender.rpartition("@")[2] or "localhost")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(notice.lines) or notice.title)
    return message


def send_mail(recipient: Recipient, notice: Notice, authorities: Path | None) -> None:
    """Raises TryLater, Refused, Invalid, NoticeNotSent."""
    addressing = recipient.mail
    if addressing is None:
        raise Invalid("{recipient} names no mail server", recipient=recipient.name)
    password = recipient.require(SecretPart.KEY) if addressing.user else None
    message = mail_of(recipient, addressing, notice)
    _require_privacy(addressing)
    try:
        with _connected(addressing, _context(authorities)) as server:
            if password is not None:
                server.login(addressing.user, password.reveal())
            server.send_message(message)
    except smtplib.SMTPException as error:
        raise _error_of(error, recipient) from None  # its text may quote what was sent
    except ssl.SSLError as error:
        raise Refused("the certificate of {server} is not trusted", server=addressing.server) from error
    except OSError as error:
        raise TryLater(
            "{server} is not reached: {reason}", server=addressing.server, reason=Phrase(error.strerror or "timed out")
        ) from error


def _require_privacy(addressing: MailAddressing) -> None:
    if addressing.security is MailSecurity.NONE and addressing.user and not is_own_machine(addressing.server):
        raise Invalid(
            "a password is not sent to {server} without encryption",
            server=addressing.server,
            advice='say security = "starttls" or "tls"',
        )


def _context(authorities: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if authorities is not None:
        context.load_verify_locations(authorities)
    return context


def _connected(addressing: MailAddressing, context: ssl.SSLContext) -> smtplib.SMTP:
    seconds = PATIENCE.total_seconds()
    if addressing.security is MailSecurity.TLS:
        return smtplib.SMTP_SSL(addressing.server, addressing.port, timeout=seconds, context=context)
    server = smtplib.SMTP(addressing.server, addressing.port, timeout=seconds)
    if addressing.security is MailSecurity.STARTTLS:
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server


def _error_of(error: smtplib.SMTPException, recipient: Recipient) -> MatouError:
    name = recipient.name
    match error:
        case smtplib.SMTPAuthenticationError():
            return Refused("the mail server does not take the password of {recipient}", recipient=name)
        case smtplib.SMTPNotSupportedError():
            return Refused("the mail server of {recipient} knows no encryption", recipient=name)
        case smtplib.SMTPResponseException(smtp_code=code):
            if 400 <= code < 500:
                return TryLater("the mail server of {recipient} answered {code}", recipient=name, code=code)
            return NoticeNotSent("the mail server of {recipient} answered {code}", recipient=name, code=code)
        case smtplib.SMTPRecipientsRefused() | smtplib.SMTPSenderRefused():
            return Refused("the mail server refuses an address of {recipient}", recipient=name)
        case smtplib.SMTPServerDisconnected() | smtplib.SMTPConnectError():
            return TryLater("the mail server of {recipient} broke off", recipient=name)
    return NoticeNotSent("the mail of {recipient} could not be sent", recipient=name)
