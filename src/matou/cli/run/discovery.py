"""Which platform stands behind a web address that somebody gives: by its name, or by what the server there answers.

A server that is nobody's official one is asked a question or two, as nobody, and no redirect of its is followed: it is
told no token before a person was told where that goes.
"""

from typing import Final

import msgspec

from matou.cli.hosts import Host, host_of
from matou.cli.login_check import FOR_A_PERSON, ONCE_MORE
from matou.errors import NotFound, UnknownShape
from matou.http.addresses import parse_address
from matou.http.responses import (
    AnsweredConflict,
    AnsweredNotFound,
    AnsweredOtherwise,
    AnsweredRefused,
    RedirectRefused,
)
from matou.http.session import Session, open_session
from matou.platforms.base.platform import Fingerprint, Platform
from matou.platforms.registry import PLATFORMS, SOURCES, platform_at, require_source
from matou.settings import Settings
from matou.wiring import now

LARGEST_ANSWER_BYTES: Final = 1024 * 1024


class NoPlatformThere(NotFound):
    """A server answers, and speaks as none of the platforms that we know."""


def discover(text: str, platform: str | None, settings: Settings) -> Host:
    """Where the API is of what stands at an address.

    Args:
        text: of a page, a server, or a platform's own name.
        platform: as a person names it; None to find it out.

    Raises:
        UnknownPlatform: it is none that can be read.
        UnsafeAddress: it is no address.
        NoPlatformThere: the server speaks as none of them.
        MatouError: nobody answers.
    """
    found = _named(text, platform) or _by_answers(text, settings)
    require_source(found.platform)
    return found


def _named(text: str, platform: str | None) -> Host | None:
    """What needs no question; None for a server that is nobody's official one."""
    if text in PLATFORMS and PLATFORMS[text].homes:
        return host_of(text)
    address = parse_address(text if "://" in text else f"https://{text}")
    if platform is not None:
        require_source(platform)
        is_official = PLATFORMS[platform].instance_of(address.origin.host) is not None
        return host_of(text if is_official else str(address.origin), platform)
    return host_of(str(address.origin)) if platform_at(address.origin.host) else None


def _by_answers(text: str, settings: Settings) -> Host:
    origin = str(parse_address(text if "://" in text else f"https://{text}").origin)
    with open_session(origin, settings, now=now, connections=1, rate=FOR_A_PERSON, retry=ONCE_MORE) as session:
        for platform, fingerprint in _candidates():
            if _has(session, f"{origin}{fingerprint.path}", fingerprint):
                return host_of(origin, platform.name)
    raise NoPlatformThere(
        "{origin} answers, and as none of the platforms that are known",
        origin=origin,
        known=", ".join(SOURCES),
        advice="name it, if you know what it is: --platform with one of {known}",
    )


def _candidates() -> list[tuple[Platform, Fingerprint]]:
    """A Matou first, for it speaks as others do, too."""
    known = [(platform, platform.fingerprint) for platform in PLATFORMS.values() if platform.fingerprint is not None]
    return sorted(known, key=lambda pair: bool(pair[0].homes))


def _has(session: Session, url: str, fingerprint: Fingerprint) -> bool:
    try:
        with session.open("GET", url, repeatable=True, headers={"Accept": "*/*"}, redirects=0) as stream:
            status, body = stream.status, stream.read_all(limit_bytes=LARGEST_ANSWER_BYTES)
    except (AnsweredRefused, AnsweredNotFound, AnsweredConflict, AnsweredOtherwise, RedirectRefused) as answered:
        status, body = answered.answer.status, answered.answer.body
    except UnknownShape:
        return False
    return status == fingerprint.status and _says(body, fingerprint.key)


def _says(body: bytes, key: str) -> bool:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return isinstance(value, dict) and key in value
