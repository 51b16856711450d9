"""Accounts of people: making them, and finding out whether somebody is who they say."""

import hashlib
import hmac
import unicodedata
from dataclasses import replace
from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from matou.concurrency import ConcurrencyLimit
from matou.credentials import Secret
from matou.db import memberships, namespaces, user_sessions, users
from matou.db.engine import UniqueViolation
from matou.db.memberships import Role
from matou.db.namespaces import NamespaceKind, NewNamespace
from matou.db.users import NewUser, User, UserId, UserKind, may_log_in
from matou.errors import Conflict, Invalid, Refused, TryLater
from matou.forge.access import ALL_SCOPES, OPERATOR, Authorized, Identity, MayManageAccount
from matou.forge.accounts.audit import AuditAction, record_act
from matou.forge.accounts.name_rules import require_clear_name
from matou.forge.forge import Forge
from matou.model.names import InvalidName, NamespacePath, folded

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1024
LONGEST_EMAIL = 254
LONGEST_DISPLAY_NAME = 100

# What the password of a login that nobody has is compared with, so that the answer takes as long. It is the hash of
# random bytes that were thrown away, with the parameters of `_hasher`.
_HASH_OF_NOBODY = Secret(
    "$argon2id$v=19$m=19456,t=2,p=1$XwZuQIJHhkh+FnlVBZDFpQ$4kImu4tH3i0d10ZgutnOd5RVKvgav3saVUiI4Ezaf9U"
)


class HashingLimit(ConcurrencyLimit):
    """Each hash takes its memory and a processor: whoever floods us with passwords waits in line for both."""

    def __init__(self) -> None:
        super().__init__(2)


class NameTaken(Conflict):
    """Somebody has this name, or one that a person would take for it."""


class WeakPassword(Invalid):
    """A password that nobody should have."""


class WrongPassword(Refused):
    """A password came with the request, and it is not the account's."""


class TooManyFailures(TryLater):
    """Too many wrong passwords or tokens, for this account or from this address."""


def create_user(
    forge: Forge,
    name: str,
    *,
    email: str = "",
    display_name: str = "",
    password: Secret | None = None,
    admin: bool = False,
    by: Identity | None = OPERATOR,
) -> User:
    """Make an account, and the namespace of the same name that is its own.

    Without a password nobody can log in with one; tokens work.

    Args:
        by: who makes it; None for whoever it is for, who has the code that the server wrote where it was started.

    Raises:
        InvalidName: the name, or the e-mail, cannot be one; or as `require_clear_name`.
        NameTaken: somebody has it, or one that a person would take for it.
        WeakPassword: it is too short, or too long.
    """
    new = NewUser(
        name=_user_name(name),
        email=_email(email),
        display_name=display_name or name,
        kind=UserKind.PERSON,
        password_hash=None if password is None else hash_password(forge, password),
        admin=admin,
        created_at=forge.now(),
    )
    try:
        return _insert_with_namespace(forge, new, by)
    except UniqueViolation as error:
        raise NameTaken("the name or e-mail of {name} is taken", name=repr(name)) from error


def _insert_with_namespace(forge: Forge, new: NewUser, by: Identity | None) -> User:
    with forge.database.begin_write() as connection:
        require_clear_name(connection, None, new.name)
        user = users.insert_user(connection, new)
        own = namespaces.insert_namespace(
            connection,
            NewNamespace(
                parent_id=None,
                kind=NamespaceKind.USER,
                path=NamespacePath((new.name,)),
                true_name=new.name,
                display_name=new.display_name,
                description="",
                icon=None,
                archived=False,
                source=None,
                source_id=None,
                created_at=new.created_at,
                updated_at=new.created_at,
                creator_id=user.id,
            ),
        )
        memberships.set_membership(connection, own.id, user.id, Role.OWNER, new.created_at)
        action = AuditAction.FIRST_ACCOUNT if by is None else AuditAction.ADD_ACCOUNT
        record_act(connection, forge, by or Identity(user, ALL_SCOPES), action, user.name)
    return user


def find_user(forge: Forge, login: str) -> User | None:
    """By name, or by e-mail; case and width aside."""
    with forge.database.begin_read() as connection:
        row = users.find_user_to_log_in(connection, login)
    return None if row is None else row[0]


