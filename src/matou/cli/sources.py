"""Which sources a person means: by arguments, or by matou.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import msgspec

from matou.credentials import Secret
from matou.errors import MatouError, NotFound
from matou.settings import Settings
from matou.wiring import PLATFORMS

EXAMPLE_URLS = {
    "coding": "https://e.coding.net/open-api",
    "gitcode": "https://api.gitcode.com",
    "gitee": "https://gitee.com",
}


class Usage(MatouError):
    """The command cannot be carried out as it was given."""


class UnknownPlatform(NotFound):
    """A platform that Matou does not know."""


class NoToken(NotFound):
    """There is no token for a source."""


@dataclass(frozen=True, slots=True)
class ConfiguredSource:
    """A source, where it goes, and which of its repositories are wanted."""

    platform: str
    url: str
    to: Path
    token: Secret
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class _SourceTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    platform: str
    url: str
    to: str
    token_variable: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class _Configuration(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    source: tuple[_SourceTable, ...]


def token_from_stdin(stream: TextIO) -> Secret:
    """The first line, without the blanks around it."""
    return Secret(stream.readline().strip())


def from_arguments(
    platform: str, url: str | None, to: Path | None, token: Secret | None, settings: Settings
) -> ConfiguredSource:
    _require_known(platform)
    if url is None:
        raise NotFound(
            "no address of {platform}'s API was given",
            platform=platform,
            example=EXAMPLE_URLS[platform],
            advice="add for example: --url {example}",
        )
    if to is None:
        raise NotFound("no archive was given", advice="add: --to DIR")
    return ConfiguredSource(platform, url, to.expanduser(), token or _token_of(platform, "", settings.environment))


def read_configuration(path: Path, settings: Settings) -> tuple[ConfiguredSource, ...]:
    try:
        configuration = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _Configuration)
    except FileNotFoundError as error:
        raise NotFound(
            "no platform was named, and there is no {path}",
            path=path,
            advice="name one, as in: matou backup coding --url URL --to DIR",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise Usage("{path} cannot be read: {reason}", path=path, reason=error) from error
    return tuple(_configured(table, settings) for table in configuration.source)


def _configured(table: _SourceTable, settings: Settings) -> ConfiguredSource:
    _require_known(table.platform)
    token = _token_of(table.platform, table.token_variable, settings.environment)
    return ConfiguredSource(table.platform, table.url, Path(table.to).expanduser(), token, table.include, table.exclude)


def _require_known(platform: str) -> None:
    if platform not in PLATFORMS:
        raise UnknownPlatform(
            "{platform} is no platform that Matou can read; it knows {known}",
            platform=repr(platform),
            known=", ".join(PLATFORMS),
        )


def _token_of(platform: str, variable: str, environment: Mapping[str, str]) -> Secret:
    name = variable or f"MATOU_{platform.upper()}_TOKEN"
    token = environment.get(name, "").strip()
    if not token:
        raise NoToken(
            "there is no token for {platform}",
            platform=platform,
            variable=name,
            advice="set {variable}, or give the token with --token-stdin",
        )
    return Secret(token)
