"""Which sources a person means: by arguments, or by matou.toml; and what that says of the server."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TextIO, TypeVar

import msgspec

from matou.cli.hosts import api_address, origin_of
from matou.credentials import Secret
from matou.credentials.logins import Login, Logins, configuration_folder
from matou.credentials.store import SecretKind
from matou.errors import Invalid, NotFound
from matou.model.decodable import decodable
from matou.model.decoding_faults import NOT_UTF8, fault_of_shape, fault_of_toml
from matou.platforms.registry import PLATFORMS, require_source
from matou.settings import MEBIBYTE, Settings
from matou.transfer.backup.metadata.selection import KindSelection

CONFIGURATION = "matou.toml"


GitOver = Literal["https", "ssh"]
"""How the repositories of an account are fetched; what is asked of its API goes by https."""


class NoToken(NotFound):
    """There is no token for a source."""


@dataclass(frozen=True, slots=True)
class ConfiguredSource:
    """A source, where it goes, and which of its repositories are wanted.

    Attributes:
        token: what lets us in, or else the account whose token is kept since `matou login`; None where nobody asks for
            one.
        variable: the one that gave the token, or would give another; empty where standard input gave it.
        metadata: what of that which lies around the code is wanted, where the command says nothing else.
        repositories: their addresses, where the platform does not list them.
        by_ssh: its repositories are fetched by ssh.
    """

    platform: str
    url: str
    to: Path
    token: Secret | Login | None
    variable: str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    metadata: KindSelection = field(default_factory=KindSelection)
    repositories: tuple[str, ...] = ()
    by_ssh: bool = False


class TimingTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """When something is done; `schedule_config.py` reads what it says."""

    daily: str | tuple[str, ...] = ()
    weekly: str | tuple[str, ...] = ()
    every: str = ""
    timezone: str = ""
    jitter: str = ""


class ScheduleTable(TimingTable, forbid_unknown_fields=True, frozen=True):
    """When all sources are saved that say nothing else, and when their archives are verified.

    Attributes:
        by_workers: repositories are saved by workers, as with `--by-workers`.
    """

    verify: TimingTable | None = None
    by_workers: bool = False


class SourceTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"additional": "with"}):
    """A source as matou.toml has it; `largest_file` is in MiB. Several addresses are those of repositories.

    Attributes:
        name: tells it from the file's others; see `configured_sources.py`.
        schedule: in place of that of the file.
    """

    platform: str
    url: str | Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    to: str
    token_variable: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    additional: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    code_only: bool = False
    sweep: bool = False
    git_over: GitOver = "https"
    largest_file: Annotated[int, msgspec.Meta(ge=1)] | None = None
    name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    schedule: TimingTable | Literal["never"] | None = None

    @property
    def urls(self) -> tuple[str, ...]:
        return (self.url,) if isinstance(self.url, str) else self.url

    @property
    def metadata(self) -> KindSelection:
        """Raises Invalid, where it names a kind that there is not."""
        return KindSelection(
            only=self.only,
            additional=self.additional,
            without=self.without,
            is_code_only=self.code_only,
            sweep=self.sweep,
            largest_file_bytes=None if self.largest_file is None else self.largest_file * MEBIBYTE,
        )


class ServerTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What the server that `matou serve` starts goes by; without a port there is no SSH."""

    hosts: dict[str, Any] = {}
    ssh_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] | None = None
    ssh_host: str | None = None


