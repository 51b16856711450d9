"""`matou login` and `matou logout`: a credential is checked at its platform, and then kept or forgotten."""

import sys
from dataclasses import dataclass

import click

from matou.cli.command import Command
from matou.cli.completion import platforms, targets
from matou.cli.config import token_from_stdin
from matou.cli.credential_manager import CredentialManager, log_in_command
from matou.cli.exit_codes import ExitCode
from matou.cli.git_setup import set_up_git, take_out_of_git
from matou.cli.hosts import Host, host_of
from matou.cli.login_check import (
    NotAccepted,
    Verified,
    how_to_make_a_token,
    is_invalid,
    makes_token_of_password,
    require_use_for_password,
    verify_password,
    verify_token,
)
from matou.cli.options import password_stdin_option, token_stdin_option
from matou.cli.ui.output import print_error, say
from matou.cli.ui.prompts import prompt_secret
from matou.credentials import Secret
from matou.credentials.logins import Login
from matou.credentials.store import SecretKind, StoreKind
from matou.errors import Invalid, MatouError, NotFound
from matou.i18n import gettext as _
from matou.i18n import localize, printable
from matou.platforms.registry import names_of, platform_named
from matou.settings import Settings

WHERE = {
    StoreKind.KEYRING: _("the operating system's credential manager"),
    StoreKind.FILE: _("an encrypted file"),
    StoreKind.PROMPT: _("nowhere"),
}

KINDS = {SecretKind.TOKEN: _("token"), SecretKind.PASSWORD: _("password")}


@dataclass(frozen=True, slots=True)
class _Credentials:
    """What somebody shows; `user` is empty beside a token."""

    kind: SecretKind
    user: str
    secret: Secret


@click.command(
    "login",
    cls=Command,
    examples={
        "matou login gitee": _("ask for a token of gitee.com, and keep it"),
        "matou login https://git.example.org --user NAME": _("log in to a Matou by password"),
    },
    exit_codes=(
        ExitCode.CREDENTIAL_REFUSED,
        ExitCode.TRY_LATER,
    ),
)
@click.argument(
    "host",
    required=False,
    shell_complete=platforms,
    help=_("{platforms}, or the address of a server; all known with --setup-git").format(
        platforms=names_of(at_home=True)
    ),
)
@click.option(
    "--platform",
    metavar="PLATFORM",
    shell_complete=targets,
    help=_("{platforms}, where the address does not say").format(platforms=names_of()),
)
@click.option(
    "--user",
    default="",
    show_default=False,
    metavar="USER",
    help=_("whose password it is; without it, a token is asked for"),
)
@token_stdin_option
@password_stdin_option
@click.option("--setup-git", is_flag=True, help=_("let git ask Matou for what it keeps for this host"))
def login(
    host: str | None, platform: str | None, user: str, token_stdin: bool, password_stdin: bool, setup_git: bool
) -> None:
    credential_manager = CredentialManager(Settings.of_process())
    if host is None:
        if not setup_git:
            raise Invalid("no host was given", advice="name one, as in: matou login gitee")
        set_up_git(credential_manager.logins.all(), credential_manager.settings)
        return
    at = host_of(host, platform)
    credentials = _credentials_of(at, user, token_stdin=token_stdin, password_stdin=password_stdin)
    made = _log_in(credential_manager, at, credentials)
    _report(made)
    if setup_git:
        set_up_git((made,), credential_manager.settings)


@click.command(
    "logout",
    cls=Command,
    examples={"matou logout gitee.com": _("the secret is gone from this machine; the platform still takes it")},
)
@click.argument("host", metavar="HOST", help=_("as for login"))
def logout(host: str) -> None:
    credential_manager = CredentialManager(Settings.of_process())
    login = credential_manager.logins.find(host_of(host).origin)
    if login is None:
        raise NotFound("nobody is logged in at {host}", host=repr(host))
    credential_manager.delete(login)
    say(_("logged out of {origin}").format(origin=login.origin))
    if login.git_origin not in {other.git_origin for other in credential_manager.logins.all()}:
        take_out_of_git(login.git_origin, credential_manager.settings)


