"""Any git server: repositories by their addresses, without an account, an API or anything beside the code."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matou.credentials import GitCredential, Secret
from matou.errors import Invalid, Phrase
from matou.platforms.base.platform import Clock, PasswordUse, Platform, RepositorySelection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matou.http.session import Session
    from matou.platforms.base.source import Source


class UncheckedToken(Invalid):
    """A token alone, which no git server says anything about."""


def _by_server(urls: "Iterable[str]") -> Mapping[str, Sequence[str]]:
    from matou.platforms.git.addresses import by_server

    return by_server(urls)


def _open(session: "Session", urls: Sequence[str], credential: GitCredential | None) -> "Source":
    from matou.platforms.git.source import GitSource

    return GitSource(session, urls, credential)


def _whoami(session: "Session", url: str, token: Secret, *, now: Clock) -> str:  # noqa: ARG001 - nobody is asked
    raise UncheckedToken(
        "a git server says of no token whose it is",
        example=f"{url}/PATH.git",
        advice="name a repository by which it is checked, and give the token as its user's password: matou login"
        " {example} --platform git --user NAME",
    )


def _check_password(session: "Session", url: str, user: str, password: Secret, *, now: Clock) -> Secret | None:  # noqa: ARG001 - git needs no clock
    from matou.platforms.base.git_password import check_password

    check_password(session, url, GitCredential(user, password), platform=PLATFORM.title)
    return None


PLATFORM = Platform(
    name="git",
    title="git",
    selection=RepositorySelection(by_server=_by_server, open=_open),
    whoami=_whoami,
    password=PasswordUse.GIT,
    password_note=Phrase("matou backup git finds it by the server's address"),
    check_password=_check_password,
)