def list_users(forge: Forge) -> tuple[User, ...]:
    """People and the robots of project tokens, by name."""
    with forge.database.begin_read() as connection:
        return users.list_users(connection)


def search_people(
    forge: Forge, part: str, *, newest_first: bool | None = None, offset: int, limit: int
) -> tuple[tuple[User, ...], int]:
    """People whose name or display name holds a part, and how many they are in all: never by e-mail.

    Args:
        newest_first: by when they came; None for the nearest name first.
    """
    with forge.database.begin_read() as connection:
        return users.search_people(connection, part, newest_first=newest_first, offset=offset, limit=limit)


def set_display_name(forge: Forge, granted: Authorized[User, MayManageAccount], display_name: str) -> User:
    """What people see beside the name; the name itself where it is empty. Raises InvalidName."""
    shown = display_name.strip() or granted.subject.name
    if len(shown) > LONGEST_DISPLAY_NAME or not shown.isprintable():
        raise InvalidName(
            "the name {name} cannot be used: it has at most {longest} characters, all of which can be seen",
            name=repr(shown)[:100],
            longest=LONGEST_DISPLAY_NAME,
        )
    with forge.database.begin_write() as connection:
        users.set_display_name(connection, granted.subject.id, shown)
    return replace(granted.subject, display_name=shown)


def set_email(forge: Forge, granted: Authorized[User, MayManageAccount], email: str) -> None:
    """Whose commits are the account's goes by it, and nobody here proves that an address is theirs.

    So whoever offers this sees to it that an administrator asks, or the operator. A key that names another address
    vouches for nothing from then on.

    Raises:
        InvalidName: it is no e-mail address.
        NameTaken: another account has it.
    """
    user, checked = granted.subject, _email(email)
    try:
        with forge.database.begin_write() as connection:
            users.set_email(connection, user.id, checked)
            record_act(connection, forge, granted.identity, AuditAction.SET_EMAIL, user.name, checked)
    except UniqueViolation as error:
        raise NameTaken("another account has the e-mail address {email}", email=repr(checked)) from error


def authenticate(forge: Forge, login: str, password: Secret, *, address: str = "") -> User | None:
    """The user if the password is theirs. It takes as long for a login that nobody has.

    Args:
        login: name or e-mail.
        address: where the request comes from, as text; failures are counted by account and by address.

    Raises:
        TooManyFailures: for the time that it carries; the password was not looked at.
    """
    found = authenticate_with_hash(forge, login, password, address=address)
    return None if found is None else found[0]


def authenticate_with_hash(
    forge: Forge, login: str, password: Secret, *, address: str = ""
) -> tuple[User, Secret] | None:
    """As `authenticate`, with the hash that the password was compared with."""
    account, now = folded(login), forge.now()
    refuse_while_slowed(forge, account, address)
    with forge.database.begin_read() as connection:
        row = users.find_user_to_log_in(connection, login)
    user, stored_hash = row or (None, None)
    right = _is_right(forge, account, stored_hash, password)
    if user is None or stored_hash is None or not right or not may_log_in(user):
        forge.failures.failed(account, address, exists=user is not None, tried=password, now=now)
        return None
    forge.failures.succeeded(account, address, now=now)
    return user, stored_hash


def password_state(forge: Forge, login: str) -> tuple[User, str] | None:
    """Whose login it is, and a digest that is another one as soon as their password is; None where nobody may."""
    with forge.database.begin_read() as connection:
        user, stored_hash = users.find_user_to_log_in(connection, login) or (None, None)
    if user is None or stored_hash is None or not may_log_in(user):
        return None
    return user, _state_of(stored_hash)


def user_of_password_state(forge: Forge, user_id: UserId, state: str) -> User | None:
    """The user, if they have the same password still and may log in."""
    with forge.database.begin_read() as connection:
        user = users.find_user(connection, user_id)
    known = None if user is None else password_state(forge, user.name)
    if known is None or known[0].id != user_id or not hmac.compare_digest(known[1], state):
        return None
    return known[0]


def _state_of(stored_hash: Secret) -> str:
    # The hash holds a random salt: nobody who sees this digest can try passwords with it.
    return hashlib.sha256(stored_hash.reveal().encode()).hexdigest()


