"""Whether a credential is good, and whose it is: asked of the platform by its own client, a request or two."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matou.cli.config import Usage
from matou.cli.hosts import CODING, GITCODE, GITEE, HOMES, MATOU, Host, host_of, origin_of
from matou.credentials import GitCredential, Secret
from matou.errors import MatouError, NotFound, Phrase, Refused, UnknownShape
from matou.settings import Settings
from matou.wiring import now

if TYPE_CHECKING:
    from matou.http.session import Session

FORBIDDEN = 403
_TOKEN_PAGES = {
    CODING: "https://e.coding.net/user/account/setting/tokens",
    GITCODE: "https://gitcode.com/setting/token-classic",
    GITEE: "https://gitee.com/profile/personal_access_tokens",
}


class NotAccepted(Refused):
    """What somebody has just shown, or set in the environment, is not valid; nothing was kept of it."""


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
    """Raises MatouError; `is_invalid` says of which that the password is not good.

    Args:
        url: of the API; at CODING, of a repository.
    """
    if platform not in _OF_PASSWORD:
        raise takes_no_password(platform, url)
    with _session(url, settings) as session:
        return _OF_PASSWORD[platform](session, url, user, password)


def makes_token_of_password(platform: str) -> bool:
    """Whether a password opens the API there, and not git alone or nothing."""
    return platform in _TURNED_INTO_TOKENS


def require_use_for_password(at: Host, user: str) -> None:
    """To be asked before anybody types a password that would open nothing.

    Raises:
        Usage: the platform takes none, or none for its API and no repository was named.
    """
    if at.platform not in _OF_PASSWORD:
        raise takes_no_password(at.platform, at.url)
    if at.platform == CODING and not at.repository:
        raise Usage(
            "an account's password opens CODING's git and not its API",
            url=at.url,
            example=f"{at.git_origin}/TEAM/PROJECT/REPOSITORY.git",
            user=user,
            advice="give a token: matou login {url}; or for git alone name a repository, by which the password is"
            " checked: matou login {example} --user {user}",
        )


def takes_no_password(platform: str, url: str) -> Usage:
    return Usage(
        "{platform} takes no password, neither for its API nor for git",
        platform=platform,
        url=url,
        page=_TOKEN_PAGES.get(platform, url),
        advice="make a token at {page}, and give that: matou login {url}",
    )


def is_invalid(error: MatouError) -> bool:
    """Whether an error says that the credential is not valid; that it may not do this (403) is something else."""
    from matou.http.responses import AnsweredRefused
    from matou.platforms.coding.errors import CredentialRefused as RefusedByCoding
    from matou.platforms.gitcode.errors import CredentialRefused as RefusedByGitCode
    from matou.platforms.gitee.errors import CredentialRefused as RefusedByGitee

    if not isinstance(error, RefusedByCoding | RefusedByGitCode | RefusedByGitee):
        return False
    cause = error.__cause__
    return not (isinstance(cause, AnsweredRefused) and cause.answer.status == FORBIDDEN)


@contextmanager
def telling_whose_token(platform: str, url: str, variable: str) -> Iterator[None]:
    """Say of a token that was given for one command where it came from, and what to do, if it is not valid.

    Args:
        variable: the one that held it; empty where it was read from standard input.

    Raises:
        NotAccepted: in place of what `is_invalid` is true of.
    """
    try:
        yield
    except MatouError as error:
        if is_invalid(error):
            raise _refused_for_one_command(platform, url, variable) from error
        raise


def _refused_for_one_command(platform: str, url: str, variable: str) -> NotAccepted:
    new, origin = how_to_make_a_token(platform, url), origin_of(url)
    if not variable:
        return NotAccepted(
            "{origin} did not accept the token from standard input",
            origin=origin,
            new=new,
            advice="check that it is whole and has not expired, or {new}",
        )
    return NotAccepted(
        "{origin} did not accept the token in {variable}",
        origin=origin,
        variable=variable,
        new=new,
        url=url,
        advice="check that it is whole and has not expired, or {new}, and set {variable} to it; without {variable},"
        " what is kept since matou login {url} is taken",
    )


def how_to_make_a_token(platform: str, url: str) -> Phrase:
    """By the platform's own page where that is known: at home, and not at another server that speaks as it does."""
    if host_of(url, platform).url == HOMES.get(platform):
        return Phrase("make a new one at {page}", page=_TOKEN_PAGES[platform])
    return Phrase("make a new one there (at a Matou: matou token create --root DIR --user NAME --name PURPOSE)")


