"""What a project holds: folders, files, branches, tags and commits, as GitLab's API v3 tells of them."""

from base64 import b64encode

from matou.forge.access import MayReadCode, MaySee
from matou.forge.content.branches import default_branch_of
from matou.forge.content.contents import TreeListEntry, list_entries, object_at, read_file
from matou.forge.content.history import (
    EVERY_COMMIT,
    BranchOrder,
    ListedTag,
    commit_id_at,
    find_branch,
    find_commit_at,
    list_branches,
    list_commits,
    list_tags,
)
from matou.forge.content.references import ref_listing
from matou.git.odb.objects import Commit, EntryKind, MissingPath, TooLargeToRead, TreePath
from matou.server.api.context import RepositoryContext
from matou.server.api.params import LARGEST_PER_PAGE, FormFields
from matou.server.api.responses import ListPage
from matou.server.api.route import repository_route
from matou.server.dialects.gitee_v3 import schemas
from matou.server.dialects.gitee_v3.links import url

LARGEST_FILE_BYTES = 8 * 1024 * 1024
MOST_IN_A_FOLDER = 10_000
SHORT_ID = 11
_TYPES = {EntryKind.FOLDER: "tree", EntryKind.SUBMODULE: "commit"}


def show_tree(context: RepositoryContext[MayReadCode], fields: FormFields) -> list[schemas.ProjectTreeEntry]:
    """One folder; none of its entries where the repository has no commit yet."""
    revision, folder = fields.path("ref_name", "ref"), fields.path("path").strip("/")
    if not revision and ref_listing(context.forge, context.granted).is_empty:
        return []
    start = object_at(context.forge, context.granted, revision)
    below = TreePath.parse(folder) if folder else None
    entries, total = list_entries(
        context.forge, context.granted, start, below=below, recursive=False, offset=0, limit=MOST_IN_A_FOLDER
    )
    if total > MOST_IN_A_FOLDER:
        raise TooLargeToRead("the folder holds more than {limit} entries", limit=MOST_IN_A_FOLDER)
    return [_tree_entry(entry) for entry in entries]


def show_file(context: RepositoryContext[MayReadCode], fields: FormFields) -> schemas.ProjectFile:
    path = TreePath.parse((fields.path("file_path") or fields.required("file_path")).strip("/"))
    ref = fields.path("ref", "ref_name") or default_branch_of(context.forge, context.granted) or ""
    commit = commit_id_at(context.forge, context.granted, ref)
    file = read_file(context.forge, context.granted, commit, path, largest_bytes=LARGEST_FILE_BYTES)
    if file.entry.kind in _TYPES:
        raise MissingPath("{path} is no file", path=repr(str(path))[:200])
    if file.content is None:
        raise TooLargeToRead("the file has more than {limit} bytes", limit=LARGEST_FILE_BYTES)
    return schemas.ProjectFile(
        file_name=readable(path.segments[-1]),
        file_path=readable(str(path)),
        size=len(file.content),
        content=b64encode(file.content).decode(),
        ref=readable(ref),
        blob_id=file.entry.id,
        commit_id=commit,
    )


def show_branches(context: RepositoryContext[MayReadCode], fields: FormFields) -> ListPage:
    """A hundred on a page unless another number is asked for: some clients ask for one page alone."""
    page = fields.page(LARGEST_PER_PAGE)
    rows, total = list_branches(
        context.forge,
        context.granted,
        order=BranchOrder.NAME,
        descending=False,
        offset=page.offset,
        limit=page.size,
    )
    listed = [schemas.ProjectBranch(name=readable(branch.name), commit=_commit(branch.commit)) for branch in rows]
    return ListPage(listed, total, page, _url(context, "branches"))


def show_branch(context: RepositoryContext[MayReadCode], _: FormFields) -> schemas.ProjectBranch:
    branch = find_branch(context.forge, context.granted, context.path["name"])
    return schemas.ProjectBranch(name=readable(branch.name), commit=_commit(branch.commit))


def show_tags(context: RepositoryContext[MayReadCode], fields: FormFields) -> ListPage:
    page = fields.page(LARGEST_PER_PAGE)
    rows, total = list_tags(context.forge, context.granted, offset=page.offset, limit=page.size)
    return ListPage([_tag(tag) for tag in rows], total, page, _url(context, "tags"))


def show_commits(context: RepositoryContext[MayReadCode], fields: FormFields) -> ListPage:
    page, revision = fields.page(), fields.path("ref_name", "ref")
    rows, total = list_commits(
        context.forge, context.granted, revision, EVERY_COMMIT, offset=page.offset, limit=page.size
    )
    narrowed = {"ref_name": revision} if revision else {}
    return ListPage([_commit(commit) for commit in rows], total, page, _url(context, "commits"), narrowed)


def show_commit(context: RepositoryContext[MayReadCode], _: FormFields) -> schemas.ProjectCommit:
    return _commit(find_commit_at(context.forge, context.granted, context.path["name"]))


def readable(name: str) -> str:
    """A name as JSON can hold it: bytes that are not UTF-8 become U+FFFD."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _tree_entry(entry: TreeListEntry) -> schemas.ProjectTreeEntry:
    path = entry.path.decode("utf-8", "replace")
    kind = _TYPES.get(entry.kind, "blob")
    return schemas.ProjectTreeEntry(
        id=entry.id, name=path.rpartition("/")[2], type=kind, mode=f"{entry.mode:06o}", path=path
    )


def _tag(tag: ListedTag) -> schemas.ProjectTag:
    return schemas.ProjectTag(
        name=readable(tag.name),
        message=None if tag.annotated is None else tag.annotated.message,
        commit=None if tag.commit is None else _commit(tag.commit),
    )


def _commit(commit: Commit) -> schemas.ProjectCommit:
    author, committer = commit.author, commit.committer
    return schemas.ProjectCommit(
        id=commit.id,
        short_id=commit.id[:SHORT_ID],
        title=commit.subject,
        author_name=author.name,
        author_email=author.email,
        created_at=schemas.any_moment(committer.at),
        message=commit.message,
        parent_ids=list(commit.parents),
        authored_date=schemas.any_moment(author.at),
        committer_name=committer.name,
        committer_email=committer.email,
        committed_date=schemas.any_moment(committer.at),
    )


def _url(context: RepositoryContext[MaySee], kind: str) -> str:
    return url(context, "projects", context.path["project"], "repository", kind)


_REPOSITORY = "/projects/{project}/repository"

ROUTES = (
    repository_route("GET", f"{_REPOSITORY}/tree", MayReadCode, FormFields, show_tree),
    repository_route("GET", f"{_REPOSITORY}/files", MayReadCode, FormFields, show_file),
    repository_route("GET", f"{_REPOSITORY}/branches", MayReadCode, FormFields, show_branches),
    repository_route("GET", _REPOSITORY + "/branches/{name...}", MayReadCode, FormFields, show_branch),
    repository_route("GET", f"{_REPOSITORY}/tags", MayReadCode, FormFields, show_tags),
    repository_route("GET", f"{_REPOSITORY}/commits", MayReadCode, FormFields, show_commits),
    repository_route("GET", _REPOSITORY + "/commits/{name...}", MayReadCode, FormFields, show_commit),
)