def refuse_while_slowed(forge: Forge, account: str, address: str) -> None:
    """Raises TooManyFailures."""
    wait = forge.failures.wait(account, address, now=forge.now())
    if wait > timedelta(0):
        raise TooManyFailures(
            "there were too many failures to log in; try again in {seconds} s",
            wait=wait,
            seconds=-(-wait // timedelta(seconds=1)),
        )


def set_password(forge: Forge, granted: Authorized[User, MayManageAccount], password: Secret) -> None:
    """The old one is refused at once, in every process, and every session ends. Raises WeakPassword."""
    password_hash = hash_password(forge, password)
    with forge.database.begin_write() as connection:
        users.set_password_hash(connection, granted.subject.id, password_hash)
        user_sessions.delete_sessions(connection, granted.subject.id)
        record_act(connection, forge, granted.identity, AuditAction.SET_PASSWORD, granted.subject.name)


def set_active(forge: Forge, granted: Authorized[User, MayManageAccount], *, active: bool) -> None:
    """A user that is not active cannot log in, has no session, and their tokens are worth nothing."""
    with forge.database.begin_write() as connection:
        users.set_active(connection, granted.subject.id, active=active)
        if not active:
            user_sessions.delete_sessions(connection, granted.subject.id)
        action = AuditAction.ENABLE_ACCOUNT if active else AuditAction.DISABLE_ACCOUNT
        record_act(connection, forge, granted.identity, action, granted.subject.name)


def _is_right(forge: Forge, account: str, stored_hash: Secret | None, password: Secret) -> bool:
    """Of a login that nobody has, a password is wrong as slowly as of another's, and as quickly the second time."""
    now = forge.now()
    whose = Secret(f"nobody's {account}") if stored_hash is None else stored_hash
    right = forge.passwords.is_right(whose, password, now=now)
    if right is None:
        right = _verify(forge, _HASH_OF_NOBODY if stored_hash is None else stored_hash, password)
        forge.passwords.remember(whose, password, right=right, now=now)
    return right and stored_hash is not None


def _verify(forge: Forge, stored_hash: Secret, password: Secret) -> bool:
    try:
        with forge.memory(HashingLimit).taken():
            return _hasher().verify(stored_hash.reveal(), _bytes(password))
    except VerifyMismatchError:
        return False


def hash_password(forge: Forge, password: Secret) -> str:
    """Raises WeakPassword."""
    if not SHORTEST_PASSWORD <= len(password.reveal()) <= LONGEST_PASSWORD:
        raise WeakPassword(
            "a password has {shortest} to {longest} characters", shortest=SHORTEST_PASSWORD, longest=LONGEST_PASSWORD
        )
    with forge.memory(HashingLimit).taken():
        return _hasher().hash(_bytes(password))


@cache
def _hasher() -> PasswordHasher:
    # OWASP's second choice of parameters: 19 MiB instead of 47 keep a server small in which several people log in.
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def _bytes(password: Secret) -> bytes:
    # Two keyboards may type one letter as different code points (RFC 8265, section 4.2.2).
    text = unicodedata.normalize("NFC", password.reveal()[:LONGEST_PASSWORD])
    return text.encode("utf-8", "surrogatepass")


def _user_name(name: str) -> str:
    NamespacePath((name,))
    # An e-mail in the place of a name would make one login mean two people.
    if "@" in name:
        raise InvalidName("the name {name} cannot be used: it looks like an e-mail address", name=repr(name))
    # It is typed as a login, and stands in addresses: a space or a mark of punctuation is read as what ends it.
    if not all(_is_of_a_word(character) for character in name):
        raise InvalidName(
            "the name {name} cannot be used: an account's consists of letters, digits, hyphens, underscores and dots",
            name=repr(name),
        )
    return name


def _is_of_a_word(character: str) -> bool:
    return character.isalnum() or character in "-_." or unicodedata.category(character).startswith("M")


def _email(email: str) -> str:
    local, _, domain = email.rpartition("@")
    plain = email.isprintable() and " " not in email and len(email) <= LONGEST_EMAIL
    if email and not (plain and local and domain and "@" not in local):
        raise InvalidName("{email} is not an e-mail address", email=repr(email)[:300])
    return email
