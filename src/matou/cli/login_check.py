"""Whether a credential is good, and whose it is: asked of the platform by its own client, a request or two."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from matou.cli.hosts import Host, origin_of
from matou.credentials import Secret
from matou.errors import Invalid, MatouError, Phrase, Refused
from matou.http.rate_limit import RateLimit
from matou.http.retry import RetryPolicy
from matou.http.session import Session
from matou.http.tokens import is_dead
from matou.platforms.base.platform import PasswordUse, Platform
from matou.platforms.registry import platform_named
from matou.settings import Settings
from matou.wiring import now

FOR_A_PERSON = RateLimit(per_second=1, burst=10)
ONCE_MORE = RetryPolicy(attempts=2)
"""A person waits: one more attempt, and no third."""


class NotAccepted(Refused):
    """What somebody has just shown, or set in the environment, is not valid; nothing was kept of it."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What the platform said: whose the credential is, and the token that it gave for a password, if any."""

    user: str
    token: Secret | None = None


def verify_token(platform: str, url: str, token: Secret, settings: Settings) -> Verified:
    """Raises MatouError; `is_invalid` says of which that the token is not good."""
    known = platform_named(platform)
    with _session(known, url, settings) as session:
        return Verified(known.whoami(session, url, token, now=now))


def verify_password(platform: str, url: str, user: str, password: Secret, settings: Settings) -> Verified:
    """Raises MatouError; `is_invalid` says of which that the password is not good.

    Args:
        url: of the API; of a repository where a password opens git alone.
    """
    known = platform_named(platform)
    if known.check_password is None:
        raise takes_no_password(platform, url)
    with _session(known, url, settings) as session:
        return Verified(user, known.check_password(session, url, user, password, now=now))


def _session(platform: Platform, url: str, settings: Settings) -> Session:
    return platform.open_session(url, settings, now=now, connections=1, rate=FOR_A_PERSON, retry=ONCE_MORE)


def makes_token_of_password(platform: str) -> bool:
    """Whether a password opens the API there, and not git alone or nothing."""
    return platform_named(platform).password is PasswordUse.API


def require_use_for_password(at: Host, user: str) -> None:
    """To be asked before anybody types a password that would open nothing.

    Raises:
        Invalid: the platform takes none, or none for its API and no repository was named.
    """
    known = platform_named(at.platform)
    if known.password is PasswordUse.NOTHING:
        raise takes_no_password(at.platform, at.url)
    if known.password is PasswordUse.GIT and not at.repository:
        raise Invalid(
            "an account's password opens {platform}'s git and not its API",
            platform=known.title,
            url=at.url,
            example=f"{at.git_origin}/TEAM/PROJECT/REPOSITORY.git",
            user=user,
            advice="give a token: matou login {url}; or for git alone name a repository, by which the password is"
            " checked: matou login {example} --user {user}",
        )


def takes_no_password(platform: str, url: str) -> Invalid:
    return Invalid(
        "{platform} takes no password, neither for its API nor for git",
        platform=platform,
        url=url,
        page=_token_page(platform) or url,
        advice="make a token at {page}, and give that: matou login {url}",
    )


def is_invalid(error: MatouError) -> bool:
    """Whether an error says that the credential is not valid; that it may not do this (403) is something else."""
    return is_dead(error)


@contextmanager
def naming_the_token(platform: str, url: str, variable: str) -> Iterator[None]:
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
    page = _token_page(platform)
    if page and platform_named(platform).is_at(url):
        return Phrase("make a new one at {page}", page=page)
    return Phrase("make a new one there (at a Matou: matou token create --root DIR --user NAME --name PURPOSE)")


def token_page_at(platform: str, url: str) -> str:
    """The page on which a token is made, at a server that a team runs itself as at the official one; empty for none."""
    page, known = _token_page(platform), platform_named(platform)
    if not page or known.is_at(url):
        return page
    return f"{origin_of(url)}{urlsplit(page).path}"


def _token_page(platform: str) -> str:
    page = platform_named(platform).token_page
    return page.url if page else ""