@contextmanager
def _session(url: str, settings: Settings) -> Iterator["Session"]:
    """A session for a person who waits: one more attempt, and no third."""
    from matou.http.rate_limit import RateLimit
    from matou.http.session import RetryPolicy, open_session

    pace = RateLimit(per_second=1, burst=10)
    with open_session(url, settings, now=now, pace=pace, connections=1, patience=RetryPolicy(attempts=2)) as session:
        yield session


def _whose_at_coding(session: "Session", url: str, token: Secret) -> str:
    from matou.platforms.coding.source import CodingClient

    return CodingClient(session, url, token, record=lambda _: None, now=now).account().login


def _whose_at_gitcode(session: "Session", url: str, token: Secret) -> str:
    from matou.platforms.gitcode.client import GitCode

    return GitCode(token, url, session=session, now=now).user().login


def _whose_at_gitee(session: "Session", url: str, token: Secret) -> str:
    """A token is good for one of two APIs, and cannot be told by its looks for which.

    Where another platform's v5 stands beside Gitee's v3, as at a Matou, the first answer has another shape.
    """
    from matou.http.responses import NoApiThere
    from matou.platforms.gitee.client import Gitee
    from matou.platforms.gitee.errors import CredentialRefused

    gitee = Gitee(token, url, session=session, now=now)
    try:
        return gitee.user().login
    except (CredentialRefused, NoApiThere, NotFound, UnknownShape):
        return gitee.extension_user().username


def _password_at_coding(session: "Session", url: str, user: str, password: Secret) -> Proven:
    """An account's password opens git over HTTPS and not the Open API, so that a repository is asked for, once.

    Once and no more: twenty failures shut a repository for an hour.
    """
    from matou.http.git_http import UnexpectedGitAnswer, basic_authorization
    from matou.http.responses import AnsweredRefused
    from matou.platforms.coding.errors import CredentialRefused

    asked = f"{url}/info/refs?service=git-upload-pack"
    authorization = basic_authorization(GitCredential(user, password))
    try:
        answer = session.request(
            "GET", asked, repeatable=False, headers={"Git-Protocol": "version=2"}, authorization=authorization
        )
    except AnsweredRefused as refusal:
        raise CredentialRefused("coding answered with status {status}", status=refusal.answer.status) from refusal
    content_type = answer.headers.get("content-type", "")
    if content_type != "application/x-git-upload-pack-advertisement":
        raise UnexpectedGitAnswer(f"GET {url}", answer.status, content_type)
    return Proven(user)


def _token_for_password(session: "Session", url: str, user: str, password: Secret) -> Proven:
    """By the log-in of Gitee's v3, which a Matou has too; its token is good for all that a Matou speaks."""
    from matou.platforms.gitee.client import Gitee

    return Proven(user, Gitee(None, url, session=session, now=now).log_in(user, password).token)


_OF_TOKEN: Mapping[str, Callable[["Session", str, Secret], str]] = {
    CODING: _whose_at_coding,
    GITCODE: _whose_at_gitcode,
    GITEE: _whose_at_gitee,
    MATOU: _whose_at_gitcode,
}
_OF_PASSWORD: Mapping[str, Callable[["Session", str, str, Secret], Proven]] = {
    CODING: _password_at_coding,
    GITEE: _token_for_password,
    MATOU: _token_for_password,
}
_TURNED_INTO_TOKENS = frozenset({GITEE, MATOU})
