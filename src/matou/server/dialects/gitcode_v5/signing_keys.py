"""The caller's OpenPGP keys, in GitHub's form: GitCode documents none for what its rule for signed commits needs.

https://docs.github.com/en/rest/users/gpg-keys
"""

from typing import TypeVar

from matou.db.signing_keys import SigningKey
from matou.db.users import User
from matou.forge.access import AccountRight, Authorized, MayManageAccount, MaySeeAccount, Scope, authorize_account
from matou.forge.accounts import signing_keys as keys
from matou.git.operations.signatures import read_certificate
from matou.model.names import folded
from matou.platforms.gitcode import wire
from matou.server.api.context import RequestContext
from matou.server.api.params import InvalidParameter, Nothing, PageParameters, Parameters
from matou.server.api.responses import ListPage
from matou.server.api.route import plain_route

R = TypeVar("R", bound=AccountRight)

_PATH = "/user/gpg_keys"


class SigningKeyParams(Parameters, frozen=True, kw_only=True):
    armored_public_key: str


def list_keys(context: RequestContext, params: PageParameters) -> ListPage:
    page = keys.signing_keys(context.forge, _own(context, MaySeeAccount))
    rows = page[params.offset : params.offset + params.limit]
    return ListPage([_answer(context.user, key) for key in rows], len(page))


def add_key(context: RequestContext, params: SigningKeyParams) -> wire.GpgKey:
    account = _own(context, MayManageAccount)
    return _answer(account.subject, keys.add_signing_key(context.forge, account, params.armored_public_key))


def read_key(context: RequestContext, _: Nothing) -> wire.GpgKey:
    number = _number(context)
    match = next(
        (key for key in keys.signing_keys(context.forge, _own(context, MaySeeAccount)) if key.id == number), None
    )
    if match is None:
        raise keys.no_such_key(context.user, number)
    return _answer(context.user, match)


def remove_key(context: RequestContext, _: Nothing) -> None:
    keys.remove_signing_key(context.forge, _own(context, MayManageAccount), _number(context))


def _own(context: RequestContext, right: type[R]) -> Authorized[User, R]:
    """Whose keys these are. Raises NotSignedIn, BoundToken."""
    return authorize_account(context.identity, right, context.user)


def _number(context: RequestContext) -> int:
    text = context.path["id"]
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise InvalidParameter("{name} is no number", name="id")
    return int(text)


def _answer(user: User, key: SigningKey) -> wire.GpgKey:
    certificate = read_certificate(key.certificate)
    return wire.GpgKey(
        id=key.id,
        key_id=certificate.fingerprint[-16:],
        fingerprint=certificate.fingerprint,
        public_key=certificate.armored,
        emails=[
            wire.GpgEmail(email=email, verified=folded(email) == folded(user.email)) for email in certificate.emails
        ],
        created_at=wire.china_moment(key.created_at),
        expires_at=None if certificate.expires_at is None else wire.china_moment(certificate.expires_at),
        revoked=certificate.is_revoked,
    )


ROUTES = (
    plain_route("GET", _PATH, PageParameters, list_keys, answer=list[wire.GpgKey]),
    plain_route(
        "POST", _PATH, SigningKeyParams, add_key, answer=wire.GpgKey, status=201, scopes=(Scope.REPOSITORY_WRITE,)
    ),
    plain_route("GET", _PATH + "/{id}", Nothing, read_key, answer=wire.GpgKey),
    plain_route("DELETE", _PATH + "/{id}", Nothing, remove_key, answer=None, scopes=(Scope.REPOSITORY_WRITE,)),
)
