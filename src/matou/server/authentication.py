"""Who asks: the credential of a request, in every form that git, git-lfs and the platforms' tools send it.

What the credential may do is decided in `forge.access`; this module only says whose it is.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from matou.credentials import Secret
from matou.db.users import UserId
from matou.errors import Invalid, Refused
from matou.forge.access import ALL_SCOPES, ANONYMOUS, Identity
from matou.forge.accounts.audit import Interface
from matou.forge.accounts.log_ins import LogInKind, note_log_in, note_refusal
from matou.forge.accounts.read_grants import digest_of
from matou.forge.accounts.ssh_keys import identity_of_key
from matou.forge.accounts.tokens import identity_of_digest, resolve_token
from matou.forge.accounts.users import TooManyFailures, authenticate, password_state, user_of_password_state
from matou.forge.forge import Forge
from matou.server.streaming import Header, header
from matou.server.watch.requests import note_user

CHALLENGE: Header = (b"www-authenticate", b'Basic realm="Matou", charset="UTF-8"')
LONGEST_AUTHORIZATION_BYTES = 4096

_TOKEN = re.compile(r"[0-9a-f]{40}\Z")
_NO_PASSWORDS = frozenset({"", "x-oauth-basic"})
"""What stands behind a token that stands where a name belongs, as in `https://TOKEN@host`: GitHub's form is copied."""

_TOKEN_SCHEMES = frozenset({"bearer", "token"})


class UnknownCredential(Refused):
    """The password or token is wrong, expired or revoked; which of them is not said."""


class UnreadableCredential(Invalid):
    """The Authorization header has none of the forms that we know."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request brought. `login` is empty where only a token came."""

    login: str
    secret: Secret

    @property
    def is_token(self) -> bool:
        """Whether it has the form of a token: then no password has to be hashed for it, as a rule."""
        return _TOKEN.match(self.secret.reveal()) is not None


@dataclass(frozen=True, slots=True)
class KeyCredential:
    """A key of SSH, whose private part somebody has shown to have; `login` is the user name that came with it."""

    login: str
    fingerprint: str

    @property
    def is_token(self) -> bool:
        """As quick to look up as one."""
        return True


@dataclass(frozen=True, slots=True)
class LinkedCredential:
    """A credential that was shown when a link was made: what tells whether it opens anything still, without its secret.

    Attributes:
        kind: TOKEN, PASSWORD or KEY.
        whose: a token's digest, an account's number, or a key's fingerprint.
        state: of the password, which ends with it; the user name that came with the key.
    """

    kind: str
    whose: str
    state: str

    @property
    def fields(self) -> tuple[str, str, str]:
        return self.kind, self.whose, self.state

    @property
    def is_token(self) -> bool:
        """As quick to look up as one."""
        return True


TOKEN: Final = "token"  # noqa: S105 - a word
PASSWORD: Final = "password"  # noqa: S105 - a word
KEY: Final = "key"

AnyCredential = Credential | KeyCredential | LinkedCredential


def read_credential(headers: Iterable[Header]) -> Credential | None:
    """Read Basic, Bearer, `token` and PRIVATE-TOKEN; None where the request is anonymous.

    Raises:
        UnreadableCredential: there is an Authorization header and we cannot tell what it says.
    """
    authorization, private_token = header(headers, b"authorization"), header(headers, b"private-token")
    if len(authorization) > LONGEST_AUTHORIZATION_BYTES or len(private_token) > LONGEST_AUTHORIZATION_BYTES:
        raise UnreadableCredential("the Authorization header is too long")
    if authorization:
        return _read_authorization(authorization.decode("latin-1"))
    return Credential("", Secret(private_token.decode("latin-1"))) if private_token else None


def _read_authorization(text: str) -> Credential:
    scheme, _, value = text.strip().partition(" ")
    if scheme.lower() in _TOKEN_SCHEMES and value:
        return Credential("", Secret(value.strip()))
    if scheme.lower() == "basic":
        return _read_basic(value.strip())
    raise UnreadableCredential("the Authorization header is of an unknown kind", advice="use Basic, Bearer or token")


