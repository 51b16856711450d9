"""One's own account: its e-mail, and how it is shown to others."""

from matou.errors import Invalid, Refused
from matou.forge.access import MayManageAccount, Scope, authorize_account
from matou.forge.accounts.users import set_display_name
from matou.model.names import folded
from matou.platforms.gitcode import wire
from matou.server.api.context import RequestContext
from matou.server.api.params import Nothing, Parameters
from matou.server.api.route import Route, plain_route
from matou.server.dialects.gitcode_v5.repository_object import user_id

NOT_STORED = ("avatar", "company", "description", "github_account", "location", "website")
"""What an account has at GitCode and has not here."""


class EmailNotTheirs(Refused):
    """Nothing here proves an address, and commits are told to be of whoever has theirs."""


class FieldNotStored(Invalid):
    """Something was to be written that no account has here."""


class UpdateProfileParams(Parameters, frozen=True, kw_only=True):
    nickname: str | None = None
    email: str = ""
    avatar: str = ""
    company: str = ""
    description: str = ""
    github_account: str = ""
    location: str = ""
    website: str = ""


def change_profile(context: RequestContext, params: UpdateProfileParams) -> wire.Profile:
    user = context.user
    account = authorize_account(context.identity, MayManageAccount, user)
    _require_stored(params)
    if params.email and folded(params.email) != folded(user.email):
        raise EmailNotTheirs("the e-mail of an account is set by whoever runs this server")
    if params.nickname is not None:
        user = set_display_name(context.forge, account, params.nickname)
    return wire.Profile(id=user_id(user), login=user.name, nickname=user.display_name, email=user.email)


def _require_stored(params: UpdateProfileParams) -> None:
    refused = [name for name in NOT_STORED if getattr(params, name)]
    if refused:
        raise FieldNotStored("an account has no {names} here", names=", ".join(refused))


def list_emails(context: RequestContext, _: Nothing) -> list[wire.Email]:
    return [wire.Email(email=context.user.email)] if context.user.email else []


ROUTES: tuple[Route, ...] = (
    plain_route(
        "PATCH",
        "/user",
        UpdateProfileParams,
        change_profile,
        answer=wire.Profile,
        scopes=(Scope.PROJECT_WRITE,),
        choices="`nickname` is what people see beside the name; an e-mail is set by whoever runs the server, and what "
        "else the document names is not kept here: it is refused where it is not empty",
    ),
    plain_route(
        "GET",
        "/emails",
        Nothing,
        list_emails,
        answer=list[wire.Email],
        choices="one, or none; `state` is always confirmed, as it was set by whoever runs the server",
    ),
)
