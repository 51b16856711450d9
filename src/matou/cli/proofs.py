"""Whether a credential is good, and whose it is: asked of the platform by its own client, a request or two."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matou.cli.hosts import CODING, GITCODE, GITEE, MATOU
from matou.credentials import Secret
from matou.errors import MatouError, NotFound, UnknownShape
from matou.settings import Settings
from matou.wiring import now

if TYPE_CHECKING:
    from matou.remote.session import Session

FORBIDDEN = 403


@dataclass(frozen=True, slots=True)
class Proven:
    """What the platform said: whose the credential is, and the token that it gave for a password, if any."""

    user: str
    token: Secret | None = None


def prove_token(platform: str, url: str, token: Secret, settings: Settings) -> Proven:
    """Raises MatouError; `is_invalid` says of which that the token is not good."""
    with _session(url, settings) as session:
        return Proven(_OF_TOKEN[platform](session, url, token))


def prove_password(platform: str, url: str, user: str, password: Secret, settings: Settings) -> Proven:
    """Raises MatouError; `is_invalid` says of which that the password is not good."""
    with _session(url, settings) as session:
        return _OF_PASSWORD[platform](session, url, user, password)


def is_invalid(error: MatouError) -> bool:
    """Whether an error says that the credential is not valid; that it may not do this (403) is something else."""
    from matou.platforms.coding.errors import CredentialRefused as RefusedByCoding
    from matou.platforms.gitcode.errors import CredentialRefused as RefusedByGitCode
    from matou.platforms.gitee.errors import CredentialRefused as RefusedByGitee
    from matou.remote.answers import AnsweredRefused

    if not isinstance(error, RefusedByCoding | RefusedByGitCode | RefusedByGitee):
        return False
    cause = error.__cause__
    return not (isinstance(cause, AnsweredRefused) and cause.answer.status == FORBIDDEN)


@contextmanager
def _session(url: str, settings: Settings) -> Iterator["Session"]:
    """A session for a person who waits: one more attempt, and no third."""
    from matou.remote.limiter import Pace
    from matou.remote.session import Patience, open_session

    pace = Pace(per_second=1, burst=10)
    with open_session(url, settings, now=now, pace=pace, connections=1, patience=Patience(attempts=2)) as session:
        yield session


def _whose_at_coding(session: "Session", url: str, token: Secret) -> str:
    from matou.platforms.coding.client import CodingClient

    return CodingClient(session, url, token, record=lambda _: None, now=now).account().login


def _whose_at_gitcode(session: "Session", url: str, token: Secret) -> str:
    from matou.platforms.gitcode.client import GitCode

    return GitCode(token, url, session=session, now=now).user().login


def _whose_at_gitee(session: "Session", url: str, token: Secret) -> str:
    """A token is good for one of two APIs, and cannot be told by its looks for which.

    Where another platform's v5 stands beside Gitee's v3, as at a Matou, the first answer has another shape.
    """
    from matou.platforms.gitee.client import Gitee
    from matou.platforms.gitee.errors import CredentialRefused

    gitee = Gitee(token, url, session=session, now=now)
    try:
        return gitee.user().login
    except (CredentialRefused, NotFound, UnknownShape):
        return gitee.extension_user().username


def _password_at_coding(session: "Session", url: str, user: str, password: Secret) -> Proven:
    from matou.platforms.coding.asking import Asking
    from matou.platforms.coding.wire import UserResponse
    from matou.platforms.coding.wire_requests import DescribeCodingCurrentUser

    asking = Asking(session, url, _basic(user, password), lambda _: None, now)
    asking.ask(DescribeCodingCurrentUser(), UserResponse)
    return Proven(user)


def _password_at_gitcode(session: "Session", url: str, user: str, password: Secret) -> Proven:
    from matou.platforms.gitcode.asking import FAILURES
    from matou.platforms.gitcode.client import api_address
    from matou.platforms.gitcode.errors import failure_of

    try:
        address = f"{api_address(url)}/user"
        session.request("GET", address, repeatable=True, headers={}, authorization=_basic(user, password))
    except FAILURES as answered:
        raise failure_of(answered) from answered
    return Proven(user)


def _password_at_gitee(session: "Session", url: str, user: str, password: Secret) -> Proven:
    from matou.platforms.gitee.client import Gitee

    return Proven(user, Gitee(None, url, session=session, now=now).log_in(user, password).token)


def _basic(user: str, password: Secret) -> Secret:
    return Secret("Basic " + b64encode(f"{user}:{password.reveal()}".encode()).decode())


_OF_TOKEN: Mapping[str, Callable[["Session", str, Secret], str]] = {
    CODING: _whose_at_coding,
    GITCODE: _whose_at_gitcode,
    GITEE: _whose_at_gitee,
    MATOU: _whose_at_gitcode,
}
_OF_PASSWORD: Mapping[str, Callable[["Session", str, str, Secret], Proven]] = {
    CODING: _password_at_coding,
    GITCODE: _password_at_gitcode,
    GITEE: _password_at_gitee,
    MATOU: _password_at_gitcode,
}
