"""`matou auth`: what is kept and whether it still works, and git's credential helper."""

import json
import sys
from dataclasses import dataclass
from enum import StrEnum

import click
from click.exceptions import Exit

from matou.cli.command import Group
from matou.cli.credential_manager import CredentialManager
from matou.cli.exit_codes import ExitCode
from matou.cli.hosts import credential_for_git, host_of, origin_of
from matou.cli.login import KINDS, WHERE
from matou.cli.login_check import is_invalid, verify_password, verify_token
from matou.cli.options import json_option
from matou.cli.ui.output import print_error, say
from matou.credentials import GitCredential, Secret
from matou.credentials.git_helper import CredentialRequest, read_request, write_answer
from matou.credentials.logins import Login
from matou.credentials.refresh import ReauthRequired
from matou.credentials.store import SecretKind, StoreKind
from matou.errors import Invalid, MatouError, NotFound
from matou.i18n import format_error, labelled, localize, printable
from matou.i18n import gettext as _
from matou.settings import Settings

authentication = Group("auth")


class State(StrEnum):
    """Whether a credential still works."""

    WORKS = "works"
    REFUSED = "refused"
    UNKNOWN = "unknown"


_STATES = {
    State.WORKS: _("works"),
    State.REFUSED: _("refused"),
    State.UNKNOWN: _("unknown"),
}


@dataclass(frozen=True, slots=True)
class CredentialStatus:
    login: Login
    kind: SecretKind
    state: State
    place: StoreKind
    fault: MatouError | None = None


@authentication.command(
    "status",
    help=_("Say where each secret lies and whether it still works."),
    examples={"matou auth status": _("all that you are logged in to")},
    exit_codes=(ExitCode.CREDENTIAL_REFUSED, ExitCode.TRY_LATER),
)
@click.argument("host", required=False, help=_("as for login; without it, all"))
@json_option
def status(host: str | None, as_json: bool) -> None:
    credential_manager = CredentialManager(Settings.of_process())
    statuses = [
        _status(credential_manager, login, kind) for login in _logins(credential_manager, host) for kind in login.places
    ]
    if as_json:
        click.echo(json.dumps([_as_json(one) for one in statuses], ensure_ascii=False, indent=2))
    else:
        for one in statuses:
            click.echo(_as_text(one))
        if not statuses:
            say(_("nobody is logged in anywhere"))
    raise Exit(_code(statuses))


def _logins(credential_manager: CredentialManager, host: str | None) -> tuple[Login, ...]:
    if host is None:
        return credential_manager.logins.all()
    login = credential_manager.logins.find(host_of(host).origin)
    if login is None:
        raise NotFound("nobody is logged in at {host}", host=repr(host))
    return (login,)


def _status(credential_manager: CredentialManager, login: Login, kind: SecretKind) -> CredentialStatus:
    store = login.places[kind]
    if store is StoreKind.PROMPT:
        return CredentialStatus(login, kind, State.UNKNOWN, store)
    try:
        _prove(credential_manager, login, kind)
    except ReauthRequired as error:
        # `logins.json` goes on to name the place: that is where the token of the next log-in belongs.
        return CredentialStatus(login, kind, State.REFUSED, StoreKind.PROMPT, error)
    except MatouError as error:
        return CredentialStatus(login, kind, State.REFUSED if is_invalid(error) else State.UNKNOWN, store, error)
    return CredentialStatus(login, kind, State.WORKS, store)


def _prove(credential_manager: CredentialManager, login: Login, kind: SecretKind) -> None:
    """Ask the platform. A token that it refuses is renewed where that can be, without asking anybody."""
    if kind is SecretKind.TOKEN:
        refresher = credential_manager.token_refresher(login, may_ask=False)
        refresher.call(lambda token: verify_token(login.platform, login.url, token, credential_manager.settings))
        return
    password = credential_manager.get(login, kind)
    if password is None:
        raise credential_manager.reauth_hint(login).after_refusal()
    verify_password(login.platform, login.url, login.user, password, credential_manager.settings)


def _as_text(one: CredentialStatus) -> str:
    is_prompted = one.place is StoreKind.PROMPT and one.fault is None
    where = _("nowhere; it is asked for each time") if is_prompted else WHERE[one.place]
    shown = f"{one.login.origin}  {printable(one.login.user)}  {KINDS[one.kind]}  {where}  {_STATES[one.state]}"
    return shown if one.fault is None else labelled(shown, localize(one.fault))


def _as_json(one: CredentialStatus) -> dict[str, object]:
    return {
        "host": one.login.origin,
        "platform": one.login.platform,
        "user": one.login.user,
        "kind": one.kind,
        "kept_in": one.place,
        "state": one.state,
        "reason": None if one.fault is None else str(one.fault),
    }


def _code(statuses: list[CredentialStatus]) -> ExitCode:
    states = {one.state for one in statuses if one.fault is not None}
    if State.REFUSED in states:
        return ExitCode.CREDENTIAL_REFUSED
    return ExitCode.TRY_LATER if states else ExitCode.DONE


@authentication.command(
    "git-credential",
    help=_("Answer git, as its credential helper; not for people."),
    examples={
        "git config credential.https://gitee.com.helper '!matou auth git-credential'": _(
            "what `matou login --setup-git` writes"
        ),
    },
    exit_codes=(ExitCode.TRY_LATER,),
)
@click.argument("verb", type=click.Choice(["get", "store", "erase"]), metavar="VERB", help=_("what git asks for"))
def git_credential(verb: str) -> None:
    if verb == "get" and sys.stdout.isatty():
        raise Invalid("the answer holds a secret: it is for git, not for a terminal")
    request = read_request(sys.stdin.buffer)
    if verb == "store":
        return  # git stores after each success; what is kept was checked by a log-in, and no file is opened for it
    credential_manager = CredentialManager(Settings.of_process())
    login = credential_manager.logins.find(origin_of(request.origin)) if request.origin.startswith("http") else None
    if login is None:
        return
    if verb == "get":
        answer = _find(credential_manager, login, request)
        if answer is not None:
            write_answer(answer, sys.stdout)
    else:
        _erase(credential_manager, login, request)


def _find(credential_manager: CredentialManager, login: Login, request: CredentialRequest) -> GitCredential | None:
    """What git is told. Git goes on to ask the person where we say nothing, so that a store's fault is only told."""
    try:
        held = _held(credential_manager, login)
    except MatouError as error:
        print_error(format_error(error))
        return None
    return next((credential for _, credential in held if request.user in ("", credential.user)), None)


def _held(credential_manager: CredentialManager, login: Login) -> list[tuple[SecretKind, GitCredential]]:
    """What is kept, in the forms that git knows; a password first, since it is good wherever there is one."""
    credentials: list[tuple[SecretKind, Secret | None]] = [
        (kind, credential_manager.get(login, kind)) for kind in (SecretKind.PASSWORD, SecretKind.TOKEN)
    ]
    return [(kind, credential_for_git(login, kind, secret)) for kind, secret in credentials if secret is not None]


def _erase(credential_manager: CredentialManager, login: Login, request: CredentialRequest) -> None:
    """Forget what a server refused, and nothing that has been put in its place meanwhile."""
    for kind, credential in _held(credential_manager, login):
        is_named = request.user in ("", credential.user)
        if is_named and request.password in (None, credential.password):
            credential_manager.erase(login, kind)