def _credentials_of(at: Host, user: str, *, token_stdin: bool, password_stdin: bool) -> _Credentials:
    """Read or ask for it; a password that would open nothing is not asked for."""
    if token_stdin and (password_stdin or user):
        raise Invalid("a token is shown alone, without a password and without --user")
    if password_stdin and not user:
        raise Invalid("whose password it is was not given", advice="add: --user NAME")
    if user:
        require_use_for_password(at, user)
    if token_stdin:
        return _Credentials(SecretKind.TOKEN, "", token_from_stdin(sys.stdin))
    if password_stdin:
        return _Credentials(SecretKind.PASSWORD, user, Secret(sys.stdin.readline().rstrip("\r\n")))
    return _prompted(user)


def _prompted(user: str) -> _Credentials:
    if not sys.stdin.isatty():
        raise Invalid("nobody can be asked here", advice="use --token-stdin or --password-stdin")
    if user:
        return _Credentials(SecretKind.PASSWORD, user, prompt_secret(_("Password")))
    return _Credentials(SecretKind.TOKEN, "", prompt_secret(_("Token")))


def log_in_with_token(credential_manager: CredentialManager, at: Host, token: Secret) -> None:
    """Check a token, keep it, and say so. Raises as the command does."""
    _report(_log_in(credential_manager, at, _Credentials(SecretKind.TOKEN, "", token)))


def _log_in(credential_manager: CredentialManager, at: Host, credentials: _Credentials) -> Login:
    """Check what was given, then keep it: what the platform refuses never comes near a store."""
    if not credentials.secret:
        raise Invalid("nothing was given")
    if at.is_in_clear:
        print_error(
            _("{origin} is not encrypted: whoever is on the way can read the credential").format(origin=at.origin)
        )
    is_of_api = credentials.kind is SecretKind.TOKEN or makes_token_of_password(at.platform)
    url = at.url if is_of_api else at.repository
    try:
        proven = _prove(at.platform, url, credentials, credential_manager.settings)
    except MatouError as error:
        if is_invalid(error):
            raise _not_accepted(at, url, credentials) from error
        raise
    secrets = {credentials.kind: credentials.secret} | ({SecretKind.TOKEN: proven.token} if proven.token else {})
    login = Login(at.origin, at.platform, url, proven.user, at.git_origin, {})
    return credential_manager.save(login, secrets)


def _prove(platform: str, url: str, credentials: _Credentials, settings: Settings) -> Verified:
    if credentials.kind is SecretKind.TOKEN:
        return verify_token(platform, url, credentials.secret, settings)
    return verify_password(platform, url, credentials.user, credentials.secret, settings)


def _not_accepted(at: Host, url: str, credentials: _Credentials) -> NotAccepted:
    command = log_in_command(
        Login(at.origin, at.platform, url, credentials.user, at.git_origin, {credentials.kind: StoreKind.PROMPT})
    )
    if credentials.kind is SecretKind.TOKEN:
        return NotAccepted(
            "{origin} did not accept this token",
            origin=at.origin,
            command=command,
            new=how_to_make_a_token(at.platform, url),
            advice="check that it is whole and has not expired, or {new}; then log in with: {command}",
        )
    return NotAccepted(
        "{origin} did not accept this password",
        origin=at.origin,
        command=command,
        user=credentials.user,
        advice="check the name {user} and its password, and log in with: {command}",
    )


def _report(login: Login) -> None:
    say(_("logged in at {origin} as {user}").format(origin=login.origin, user=printable(login.user)))
    for kind, store in login.places.items():
        say(_where(kind, store, is_made=SecretKind.PASSWORD in login.places))
    note = platform_named(login.platform).password_note
    if SecretKind.PASSWORD in login.places and note:
        say(localize(note))


def _where(kind: SecretKind, store: StoreKind, *, is_made: bool) -> str:
    """Where it lies, in a sentence; a token may have been made of the password that was given."""
    if kind is SecretKind.TOKEN:
        sentence = (
            _("a token was made with the password, and is kept in {place}")
            if is_made
            else _("the token is kept in {place}")
        )
    elif store is StoreKind.PROMPT:
        return _("the password is kept nowhere, and asked for when it is needed")
    else:
        sentence = _("the password is kept in {place}")
    return sentence.format(place=WHERE[store])