class _Sources(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a backup reads of the file; of the other parts it is not asked whether they hold."""

    source: tuple[SourceTable, ...] = ()
    server: dict[str, Any] = {}
    schedule: dict[str, Any] = {}
    notify: list[Any] = []


class _Server(msgspec.Struct, frozen=True):
    """What the server reads of it."""

    server: ServerTable = ServerTable()


class ScheduledSources(msgspec.Struct, frozen=True):
    """What goes by a schedule reads of it; `schedule` is None where the file has none."""

    source: tuple[SourceTable, ...] = ()
    schedule: ScheduleTable | None = None
    notify: tuple[Any, ...] = ()


Form = TypeVar("Form")


def token_from_stdin(stream: TextIO) -> Secret:
    """The first line, without the blanks around it."""
    return Secret(stream.readline().strip())


def from_arguments(
    platform: str, url: str | None, to: Path | None, token: Secret | None, settings: Settings
) -> ConfiguredSource:
    require_source(platform)

    if url is None:
        raise NotFound(
            "no address of {platform}'s API was given",
            platform=platform,
            example=PLATFORMS[platform].address,
            advice="add for example: --url {example}",
        )
    if to is None:
        raise NotFound("no archive was given", advice="add: --to DIR")
    url = api_address(url, platform)
    secret = token or token_of(platform, url, "", settings)
    return ConfiguredSource(platform, url, to.expanduser(), secret, "" if token else variable_of(platform))


def selects_repositories(platform: str) -> bool:
    """Whether a person names the repositories, and no account lists them."""
    return platform in PLATFORMS and PLATFORMS[platform].selection is not None


def only_url(platform: str, urls: tuple[str, ...]) -> str | None:
    """Raises Invalid."""
    if len(urls) > 1:
        raise Invalid(
            "{platform} has one address, and {count} were given",
            platform=platform,
            count=len(urls),
            advice="give one --url; repositories are chosen with --include",
        )
    return urls[0] if urls else None


def read_configuration(path: Path) -> tuple[SourceTable, ...]:
    """The sources that a file lists; what is wrong with one of them is told when it has its turn, by `configured`."""
    try:
        sources = read_tables(path, _Sources).source
    except FileNotFoundError as error:
        raise NotFound(
            "no platform was named, and there is no {path}",
            path=path,
            advice="name one, as in: matou backup coding --url URL --to DIR",
        ) from error
    if not sources:
        raise Invalid("{path} lists no source", path=path)
    return sources


def read_server(path: Path | None) -> ServerTable:
    """What a file says of the server; where none is named, that of the current folder, if any.

    Raises Invalid, NotFound.
    """
    try:
        return read_tables(path or Path(CONFIGURATION), _Server).server
    except FileNotFoundError as error:
        if path is None:
            return ServerTable()
        raise NotFound("there is no {path}", path=path) from error


def hosts_of(server: ServerTable) -> Mapping[str, str]:
    """Which platform each host of a server stands for; both are as they stand there."""
    return dict(_dotted(server.hosts))


def read_schedule_tables(path: Path) -> ScheduledSources:
    """Raises NotFound, Invalid."""
    try:
        return read_tables(path, ScheduledSources)
    except FileNotFoundError as error:
        raise NotFound("there is no {path}", path=path) from error


def _dotted(table: Mapping[str, object], above: str = "") -> Iterator[tuple[str, str]]:
    """A name without quotes is a table within a table to TOML: `gitee.example = "gitee"`."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", str(value)


def read_tables(path: Path, form: type[Form]) -> Form:
    """Raises FileNotFoundError, Invalid."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), decodable(form))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Invalid(
            "{path} cannot be read: {reason}",
            path=path,
            reason=error,
            advice="give --config a file that lists sources, such as matou.toml, and that you may read",
        ) from error
    except UnicodeDecodeError as error:
        raise Invalid("{path} cannot be read: {reason}", path=path, reason=NOT_UTF8) from error
    except tomllib.TOMLDecodeError as error:
        raise Invalid("{path} cannot be read: {reason}", path=path, reason=fault_of_toml(error)) from error
    except msgspec.ValidationError as error:
        raise Invalid("{path} cannot be read: {reason}", path=path, reason=fault_of_shape(error)) from error


def configured(table: SourceTable, settings: Settings) -> ConfiguredSource:
    """Raises UnknownPlatform, NoToken, and Invalid for what `metadata` raises."""
    require_source(table.platform)
    variable = table.token_variable or variable_of(table.platform)
    url = api_address(only_url(table.platform, table.urls) or "", table.platform)
    token = token_of(table.platform, url, variable, settings)
    to = Path(table.to).expanduser()
    return ConfiguredSource(
        table.platform,
        url,
        to,
        token,
        variable,
        table.include,
        table.exclude,
        table.metadata,
        by_ssh=table.git_over == "ssh",
    )


def token_of(platform: str, url: str, variable: str, settings: Settings) -> Secret | Login:
    """What the environment says, and otherwise what is kept; nothing is looked up before it is needed."""
    name = variable or variable_of(platform)
    token = settings.environment.get(name, "").strip()
    if token:
        return Secret(token)
    login = login_at(url, settings)
    if login is None:
        raise NoToken(
            "there is no token for {platform}",
            platform=platform,
            variable=name,
            url=url,
            advice="log in with: matou login {url}; or set {variable}, or give the token with --token-stdin",
        )
    if SecretKind.TOKEN not in login.places:
        raise NoToken(
            "the password for {origin} opens its git alone: {platform}'s API asks for a token",
            origin=login.origin,
            platform=platform,
            variable=name,
            url=url,
            advice="log in with: matou login {url}; or set {variable}, or give the token with --token-stdin",
        )
    return login


def variable_of(platform: str) -> str:
    """The one that gives a command a token for a platform."""
    return PLATFORMS[platform].token_variable


def login_at(url: str, settings: Settings) -> Login | None:
    """The account of this person's at the platform that stands at an address."""
    return Logins(configuration_folder(settings.environment)).find(origin_of(url))
