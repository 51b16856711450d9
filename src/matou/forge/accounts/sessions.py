"""Sessions: that somebody signed in with a browser, until they sign out, stay away for long, or are ended.

What the browser keeps is a secret of 256 random bits; the database has its SHA-256. It is made anew each time that
somebody signs in or changes their password, so that nobody can prepare one for somebody else. Of the browser no more is
kept than which kind it is.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from matou.credentials import Secret
from matou.db import user_sessions, users
from matou.db.engine import Connection
from matou.db.user_sessions import NewUserSession, SessionId, UserSession
from matou.db.users import User, may_log_in
from matou.errors import NotFound
from matou.forge.access import ALL_SCOPES, Authorized, Identity, MayManageAccount, MaySeeAccount
from matou.forge.accounts.audit import AuditAction, record_act_on_another
from matou.forge.accounts.users import WrongPassword, authenticate_with_hash, hash_password
from matou.forge.forge import Forge
from matou.forge.pending_writes import PendingWrites

ENDS_UNUSED_AFTER = timedelta(days=14)
ENDS_AFTER = timedelta(days=90)
"""However often it is used."""

SEEN_WITHIN = timedelta(minutes=10)
"""How far behind `last_seen_at` may be: a page that is looked at writes nothing more often than this."""

MOST_SESSIONS = 50
"""Of one account; with one more, that which was not used for longest ends."""

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class NoSuchSession(NotFound):
    """It has ended, or it is somebody else's."""


@dataclass(frozen=True, slots=True)
class StartedSession:
    """A session with its secret, which is known this once."""

    secret: Secret
    session: UserSession
    user: User


@dataclass(frozen=True, slots=True)
class FoundSession:
    session: UserSession
    user: User

    @property
    def identity(self) -> Identity:
        """Whoever signed in with a password may all that they may."""
        return Identity(self.user, ALL_SCOPES)


class SessionUses(PendingWrites[SessionId, datetime]):
    """When sessions were used last."""

    failure_event = "session_uses_not_written"

    def merged(self, one: datetime, other: datetime) -> datetime:
        return max(one, other)

    def write(self, connection: Connection, pending: Mapping[SessionId, datetime]) -> None:
        user_sessions.set_last_seen(connection, pending)


def sign_in(forge: Forge, login: str, password: Secret, *, browser: str, address: str = "") -> StartedSession | None:
    """A new session if the password is right; None, as slowly, where it is not or nobody has the login.

    Args:
        browser: which kind it is, in a few words that somebody else has judged.
        address: where the request comes from; failures are counted by account and by address.

    Raises:
        TooManyFailures: the password was not looked at.
    """
    found = authenticate_with_hash(forge, login, password, address=address)
    if found is None:
        return None
    user, stored_hash = found
    with forge.database.begin_write() as connection:
        # It may have been changed since it was compared, and that ended all sessions: this one must not outlive them.
        if not users.has_password_hash(connection, user.id, stored_hash):
            return None
        return _start(forge, connection, user, browser)


def start_session(forge: Forge, granted: Authorized[User, MayManageAccount], *, browser: str) -> StartedSession:
    """For an account that was made a moment ago, by whoever is asking."""
    with forge.database.begin_write() as connection:
        return _start(forge, connection, granted.subject, browser)


def find_session(forge: Forge, secret: Secret) -> FoundSession | None:
    """The session of a secret, and who it says is asking; None where it has ended, or its user may not log in."""
    if _SECRET.match(secret.reveal()) is None:
        return None
    digest = _digest(secret)
    found = forge.answers.recall(("session", digest), lambda: _look_up(forge, digest))
    if found is None or _has_ended(found[0], forge.now()) or not may_log_in(found[1]):
        return None
    _note_use(forge, found[0])
    return FoundSession(found[0], found[1])


def list_sessions(forge: Forge, granted: Authorized[User, MaySeeAccount]) -> tuple[UserSession, ...]:
    """Those that go on, the one that was used last first."""
    forge.memory(SessionUses).flush()
    with forge.database.begin_read() as connection:
        listed = user_sessions.list_sessions(connection, granted.subject.id)
    return tuple(session for session in listed if not _has_ended(session, forge.now()))


def end_session(forge: Forge, granted: Authorized[User, MayManageAccount], session_id: SessionId) -> None:
    """The next request with it is nobody's, in every process. Raises NoSuchSession."""
    with forge.database.begin_write() as connection:
        is_gone = user_sessions.delete_session(connection, granted.subject.id, session_id)
    if not is_gone:
        raise NoSuchSession("{user} has no such session", user=granted.subject.name)


def end_sessions(forge: Forge, granted: Authorized[User, MayManageAccount], *, but: SessionId | None = None) -> int:
    """All of an account's, or all others than one; how many they were."""
    with forge.database.begin_write() as connection:
        count = user_sessions.delete_sessions(connection, granted.subject.id, but=but)
        record_act_on_another(
            connection, forge, granted.identity, granted.subject, AuditAction.END_SESSIONS, str(count)
        )
    return count


def change_own_password(
    forge: Forge,
    granted: Authorized[User, MayManageAccount],
    password: Secret,
    *,
    current: Secret,
    browser: str,
    address: str = "",
) -> StartedSession:
    """Another password for whoever knows the one that holds now: every session ends, and a new one goes on.

    Raises:
        WrongPassword: `current` is not the account's password, or it has none.
        WeakPassword: the new one is too short, or too long.
        TooManyFailures: nothing was looked at.
    """
    user = granted.subject
    found = authenticate_with_hash(forge, user.name, current, address=address)
    if found is None or found[0].id != user.id:
        raise WrongPassword("this is not the password that the account has now")
    new_hash = hash_password(forge, password)
    with forge.database.begin_write() as connection:
        if not users.has_password_hash(connection, user.id, found[1]):
            raise WrongPassword("the password was changed meanwhile")
        users.set_password_hash(connection, user.id, new_hash)
        user_sessions.delete_sessions(connection, user.id)
        return _start(forge, connection, user, browser)


def _start(forge: Forge, connection: Connection, user: User, browser: str) -> StartedSession:
    """What has ended of anybody's is swept here: that costs one look at an index, and needs no clock of its own."""
    now, secret = forge.now(), Secret(secrets.token_urlsafe(32))
    user_sessions.delete_ended_sessions(connection, unseen_since=now - ENDS_UNUSED_AFTER, made_before=now - ENDS_AFTER)
    user_sessions.delete_oldest_sessions(connection, user.id, keep=MOST_SESSIONS - 1)
    session = user_sessions.insert_session(connection, NewUserSession(user.id, _digest(secret), browser, now))
    return StartedSession(secret, session, user)


def _look_up(forge: Forge, digest: str) -> tuple[UserSession, User] | None:
    with forge.database.begin_read() as connection:
        return user_sessions.find_session(connection, digest)


def _has_ended(session: UserSession, now: datetime) -> bool:
    return now >= session.last_seen_at + ENDS_UNUSED_AFTER or now >= session.created_at + ENDS_AFTER


def _note_use(forge: Forge, session: UserSession) -> None:
    if forge.now() - session.last_seen_at >= SEEN_WITHIN:
        forge.memory(SessionUses).note(forge.database, session.id, forge.now())


def _digest(secret: Secret) -> str:
    # Plain SHA-256, as for tokens: 256 random bits cannot be guessed.
    return hashlib.sha256(secret.reveal().encode()).hexdigest()
