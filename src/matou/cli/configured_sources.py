"""The sources of matou.toml by their names, and where they are."""

import contextlib
from collections import Counter
from collections.abc import Iterable, Sequence

from matou.archive.run_history import host_of
from matou.cli.config import SourceTable
from matou.cli.hosts import api_address
from matou.errors import Invalid, MatouError, NotFound
from matou.http.redaction import redact
from matou.platforms.registry import PLATFORMS


def host_at(url: str, platform: str) -> str:
    """Of the API that stands at an address, or of the repository."""
    selection = PLATFORMS[platform].selection if platform in PLATFORMS else None
    if selection is None:
        return host_of(api_address(url, platform))
    with contextlib.suppress(MatouError):
        url, *_ = selection.by_server([url])
    return host_of(url)


def hosts_of_source(table: SourceTable) -> tuple[str, ...]:
    return tuple(dict.fromkeys(host_at(url, table.platform) for url in table.urls))


def name_of_source(table: SourceTable) -> str:
    """The one that it was given, or its platform and host: `coding e.coding.net`."""
    if table.name:
        return table.name
    try:
        return " ".join((table.platform, *hosts_of_source(table)))
    except MatouError:
        return " ".join((table.platform, *map(redact, table.urls)))  # what is wrong is told when it has its turn


def by_name(tables: Iterable[SourceTable]) -> dict[str, SourceTable]:
    """Raises Invalid where two have the same name."""
    pairs = [(name_of_source(table), table) for table in tables]
    twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if twice:
        raise Invalid(
            "several sources are called {name}",
            name=repr(twice[0]),
            advice="give each [[source]] a name of its own: name = …",
        )
    return dict(pairs)


def sources_called(names: Sequence[str], tables: Iterable[SourceTable]) -> tuple[SourceTable, ...]:
    """Those of certain names, in the order of the file; all where none is named. Raises NotFound, Invalid."""
    if not names:
        return tuple(tables)
    known = by_name(tables)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise NotFound(
            "there is no source {name}",
            name=repr(unknown[0]),
            known=", ".join(map(repr, known)),
            advice="there are: {known}",
        )
    return tuple(table for name, table in known.items() if name in names)
