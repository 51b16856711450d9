"""Files, folders, trees and blobs by Gitee's API v5, and the README, which has a path of its own."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from matou.forge.access import MayReadCode
from matou.forge.content.contents import (
    LARGEST_WHOLE_BYTES,
    MOST_IN_A_FOLDER,
    SizedEntry,
    TreeListEntry,
    list_entries,
    list_folder,
    object_at,
    read_file,
    tree_at,
    with_sizes,
)
from matou.git.odb.objects import EntryKind, MissingPath, TreePath
from matou.platforms.gitee import wire_v5
from matou.server.api.params import Nothing, Parameters
from matou.server.api.responses import StreamedResponse
from matou.server.api.route import Route, Workload, repository_route
from matou.server.api.v5.contents import (
    LARGEST_INLINE_BYTES,
    TYPES,
    CodeContext,
    ContentHandlers,
    ContentLocation,
    RefQuery,
    at_blob,
    at_known_object,
    at_shown_object,
    readable,
    show_raw,
)
from matou.settings import MEBIBYTE

MOST_IN_A_TREE: Final = MOST_IN_A_FOLDER
"""Each is looked up for its size."""

_TREE_TYPES: Final = {EntryKind.FOLDER: "tree", EntryKind.SUBMODULE: "commit"}
_README: Final = re.compile(rb"readme(?:\.[\w.-]+)?\Z", re.IGNORECASE)
_BEST_README: Final = (b"readme.md", b"readme.markdown", b"readme.rst", b"readme.txt", b"readme")


class WholeTreeQuery(Parameters, frozen=True, kw_only=True):
    recursive: bool = False


class NoReadme(MissingPath):
    """The root has no file that is called so."""


class GiteeContentRows:
    """Rows of Gitee's API v5."""

    def content(self, entry: SizedEntry, at: ContentLocation, *, whole: bool) -> wire_v5.GiteeContent:
        path = readable(entry.path)
        return wire_v5.GiteeContent(
            type=TYPES.get(entry.kind, "file"),
            size=entry.size_bytes if whole else None,
            name=path.rpartition("/")[2],
            path=path,
            sha=entry.id,
            url=at.url,
            html_url=at.html_url,
            download_url=at.download,
            links=wire_v5.GiteeContentLinks(self_=at.url, html=at.html_url),
        )

    def blob(self, entry: SizedEntry, url: str) -> wire_v5.GiteeBlob:
        return wire_v5.GiteeBlob(sha=entry.id, size=entry.size_bytes, url=url, content="")


HANDLERS: Final = ContentHandlers(GiteeContentRows())


def show_contents(
    context: CodeContext, params: RefQuery
) -> msgspec.Struct | Sequence[msgspec.Struct] | StreamedResponse:
    """What is not there is an empty list, as Gitee answers."""
    try:
        return HANDLERS.show_contents(context, params)
    except MissingPath:
        return []


def show_readme(context: CodeContext, params: RefQuery) -> msgspec.Struct | StreamedResponse:
    forge, granted = context.forge, context.granted
    start = object_at(forge, granted, params.ref)
    found = sorted(filter(_is_readme, list_folder(forge, granted, start, None) or ()), key=_rank)
    if not found:
        raise NoReadme("there is no README")
    path = TreePath.parse(found[0].path.decode("utf-8", "surrogateescape"))
    file = read_file(forge, granted, start, path, largest_bytes=LARGEST_WHOLE_BYTES)
    return HANDLERS.show_file(context, params, file)


def show_tree(context: CodeContext, params: WholeTreeQuery) -> wire_v5.GiteeTree:
    forge, granted = context.forge, context.granted
    tree = tree_at(forge, granted, object_at(forge, granted, context.path["sha"]))
    entries, total = list_entries(
        forge, granted, tree, below=None, recursive=params.recursive, offset=0, limit=MOST_IN_A_TREE
    )
    sizes = with_sizes(forge, granted, entries)
    return wire_v5.GiteeTree(
        sha=tree,
        url=context.links.repository_api(context.repository.path, "git", "trees", tree),
        tree=[_tree_entry(context, entry, sized) for entry, sized in zip(entries, sizes, strict=True)],
        truncated=total > len(entries),
    )


def _tree_entry(context: CodeContext, entry: TreeListEntry, sized: SizedEntry) -> wire_v5.GiteeTreeEntry:
    kind = "trees" if entry.kind is EntryKind.FOLDER else "blobs"
    url = context.links.repository_api(context.repository.path, "git", kind, entry.id)
    return wire_v5.GiteeTreeEntry(
        path=readable(entry.path),
        mode=f"{entry.mode:06o}",
        type=_TREE_TYPES.get(entry.kind, "blob"),
        sha=entry.id,
        size=sized.size_bytes,
        # A submodule's commit is another repository's.
        url="" if entry.kind is EntryKind.SUBMODULE else url,
    )


def _is_readme(entry: SizedEntry) -> bool:
    is_file = entry.kind in (EntryKind.FILE, EntryKind.EXECUTABLE, EntryKind.SYMLINK)
    return is_file and _README.match(entry.path) is not None


def _rank(entry: SizedEntry) -> tuple[int, bytes]:
    """The best known ending first."""
    name = entry.path.lower()
    return (_BEST_README.index(name) if name in _BEST_README else len(_BEST_README), entry.path)


_LIMIT = f"{LARGEST_INLINE_BYTES // MEBIBYTE} MiB"

ROUTES: tuple[Route, ...] = (
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/contents/{path...}",
        MayReadCode,
        RefQuery,
        show_contents,
        answer=wire_v5.GiteeContent | list[wire_v5.GiteeContent],
        cache_key=at_shown_object,
        choices="a folder is an array of what stands in it, without content, and what is not there an empty one; a link"
        f" gives its own text and is never followed; a file of more than {_LIMIT}, or a folder of more than"
        f" {MOST_IN_A_FOLDER} entries, is refused",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/contents",
        MayReadCode,
        RefQuery,
        show_contents,
        answer=list[wire_v5.GiteeContent],
        cache_key=at_shown_object,
        choices="the root",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/readme",
        MayReadCode,
        RefQuery,
        show_readme,
        answer=wire_v5.GiteeContent,
        cache_key=at_shown_object,
        choices="of the root, Markdown before others",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/raw/{path...}",
        MayReadCode,
        RefQuery,
        show_raw,
        answer=bytes,
        cache_key=at_known_object,
        choices="not of the document; where `download_url` leads: of any size, never what a browser would run",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/git/blobs/{sha}",
        MayReadCode,
        Nothing,
        HANDLERS.show_blob,
        answer=wire_v5.GiteeBlob,
        cache_key=at_blob,
        choices=f"a blob of more than {_LIMIT} is refused",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/git/trees/{sha...}",
        MayReadCode,
        WholeTreeQuery,
        show_tree,
        answer=wire_v5.GiteeTree,
        workload=Workload.SLOW,
        choices="sha is a branch, a tag, a commit or a tree; the first"
        f" {MOST_IN_A_TREE} entries in git's order, `truncated` where there are more",
    ),
)