def _read_basic(encoded: str) -> Credential:
    try:
        login, colon, password = b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise UnreadableCredential("the Basic credential is not base64 of UTF-8") from None
    if not colon or "\0" in login:
        raise UnreadableCredential("the Basic credential has no colon")
    if password in _NO_PASSWORDS and _TOKEN.match(login):
        return Credential("", Secret(login))
    return Credential(login, Secret(password))


def identify(forge: Forge, credential: AnyCredential | None, *, address: str = "") -> Identity:
    """Say whom the credential stands for. A token may stand as password beside any user name.

    Args:
        address: where the request comes from; failures are counted by it.

    Raises:
        UnknownCredential: it stands for nobody. It is never taken for anonymous: a person would see less than
            they should and not know why.
        TryLater: too many failures for this account or address.
    """
    if credential is None:
        return ANONYMOUS
    if isinstance(credential, KeyCredential):
        return _identity_of_key(forge, credential)
    if isinstance(credential, LinkedCredential):
        return _identity_of_link(forge, credential)
    try:
        kind, identity = _shown_identity(forge, credential, address)
    except TooManyFailures:
        note_refusal(forge, credential.login, Interface.HTTP, address=address)
        raise
    if identity is None:
        note_refusal(forge, credential.login, Interface.HTTP, address=address)
        raise UnknownCredential("the password or token is not known here, or no longer")
    if identity.user is not None:
        note_user(identity.user.name)
        note_log_in(forge, identity.user.name, kind, Interface.HTTP, address=address)
    return identity


def _shown_identity(forge: Forge, credential: Credential, address: str) -> tuple[LogInKind, Identity | None]:
    identity = resolve_token(forge, credential.secret, address=address) if credential.is_token else None
    if identity is not None:
        return LogInKind.TOKEN, identity
    return LogInKind.PASSWORD, _identity_of_password(forge, credential, address)


def linked_credential(forge: Forge, credential: AnyCredential) -> LinkedCredential:
    """What a link remembers of a credential that was good a moment ago. Raises UnknownCredential."""
    if isinstance(credential, LinkedCredential):
        return credential
    if isinstance(credential, KeyCredential):
        return LinkedCredential(KEY, credential.fingerprint, credential.login)
    if credential.is_token and identity_of_digest(forge, digest_of(credential.secret)) is not None:
        return LinkedCredential(TOKEN, digest_of(credential.secret), "")
    known = password_state(forge, credential.login)
    if known is None:
        raise UnknownCredential("the password or token is not known here, or no longer")
    return LinkedCredential(PASSWORD, str(known[0].id), known[1])


def _identity_of_link(forge: Forge, credential: LinkedCredential) -> Identity:
    if credential.kind == KEY:
        return _identity_of_key(forge, KeyCredential(credential.state, credential.whose))
    if credential.kind == TOKEN:
        identity = identity_of_digest(forge, credential.whose)
    else:
        user = user_of_password_state(forge, UserId(int(credential.whose)), credential.state)
        identity = None if user is None else Identity(user, ALL_SCOPES)
    if identity is None:
        raise UnknownCredential("the password or token is not known here, or no longer")
    if identity.user is not None:
        note_user(identity.user.name)
    return identity


def _identity_of_key(forge: Forge, credential: KeyCredential) -> Identity:
    identity = identity_of_key(forge, credential.fingerprint, login=credential.login)
    if identity is None:
        raise UnknownCredential("the key opens nothing here any more")
    return identity


def _identity_of_password(forge: Forge, credential: Credential, address: str) -> Identity | None:
    if not credential.login:
        return None
    user = authenticate(forge, credential.login, credential.secret, address=address)
    return None if user is None else Identity(user, ALL_SCOPES)
