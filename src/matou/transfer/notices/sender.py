"""Sends notices: by HTTP through `http/session.py`, or as mail. What an error says holds no secret and no address."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from matou.concurrency import CancellationToken
from matou.errors import Invalid, MatouError, Refused, TryLater
from matou.http.addresses import UnsafeAddress, is_own_machine, parse_address
from matou.http.request import TransferLimits
from matou.http.responses import FailedAnswer
from matou.http.retry import Clock, RetryPolicy, repeated
from matou.http.session import open_session
from matou.settings import Settings
from matou.transfer.notices.mail import send_mail
from matou.transfer.notices.messages import MESSAGES, HttpMessage
from matou.transfer.notices.notice import Notice
from matou.transfer.notices.recipient import NoticeKind, NoticeNotSent, Recipient

RETRIES: Final = RetryPolicy(
    attempts=4,
    total=timedelta(minutes=1),
    first_wait=timedelta(seconds=1),
    longest_hold=timedelta(seconds=30),
    waits_for_unmet=True,
)
LIMITS: Final = TransferLimits(idle=timedelta(seconds=20), total=timedelta(seconds=30))
MOST_ANSWER_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class NoticeSender:
    """`retries` says how often it is tried, all in all for a minute: whoever is backed up waits for it."""

    settings: Settings
    now: Callable[[], datetime]
    retries: RetryPolicy = RETRIES

    def send(self, recipient: Recipient, notice: Notice) -> None:
        """Raises NoticeNotSent, which says why."""
        try:
            if recipient.kind is NoticeKind.MAIL:
                self._mail(recipient, notice)
            elif recipient.kind in MESSAGES:
                self.post(recipient, MESSAGES[recipient.kind](recipient, notice))
        except MatouError as error:
            raise _not_sent(recipient, error) from error

    def post(self, recipient: Recipient, message: HttpMessage) -> None:
        """Raises what the session does."""
        address = message.address.reveal()
        try:
            origin = parse_address(address).origin
        except UnsafeAddress:
            raise Invalid("its address cannot be used") from None  # whose text quotes it
        if origin.scheme == "http" and _holds_secret(recipient, message) and not is_own_machine(origin.host):
            raise Invalid("its address is not encrypted, and would tell others a secret")
        with (
            _without_their_words(),
            open_session(
                str(origin), self.settings, now=self.now, connections=1, retry=self.retries, on_wait=_say_nothing
            ) as session,
        ):
            session.request(
                "POST",
                address,
                repeatable=True,
                headers=message.headers,
                authorization=message.authorization,
                body=message.body,
                limit_bytes=MOST_ANSWER_BYTES,
                check=message.check,
                limits=LIMITS,
                called=str(origin),
            )

    def _mail(self, recipient: Recipient, notice: Notice) -> None:
        waiting = CancellationToken()
        repeated(
            lambda: send_mail(recipient, notice, self.settings.authorities),
            self.retries,
            Clock(self.now),
            lambda seconds: waiting.pause(timedelta(seconds=seconds)),
            on_wait=_say_nothing,
        )


@contextmanager
def _without_their_words() -> Iterator[None]:
    """What a service says of a refusal may quote the address, or a piece of it: its status is told alone."""
    try:
        yield
    except MatouError as error:
        if not isinstance(error, FailedAnswer):
            raise
        raise Refused("answered with the status {code}", code=error.answer.status) from None


def _holds_secret(recipient: Recipient, message: HttpMessage) -> bool:
    """Whether somebody on the way would read one; a signature tells nobody the key."""
    if recipient.kind is NoticeKind.NTFY:
        return message.authorization is not None
    return recipient.kind is not NoticeKind.WEBHOOK


def _say_nothing(_error: TryLater, _wait: timedelta) -> None:
    """Whoever sends is told when it could not be done at all."""


def _not_sent(recipient: Recipient, error: MatouError) -> NoticeNotSent:
    return NoticeNotSent("{recipient} could not be told: {reason}", recipient=recipient.name, reason=error)
