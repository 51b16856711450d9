"""Folders by their objects, and the README of a repository."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import msgspec

from matou.forge.access import MayReadCode
from matou.forge.content.contents import (
    TreeListEntry,
    known_object_at,
    list_entries,
    list_folder,
    object_at,
    tree_at,
)
from matou.git.odb.objects import EntryKind, MissingPath
from matou.git.odb.trees import MOST_ENTRIES
from matou.model.names import ObjectId
from matou.server.api.context import RepositoryContext
from matou.server.api.params import Parameters
from matou.server.api.responses import Bytes, StreamedResponse
from matou.server.api.route import Route, Workload, repository_route
from matou.server.api.v5.contents import RefQuery, readable
from matou.server.dialects.github_v3.code import CodeAddresses
from matou.server.dialects.github_v3.contents import GitHubContent, show_contents

CodeContext = RepositoryContext[MayReadCode]

_TYPES: Final = {EntryKind.FOLDER: "tree", EntryKind.SUBMODULE: "commit"}
_READMES: Final = ("readme.md", "readme.markdown", "readme", "readme.rst", "readme.txt", "readme.org")
_NOT_RECURSIVE: Final = ("", "0", "false")


class FolderQuery(Parameters, frozen=True, kw_only=True):
    """`recursive` with anything but 0 or false lists all that is below, too."""

    recursive: str = ""


def show_tree(context: CodeContext, params: FolderQuery) -> dict[str, object]:
    start, at = object_at(context.forge, context.granted, context.path["sha"]), CodeAddresses.of(context)
    entries, total = list_entries(
        context.forge,
        context.granted,
        start,
        below=None,
        recursive=params.recursive.lower() not in _NOT_RECURSIVE,
        offset=0,
        limit=MOST_ENTRIES,
    )
    tree = tree_at(context.forge, context.granted, start)
    return {
        "sha": tree,
        "url": at.api("git", "trees", tree),
        "tree": [_entry(at, entry) for entry in entries],
        "truncated": len(entries) < total,
    }


def show_readme(
    context: CodeContext, params: RefQuery
) -> msgspec.Struct | Sequence[msgspec.Struct] | Bytes | StreamedResponse:
    """Raises MissingPath."""
    root = list_folder(context.forge, context.granted, object_at(context.forge, context.granted, params.ref), None)
    names = {readable(entry.path).lower(): entry.path for entry in root or () if entry.kind is not EntryKind.FOLDER}
    found = next((names[name] for name in _READMES if name in names), None)
    if found is None:
        raise MissingPath("there is no README")
    path = found.decode("utf-8", "surrogateescape")
    return show_contents(replace(context, path={**context.path, "path": path}), params)


def _entry(at: CodeAddresses, entry: TreeListEntry) -> dict[str, object]:
    kind = _TYPES.get(entry.kind, "blob")
    row: dict[str, object] = {"path": readable(entry.path), "mode": f"{entry.mode:06o}", "type": kind, "sha": entry.id}
    return row if kind == "commit" else {**row, "url": at.api("git", f"{kind}s", entry.id)}


def _at_tree(context: CodeContext, _: FolderQuery) -> ObjectId | None:
    return known_object_at(context.forge, context.granted, context.path["sha"])


ROUTES: tuple[Route, ...] = (
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/git/trees/{sha...}",
        MayReadCode,
        FolderQuery,
        show_tree,
        answer=dict[str, object],
        cache_key=_at_tree,
        workload=Workload.SLOW,
        choices=f"without the sizes of files; a folder of more than {MOST_ENTRIES:,} entries is refused",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/readme",
        MayReadCode,
        RefQuery,
        show_readme,
        answer=GitHubContent,
        choices="that of the root, in the forms in which contents are given",
    ),
)
