"""The sources that a person asks for: by arguments or by matou.toml, accounts or repositories one by one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NoReturn, TypeVar

from matou.cli.config import (
    ConfiguredSource,
    NoToken,
    SourceTable,
    configured,
    from_arguments,
    login_at,
    only_url,
    read_configuration,
    variable_of,
)
from matou.cli.configured_sources import name_of_source, sources_called
from matou.cli.credential_manager import CredentialManager, log_in_command
from matou.cli.hosts import api_address, credential_for_git, origin_of
from matou.cli.login_check import naming_the_token
from matou.credentials import Secret
from matou.credentials.logins import Login
from matou.credentials.store import SecretKind
from matou.errors import Invalid, MatouError, NotFound
from matou.git.process.ssh import is_by_ssh
from matou.i18n import printable
from matou.platforms.base.platform import RepositorySelection
from matou.platforms.registry import PLATFORMS
from matou.settings import Settings

T = TypeVar("T")

FindSource = Callable[[], ConfiguredSource]
"""Gives a source with its token, or raises what is wrong with it."""


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """A source as a person named it, which may turn out to be none.

    Attributes:
        to: the archive's folder.
        find: the source itself.
        name: what the file calls it; several servers of one source have the same.
    """

    platform: str
    url: str | None
    to: str | None
    find: FindSource
    name: str = ""

    @property
    def title(self) -> str:
        """What tells it from the others."""
        return printable(f"{self.platform}  {self.url}  {self.to}")


def requested_sources(
    platform: str, urls: tuple[str, ...], to: Path | None, token: Secret | None, settings: Settings
) -> tuple[SourceRequest, ...]:
    """The one that the command line names; of repositories, one for each of their servers. Raises Invalid."""
    selection = _selection_of(platform)
    if selection is None:
        url = only_url(platform, urls)
        find = partial(from_arguments, platform, url, to, token, settings)
        return (SourceRequest(platform, url, str(to) if to else None, find),)
    if not urls:
        raise NotFound(
            "no repository was named",
            platform=platform,
            advice="add for example: --url https://git.example.org/TEAM/REPOSITORY.git",
        )
    if to is None:
        raise NotFound("no archive was given", advice="add: --to DIR")
    return _selected(SourceTable(platform=platform, url=urls, to=str(to)), selection, token, settings)


def configured_requests(path: Path, settings: Settings, names: Sequence[str] = ()) -> tuple[SourceRequest, ...]:
    """Those that a file lists, or the named ones of them; errors are those of `read_configuration`, and NotFound."""
    tables = read_configuration(path)
    ambiguous = _ambiguous_tokens(tables, settings)
    return tuple(
        replace(request, name=name_of_source(table))
        for table in sources_called(names, tables)
        for request in _requests_of(table, settings, ambiguous)
    )


def _ambiguous_tokens(tables: Iterable[SourceTable], settings: Settings) -> Mapping[str, Invalid]:
    """Platforms whose variable holds a token, where the file does not say which of several servers that is for."""
    servers: dict[str, dict[str, None]] = {}
    for table in tables:
        if table.platform in PLATFORMS and table.token_variable in {"", variable_of(table.platform)}:
            servers.setdefault(table.platform, {}).update(dict.fromkeys(_servers_of(table)))
    return {
        platform: _for_one_server(variable_of(platform), tuple(names))
        for platform, names in servers.items()
        if len(names) > 1 and settings.environment.get(variable_of(platform), "").strip()
    }


def _servers_of(table: SourceTable) -> tuple[str, ...]:
    """Those that a token would be shown to; none where the address is at fault, which is told when it has its turn."""
    selection = _selection_of(table.platform)
    try:
        if selection is not None:
            return tuple(server for server in selection.by_server(table.urls) if not is_by_ssh(server))
        return (origin_of(api_address(table.urls[0], table.platform)),)
    except MatouError:
        return ()


def _for_one_server(variable: str, servers: Sequence[str]) -> Invalid:
    return Invalid(
        "the token in {variable} is for one server, and the file has sources at {count}: {servers}",
        variable=variable,
        count=len(servers),
        servers=", ".join(servers),
        example=f"{variable}_2",
        advice='write into each [[source]] where its token is, as in: token_variable = "{example}"; where that variable'
        " is not set, what `matou login` keeps for the server is taken",
    )


def _requests_of(table: SourceTable, settings: Settings, ambiguous: Mapping[str, Invalid]) -> tuple[SourceRequest, ...]:
    """What is wrong with one is told when it has its turn."""
    if not table.token_variable and table.platform in ambiguous:
        return (SourceRequest(table.platform, table.urls[0], table.to, partial(_raise, ambiguous[table.platform])),)
    selection = _selection_of(table.platform)
    if selection is None:
        return (SourceRequest(table.platform, table.urls[0], table.to, partial(configured, table, settings)),)
    try:
        return _selected(table, selection, None, settings)
    except MatouError as error:
        return (SourceRequest(table.platform, None, table.to, partial(_raise, error)),)


def _raise(error: MatouError) -> NoReturn:
    raise error


def _selection_of(platform: str) -> RepositorySelection | None:
    return PLATFORMS[platform].selection if platform in PLATFORMS else None


def _selected(
    table: SourceTable, selection: RepositorySelection, token: Secret | None, settings: Settings
) -> tuple[SourceRequest, ...]:
    """One source for each server: a credential belongs to one, and no other is shown it."""
    variable = "" if token else table.token_variable or variable_of(table.platform)
    given = token or Secret(settings.environment.get(variable, "").strip())
    servers = selection.by_server(table.urls)
    over_http = [server for server in servers if not is_by_ssh(server)]
    if token and not over_http:
        raise Invalid("ssh takes a key and no token", advice="leave the token out; MATOU_SSH_KEY may name a key")
    if given and len(over_http) > 1:
        raise Invalid(
            "a token is for one server, and these repositories lie at {count}: {servers}",
            count=len(over_http),
            servers=", ".join(over_http),
            advice="name those of one server at a time; in matou.toml each server has a [[source]] with its own"
            " token_variable",
        )
    return tuple(
        SourceRequest(
            table.platform,
            server,
            table.to,
            partial(_at_server, table, server, urls, given or None, variable, settings),
        )
        for server, urls in servers.items()
    )


def _at_server(
    table: SourceTable, server: str, urls: Sequence[str], token: Secret | None, variable: str, settings: Settings
) -> ConfiguredSource:
    return ConfiguredSource(
        table.platform,
        server,
        Path(table.to).expanduser(),
        None if is_by_ssh(server) else token or login_at(server, settings),
        variable,
        table.include,
        table.exclude,
        table.metadata,
        tuple(urls),
        by_ssh=table.git_over == "ssh",
    )


def with_token_of(source: ConfiguredSource, settings: Settings, request: Callable[[Secret], T]) -> T:
    """Make a request; again, once, where a kept token was no longer valid and could be renewed."""
    if source.token is None:
        return request(Secret(""))
    if isinstance(source.token, Secret):
        with naming_the_token(source.platform, source.url, source.variable):
            return request(source.token)
    if source.repositories:
        return with_kept_pair(source.token, settings, request)
    return CredentialManager(settings).token_refresher(source.token, variable=source.variable).call(request)


def with_kept_pair(login: Login, settings: Settings, request: Callable[[Secret], T]) -> T:
    """Make a request with `NAME:SECRET`, as git is told of what is kept for an account: its token, or its password.

    Raises:
        NoToken: the password is asked for each time, and nobody asks here.
    """
    manager = CredentialManager(settings)
    if SecretKind.TOKEN in login.places:
        refresher = manager.token_refresher(login)
        return refresher.call(lambda token: request(_pair(login, SecretKind.TOKEN, token)))
    password = manager.get(login, SecretKind.PASSWORD)
    if password is None:
        raise NoToken(
            "the password for {origin} is not kept on this machine",
            origin=login.origin,
            command=log_in_command(login),
            advice="log in where there is a credential manager: {command}; or give NAME:PASSWORD with --token-stdin",
        )
    return request(_pair(login, SecretKind.PASSWORD, password))


def _pair(login: Login, kind: SecretKind, secret: Secret) -> Secret:
    credential = credential_for_git(login, kind, secret)
    return Secret(f"{credential.user}:{credential.password.reveal()}")
