"""What was said around a repository, from the files of an archive alone."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from matou.archive.metadata import MetadataTree, encode_line, natural_order
from matou.archive.metadata.tree_paths import NaturalOrder
from matou.cli.ui.items import Names, commit_comment_lines, item_lines, item_table, release_lines, release_table
from matou.cli.ui.output import say
from matou.errors import NotFound
from matou.i18n import gettext as _
from matou.model.metadata import MetadataValue
from matou.model.metadata.kinds import CHANGE, COMMIT_COMMENT, ISSUE, MILESTONE, PERSON, RELEASE, MetadataKind
from matou.transfer.common.saved_metadata import find_metadata
from matou.wiring import open_archive


class NoSuchSavedItem(NotFound):
    """There is none of this number as of this run."""


_TABLES: dict[str, Callable[[Iterable[Any], Names], Iterator[str]]] = {
    ISSUE.name: item_table,
    CHANGE.name: item_table,
    RELEASE.name: release_table,
    COMMIT_COMMENT.name: commit_comment_lines,
}
_PAGES: dict[str, Callable[[Any, Names], Iterator[str]]] = {
    ISSUE.name: item_lines,
    CHANGE.name: item_lines,
    RELEASE.name: release_lines,
}


def show_items(directory: Path, path: str, kind: MetadataKind, key: str | None, at: int | None, as_json: bool) -> None:
    archive = open_archive(directory)
    saved = find_metadata(archive, path, kind, at=at)
    tree = saved.open(archive)
    items = _newest_first(tree, kind) if key is None else iter((_one(tree, kind, key, saved.line.path),))
    if as_json:
        for one in items:
            # A terminal may take some characters beyond ASCII for commands.
            click.echo(json.dumps(json.loads(encode_line(one)), ensure_ascii=True))
        return
    names = Names(tree.table(PERSON), tree.table(MILESTONE))
    lines = list(_TABLES[kind.name](items, names) if key is None else _lines(items, kind, names))
    for line in lines:
        click.echo(line)
    if not lines:
        say(_("nothing of this kind is saved of {path}").format(path=saved.line.path))


def _lines(items: Iterable[MetadataValue], kind: MetadataKind, names: Names) -> Iterator[str]:
    for one in items:
        yield from _PAGES[kind.name](one, names)


def _newest_first(tree: MetadataTree, kind: MetadataKind) -> Iterator[MetadataValue]:
    for path in sorted(tree.paths(kind), key=_name_order, reverse=True):
        found = tree.item_at(kind, path)
        if found is not None:
            yield found


def _name_order(path: str) -> NaturalOrder:
    return natural_order(path.rpartition("/")[2])


def _one(tree: MetadataTree, kind: MetadataKind, key: str, path: str) -> MetadataValue:
    found = tree.item(kind, key.lstrip("#!") if kind is not RELEASE else key)
    if found is None:
        raise NoSuchSavedItem("nothing of this kind is called {key} in {path}", path=path, key=repr(key))
    return found
