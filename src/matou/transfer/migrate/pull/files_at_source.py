"""Pictures and files that texts name, where a target imports the texts alone: they stay where they were."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from matou.archive.metadata import MetadataTree
from matou.archive.metadata.items import files_in
from matou.errors import Damaged, Plural
from matou.model.metadata.kinds import CHANGE, ISSUE, RELEASE
from matou.transfer.migrate.inventory import Carriable

_MOST_HOSTS: Final = 3


def files_left_at_source(tree: MetadataTree, which: Carriable) -> Iterator[Plural]:
    """Where a reader's browser goes on looking for them, and how many the archive has; what is damaged is told where it
    is compared."""
    found = dict[str, bool]()
    with suppress(Damaged):
        for kind in (ISSUE, CHANGE, RELEASE):
            for value in filter(which.has, tree.items(kind)):
                found.update((file.url, file.sha256 is not None) for file in files_in(value) if file.url)
    hosts = Counter(_host_of(url) for url in found)
    if hosts:
        named = [host for host, _ in hosts.most_common(_MOST_HOSTS)]
        yield Plural(
            "{count} picture or file that texts name is looked for at {hosts} as before, for no importer takes any;"
            " the archive has {saved}",
            "{count} pictures and files that texts name are looked for at {hosts} as before, for no importer takes any;"
            " the archive has {saved}",
            count=hosts.total(),
            hosts=", ".join([*named, *["…"] * (len(hosts) > _MOST_HOSTS)]),
            saved=sum(found.values()),
        )


def _host_of(url: str) -> str:
    """The path itself of an address without a host, which leads nowhere elsewhere."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or repr(url[:40])
    except ValueError:
        return repr(url[:40])
