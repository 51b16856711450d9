"""The caller's keys of SSH, as GitCode documents them."""

from typing import TypeVar

from matou.db.ssh_keys import SshKey
from matou.db.users import User
from matou.forge.access import AccountRight, Authorized, MayManageAccount, MaySeeAccount, Scope, authorize_account
from matou.forge.accounts import ssh_keys as keys
from matou.platforms.gitcode import wire
from matou.server.api.context import RequestContext
from matou.server.api.params import InvalidParameter, Nothing, PageParameters, Parameters
from matou.server.api.responses import ListPage
from matou.server.api.route import plain_route

R = TypeVar("R", bound=AccountRight)

_PATH = "/user/keys"


class SshKeyParams(Parameters, frozen=True, kw_only=True):
    key: str
    title: str


def list_keys(context: RequestContext, params: PageParameters) -> ListPage:
    held = keys.ssh_keys(context.forge, _own(context, MaySeeAccount))
    return ListPage([_answer(context, key) for key in held[params.offset : params.offset + params.limit]], len(held))


def add_key(context: RequestContext, params: SshKeyParams) -> wire.PublicKey:
    added = keys.add_ssh_key(context.forge, _own(context, MayManageAccount), params.key, params.title)
    return _answer(context, added)


def read_key(context: RequestContext, _: Nothing) -> wire.PublicKey:
    number = _number(context)
    held = keys.ssh_keys(context.forge, _own(context, MaySeeAccount))
    match = next((key for key in held if key.id == number), None)
    if match is None:
        raise keys.no_such_ssh_key(context.user.name, number)
    return _answer(context, match)


def remove_key(context: RequestContext, _: Nothing) -> None:
    keys.remove_ssh_key(context.forge, _own(context, MayManageAccount), _number(context))


def _own(context: RequestContext, right: type[R]) -> Authorized[User, R]:
    """Whose keys these are. Raises NotSignedIn, BoundToken."""
    return authorize_account(context.identity, right, context.user)


def _number(context: RequestContext) -> int:
    text = context.path["id"]
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise InvalidParameter("{name} is no number", name="id")
    return int(text)


def _answer(context: RequestContext, key: SshKey) -> wire.PublicKey:
    return wire.PublicKey(
        id=key.id,
        key=key.public_key,
        title=key.title,
        url=context.links.api("user", "keys", str(key.id)),
        created_at=wire.utc_second(key.created_at),
    )


_WHAT = "lets in by SSH where the server is reached so (`matou serve --ssh-port`)"

ROUTES = (
    plain_route("GET", _PATH, PageParameters, list_keys, answer=list[wire.PublicKey]),
    plain_route(
        "POST",
        _PATH,
        SshKeyParams,
        add_key,
        answer=wire.PublicKey,
        scopes=(Scope.REPOSITORY_WRITE,),
        choices=f"{_WHAT}; by a token with every scope; Ed25519, ECDSA, RSA from 2048 bits on, and a security key's",
    ),
    plain_route(
        "GET",
        _PATH + "/{id}",
        Nothing,
        read_key,
        answer=wire.PublicKey,
        choices="one key; the document's schema says a list, and its example one",
    ),
    plain_route(
        "DELETE",
        _PATH + "/{id}",
        Nothing,
        remove_key,
        answer=None,
        status=204,
        scopes=(Scope.REPOSITORY_WRITE,),
        choices="204, as other deletions",
    ),
)
