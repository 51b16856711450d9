"""1 and 3: what is in a repository, by folder or all of it."""

import hashlib

import msgspec

from matou.forge.access import MayReadCode
from matou.forge.content.contents import TreeListEntry, file_paths, known_object_at, list_entries, object_at
from matou.git.odb.objects import EntryKind
from matou.git.odb.trees import MOST_ENTRIES
from matou.model.names import ObjectId
from matou.platforms.gitcode import wire
from matou.server.api.context import RepositoryContext
from matou.server.api.params import PageParameters, Parameters, PathText
from matou.server.api.responses import JSON, NO_STORE, Bytes
from matou.server.api.route import repository_route
from matou.server.api.v5.contents import path_or_root, readable

_TYPES = {EntryKind.FOLDER: "tree", EntryKind.SUBMODULE: "commit"}


class TreeQuery(PageParameters, frozen=True, kw_only=True):
    """`file_path` is a folder, which is listed instead of the root."""

    recursive: bool = False
    file_path: PathText = ""


class FileListQuery(Parameters, frozen=True, kw_only=True):
    ref_name: PathText = ""
    file_name: str = ""


def show_tree(context: RepositoryContext[MayReadCode], params: TreeQuery) -> Bytes:
    entries, total = list_entries(
        context.forge,
        context.granted,
        object_at(context.forge, context.granted, context.path["sha"]),
        below=path_or_root(params.file_path),
        recursive=params.recursive,
        offset=params.offset,
        limit=params.limit,
    )
    body = msgspec.json.encode(wire.Tree(tree=[_tree_entry(entry) for entry in entries]))
    pages = -(-total // params.limit)
    totals = ((b"total_count", b"%d" % total), (b"total_page", b"%d" % pages))
    return Bytes(body, (JSON, NO_STORE, *totals))


def list_files(context: RepositoryContext[MayReadCode], params: FileListQuery) -> list[str]:
    start = object_at(context.forge, context.granted, params.ref_name)
    return [readable(path) for path in file_paths(context.forge, context.granted, start, holding=params.file_name)]


def _tree_entry(entry: TreeListEntry) -> wire.GitCodeTreeEntry:
    path = readable(entry.path)
    return wire.GitCodeTreeEntry(
        sha=entry.id,
        name=path.rpartition("/")[2],
        type=_TYPES.get(entry.kind, "blob"),
        path=path,
        mode=f"{entry.mode:06o}",
        md5=hashlib.md5(entry.path, usedforsecurity=False).hexdigest(),
    )


def _start_of_tree(context: RepositoryContext[MayReadCode], params: TreeQuery) -> ObjectId | None:  # noqa: ARG001 - as routes ask for it
    return known_object_at(context.forge, context.granted, context.path["sha"])


def _start_of_files(context: RepositoryContext[MayReadCode], params: FileListQuery) -> ObjectId | None:
    return known_object_at(context.forge, context.granted, params.ref_name)


ROUTES = (
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/git/trees/{sha...}",
        MayReadCode,
        TreeQuery,
        show_tree,
        section=1,
        answer=wire.Tree,
        cache_key=_start_of_tree,
        choices=(
            "sha is a branch, a tag, a full ref name or a commit id, whole or its first 4 digits and more, or the whole"
            " id of a tag or a tree, slashes raw or as %2F; entries come in git's order, folders among them; pages are"
            " of the flattened list, and the headers"
            f" tell its length; a list of more than {MOST_ENTRIES} entries is refused; a submodule is of type commit;"
            " md5 is of the path"
        ),
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/file_list",
        MayReadCode,
        FileListQuery,
        list_files,
        section=3,
        answer=list[str],
        cache_key=_start_of_files,
        choices="file_name is a part of the path, case and all; the list is not paged; submodules are left out",
    ),
)
