"""Logging in, and who one is."""

import struct
import zlib
from contextlib import suppress
from datetime import timedelta

from msgspec.structs import replace

from matou.credentials import Secret
from matou.db.stars import Mark
from matou.db.users import User
from matou.forge.access import (
    ALL_SCOPES,
    Authorized,
    Identity,
    MayManageAccount,
    Scope,
    authorize_account,
    require_scope,
)
from matou.forge.accounts.audit import Interface
from matou.forge.accounts.log_ins import LogInKind, note_log_in, note_refusal
from matou.forge.accounts.tokens import NoSuchToken, create_token, list_tokens, revoke_token
from matou.forge.accounts.users import TooManyFailures, authenticate
from matou.forge.forge import Forge
from matou.forge.repositories.stars import marked_repositories
from matou.platforms.gitee import wire_v3 as wire
from matou.server.api.context import NotSignedIn, RequestContext
from matou.server.api.params import FormFields
from matou.server.api.responses import Bytes
from matou.server.api.route import plain_route
from matou.server.dialects.gitee_v3.links import PORTRAIT, portrait_url

SESSION = "Gitee v3: "
"""What the names of tokens begin with that a log-in made."""

MOST_SESSIONS = 20
SESSION_LIFE = timedelta(days=90)
PORTRAIT_PIXELS = 40
_LONGEST_CLIENT = 100


def log_in(context: RequestContext, fields: FormFields) -> wire.GiteeV3User:
    """Give a new token, since those that were given before are not known to us, only what they hash to.

    Raises:
        MissingParameter: no e-mail or no password.
        NotSignedIn: they are nobody's.
        TooManyFailures: for this account, or from this address.
    """
    login, password = fields.required("email", "login"), fields.required("password", "pssword")
    user = _known_user(context, login, Secret(password))
    identity = Identity(user, ALL_SCOPES)
    account = authorize_account(identity, MayManageAccount, user)
    token = open_session(context.forge, account, context.header(b"user-agent")[:_LONGEST_CLIENT])
    return _user(context, identity, user, token=token)


def _known_user(context: RequestContext, login: str, password: Secret) -> User:
    try:
        user = authenticate(context.forge, login, password, address=context.address)
    except TooManyFailures:
        note_refusal(context.forge, login, Interface.API, address=context.address)
        raise
    if user is None:
        note_refusal(context.forge, login, Interface.API, address=context.address)
        raise NotSignedIn("the e-mail or the password is wrong")
    note_log_in(context.forge, user.name, LogInKind.PASSWORD, Interface.API, address=context.address)
    return user


def open_session(forge: Forge, account: Authorized[User, MayManageAccount], client: str) -> Secret:
    """A token for somebody who gave their password; of those made like this the oldest beyond MOST_SESSIONS ends."""
    secret = create_token(
        forge, account, SESSION + (_printable(client) or "no User-Agent"), expires_at=forge.now() + SESSION_LIFE
    )
    sessions = [token for token in list_tokens(forge, account) if token.name.startswith(SESSION)]
    for token in sessions[:-MOST_SESSIONS]:
        # Another log-in of the same account may be ending the same one.
        with suppress(NoSuchToken):
            revoke_token(forge, account, token.id)
    return secret


def show_self(context: RequestContext, _: FormFields) -> wire.GiteeV3User:
    require_scope(context.identity, Scope.USER_READ)
    return _user(context, context.identity, context.user)


def show_portrait(_: RequestContext, __: FormFields) -> Bytes:
    return Bytes(_PORTRAIT, ((b"content-type", b"image/png"), (b"cache-control", b"public, max-age=86400")))


def _user(context: RequestContext, identity: Identity, user: User, *, token: Secret | None = None) -> wire.GiteeV3User:
    user_object = wire.GiteeV3User(
        id=user.id,
        username=user.name,
        name=user.display_name or user.name,
        created_at=wire.moment_of(user.created_at),
        email=user.email,
        new_portrait=portrait_url(context),
        follow=wire.Follow(
            starred=_count(context.forge, Mark.STAR, identity, user),
            watched=_count(context.forge, Mark.WATCH, identity, user),
        ),
        is_admin=user.admin,
    )
    return user_object if token is None else replace(user_object, private_token=token.reveal())


def _count(forge: Forge, mark: Mark, identity: Identity, user: User) -> int:
    _, total = marked_repositories(forge, mark, identity, user, limit=0)
    return total


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable()).strip()


def _grey_square(pixels: int) -> bytes:
    """A PNG (RFC 2083) of one bit for each pixel, all of them one grey."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", pixels, pixels, 1, 3, 0, 0, 0)
    rows = zlib.compress(bytes((1 + -(-pixels // 8)) * pixels))
    chunks = chunk(b"IHDR", header) + chunk(b"PLTE", b"\xc8\xc8\xc8") + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


_PORTRAIT = _grey_square(PORTRAIT_PIXELS)

ROUTES = (
    plain_route("POST", "/session", FormFields, log_in, status=201, scopes=(), is_open=True),
    plain_route("GET", "/user", FormFields, show_self, scopes=()),
    plain_route("GET", "/" + "/".join(PORTRAIT), FormFields, show_portrait, scopes=(), is_open=True),
)
