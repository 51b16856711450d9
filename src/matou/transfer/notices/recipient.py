"""Who is told of what, and how they are reached; secrets are looked up when something is sent, and not before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from matou.credentials import Secret
from matou.errors import Invalid, MatouError
from matou.transfer.notices.notice import NoticeEvent


class NoticeKind(StrEnum):
    """By what somebody is reached."""

    MAIL = "mail"
    WEBHOOK = "webhook"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    WECOM = "wecom"
    SLACK = "slack"
    NTFY = "ntfy"
    HEALTHCHECKS = "healthchecks"


class SecretPart(StrEnum):
    """Which secret of a recipient: where it is reached, where that is one, and what signs or lets in."""

    ADDRESS = "address"
    KEY = "key"


SECRETS_OF: Mapping[NoticeKind, tuple[SecretPart, ...]] = {
    NoticeKind.MAIL: (SecretPart.KEY,),
    NoticeKind.WEBHOOK: (SecretPart.KEY,),
    NoticeKind.DINGTALK: (SecretPart.ADDRESS, SecretPart.KEY),
    NoticeKind.FEISHU: (SecretPart.ADDRESS, SecretPart.KEY),
    NoticeKind.WECOM: (SecretPart.ADDRESS,),
    NoticeKind.SLACK: (SecretPart.ADDRESS,),
    NoticeKind.NTFY: (SecretPart.KEY,),
    NoticeKind.HEALTHCHECKS: (SecretPart.ADDRESS,),
}
"""Whoever knows the address of a chat's robot may write there: it is a secret, and never in matou.toml."""


class MailSecurity(StrEnum):
    """How a mail server is spoken to."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MailAddressing:
    """Where mail goes in, from whom and to whom."""

    server: str
    port: int
    security: MailSecurity
    user: str
    sender: str
    to: tuple[str, ...]


class NoticeNotSent(MatouError):
    """A notice did not get where it should; nothing else depends on it."""


class NoSecret(Invalid):
    """A recipient cannot be reached without a secret that is not there."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One that is told.

    Attributes:
        url: where it is reached, where that is no secret.
        events: of what it is told.
        sources: names of those that it is told of; empty for all.
        max_age: how long ago a source may have been saved in full; None where that does not matter.
        language: `zh` or `en`.
        secret: gives a secret; None where there is none.
    """

    name: str
    kind: NoticeKind
    events: frozenset[NoticeEvent]
    language: str
    secret: Callable[[SecretPart], Secret | None]
    sources: tuple[str, ...] = ()
    url: str = ""
    mail: MailAddressing | None = None
    max_age: timedelta | None = None

    def covers(self, source: str) -> bool:
        return not self.sources or source in self.sources

    def wants(self, event: NoticeEvent) -> bool:
        return event is NoticeEvent.TEST or event in self.events

    def require(self, part: SecretPart) -> Secret:
        """Raises NoSecret."""
        found = self.secret(part)
        if not found:
            raise NoSecret(
                "{recipient} cannot be told without its secret",
                recipient=self.name,
                advice="keep it with: matou notify login {recipient}",
            )
        return found
