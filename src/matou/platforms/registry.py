"""Every platform, by the name that a person types. A new one is its folder and its name here."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Final

from matou.errors import Invalid, NotFound
from matou.platforms.base.platform import (
    MetadataSupport,
    MetadataTargetSupport,
    OfficialInstance,
    OpenImporter,
    OpenWiderSource,
    Platform,
)

_FOLDERS: Final = (
    "cnb",
    "coding",
    "git",
    "gitcode",
    "gitea",
    "gitee",
    "github",
    "gitlab",
    "matou",
)

PLATFORMS: Final[dict[str, Platform]] = {
    folder: import_module(f"matou.platforms.{folder}").PLATFORM for folder in _FOLDERS
}
SOURCES: Final = {name: platform.source for name, platform in PLATFORMS.items() if platform.source}
"""Opens an account to read from, for each platform that lists what it has."""
READABLE: Final = tuple(name for name, platform in PLATFORMS.items() if platform.source or platform.selection)
"""All that can be read, accounts or not."""
TARGETS: Final = {name: platform.target for name, platform in PLATFORMS.items() if platform.target}
"""Opens an account to write to, for each platform that can be written."""


class UnknownPlatform(NotFound):
    """A platform that Matou does not know, or not for what is wanted of it."""


def names_of(*, at_home: bool = False) -> str:
    """Those that a person may type, or those of them that stand for an address, too."""
    return ", ".join(name for name, platform in PLATFORMS.items() if platform.homes or not at_home)


def platform_named(name: str) -> Platform:
    """Raises UnknownPlatform."""
    if name not in PLATFORMS:
        raise UnknownPlatform(
            "unknown platform {name}; known: {known}",
            name=repr(name),
            known=", ".join(PLATFORMS),
        )
    return PLATFORMS[name]


def require_source(name: str) -> None:
    """Raises UnknownPlatform."""
    if name not in READABLE:
        raise UnknownPlatform(
            "unknown platform {name}; known: {known}",
            name=repr(name),
            known=", ".join(READABLE),
        )


def require_target(name: str) -> None:
    """Raises UnknownPlatform."""
    if name not in TARGETS:
        raise UnknownPlatform(
            "unknown platform {name}; known: {known}",
            name=repr(name),
            known=", ".join(TARGETS),
        )


def require_lists(name: str, lists: Sequence[str]) -> OpenWiderSource:
    """What opens an account with these lists beside its own repositories. Raises Invalid."""
    having = PLATFORMS[name].lists
    for one in lists:
        if having is None or one not in having.names:
            known = [title.name for title in PLATFORMS.values() if title.lists and one in title.lists.names]
            raise Invalid(
                "{name} gives no list of repositories that are {list}; these do: {known}",
                name=repr(name),
                list=one,
                known=", ".join(known),
            )
    assert having is not None  # noqa: S101 - `lists` is not empty
    return having.open


@dataclass(frozen=True, slots=True)
class Importer:
    """A platform that imports by itself, and what reads back what it imported."""

    importer: OpenImporter
    metadata: MetadataSupport


def require_importer(name: str) -> Importer:
    """Raises UnknownPlatform."""
    platform = PLATFORMS[name]
    if platform.importer is None or platform.metadata is None:
        known = ", ".join(name for name, one in PLATFORMS.items() if one.importer and one.metadata)
        raise UnknownPlatform("{name} imports nothing by itself; those that do: {known}", name=repr(name), known=known)
    return Importer(platform.importer, platform.metadata)


def require_metadata_target(name: str) -> MetadataTargetSupport:
    """Raises UnknownPlatform."""
    support = PLATFORMS[name].metadata_target
    if support is None:
        known = ", ".join(name for name, one in PLATFORMS.items() if one.metadata_target)
        raise UnknownPlatform(
            "nothing that people said can be written to {name}; but to: {known}", name=repr(name), known=known
        )
    return support


def target_named(name: str) -> str:
    """The name of a platform by that or another name. Raises UnknownPlatform."""
    named = next((one for one, platform in PLATFORMS.items() if name in platform.aliases), name)
    require_target(named)
    return named


def platform_at(host: str) -> tuple[Platform, OfficialInstance] | None:
    """The platform that a host belongs to; None where it is nobody's, or a server that a team runs itself."""
    instances = ((platform, platform.instance_of(host)) for platform in PLATFORMS.values())
    return next(((platform, home) for platform, home in instances if home), None)


def title_of(name: str) -> str:
    """What people call a platform; the name itself of one that is known no more."""
    known = PLATFORMS.get(name)
    return name if known is None else known.title


@cache
def self_hosted() -> Platform:
    """What a host is taken for that belongs to no platform."""
    return next(platform for platform in PLATFORMS.values() if not platform.homes and not platform.selection)
