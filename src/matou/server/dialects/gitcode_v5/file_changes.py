"""4, 5 and 6: a file made, changed or deleted by one commit."""

from base64 import b64decode
from urllib.parse import quote

import msgspec

from matou.errors import Invalid
from matou.forge.access import MaySee, MayWriteCode
from matou.forge.content.branches import person_of
from matou.forge.content.file_changes import (
    LARGEST_FILE_BYTES,
    CommitResult,
    FileChange,
    create_file,
    delete_file,
    update_file,
)
from matou.git.odb.objects import Commit, Signature, TreePath
from matou.git.operations.tree_edit import LONGEST_MESSAGE_BYTES, CommitIdent
from matou.model.names import ObjectId, object_id
from matou.platforms.gitcode import wire
from matou.server.api.context import RepositoryContext
from matou.server.api.params import AnyText, Parameters
from matou.server.api.route import repository_route
from matou.server.api.v5.contents import readable

LARGEST_BODY_BYTES = 40 * 1024 * 1024
"""Room for LARGEST_FILE_BYTES in Base64, in whatever form the body has."""

_LINE_BREAKS = str.maketrans("", "", "\r\n")


class NoBase64(Invalid):
    """Content that is anything but Base64."""


class FileChangeParams(Parameters, frozen=True, kw_only=True):
    """`branch` empty for the default one; the author's name and address for those of the caller."""

    message: str
    branch: str = ""
    author_name: str = msgspec.field(name="author[name]", default="")
    author_email: str = msgspec.field(name="author[email]", default="")


class CreateFileParams(FileChangeParams, frozen=True, kw_only=True):
    content: AnyText


class UpdateFileParams(FileChangeParams, frozen=True, kw_only=True):
    content: AnyText
    sha: str = ""


class DeleteFileParams(FileChangeParams, frozen=True, kw_only=True):
    sha: str


def create(context: RepositoryContext[MayWriteCode], params: CreateFileParams) -> wire.FileCreated:
    content = _decoded(params.content)
    written = create_file(context.forge, context.granted, _file_change(context, params), content)
    return wire.FileCreated(
        commit=_commit(context, written.commit), content=_content(context, params, written, content)
    )


def update(context: RepositoryContext[MayWriteCode], params: UpdateFileParams) -> wire.FileUpdated:
    content, seen = _decoded(params.content), _blob(params.sha) if params.sha else None
    written = update_file(context.forge, context.granted, _file_change(context, params), content, seen=seen)
    return wire.FileUpdated(
        commit=_commit(context, written.commit), content=_content(context, params, written, content)
    )


def delete(context: RepositoryContext[MayWriteCode], params: DeleteFileParams) -> wire.FileDeleted:
    seen = _blob(params.sha)
    deleted = delete_file(context.forge, context.granted, _file_change(context, params), seen=seen).commit
    return wire.FileDeleted(
        commit=wire.DeletingCommit(
            sha=deleted.id,
            author=_zulu_signature(deleted.author),
            committer=_zulu_signature(deleted.committer),
            message=_message(deleted),
            tree=deleted.tree,
            parents=list(deleted.parents),
        )
    )


def _file_change(context: RepositoryContext[MaySee], params: FileChangeParams) -> FileChange:
    path = TreePath.parse(context.path["path"])
    return FileChange(path=path, message=params.message, branch=params.branch or None, author=_author(context, params))


def _author(context: RepositoryContext[MaySee], params: FileChangeParams) -> CommitIdent | None:
    """What the caller leaves out of it is the caller's own."""
    if not params.author_name and not params.author_email:
        return None
    own = person_of(context.user)
    return CommitIdent(params.author_name or own.name, params.author_email or own.email)


def _decoded(content: str) -> bytes:
    try:
        return b64decode(content.translate(_LINE_BREAKS), validate=True)
    except ValueError:
        raise NoBase64("content is not Base64") from None


def _blob(sha: str) -> ObjectId:
    return object_id(sha.lower())


def _commit(context: RepositoryContext[MaySee], commit: Commit) -> wire.WritingCommit:
    return wire.WritingCommit(
        sha=commit.id,
        author=_signature(commit.author),
        committer=_signature(commit.committer),
        message=_message(commit),
        tree=commit.tree,
        parents=[
            wire.Sha(sha=parent, url=context.links.repository_api(context.repository.path, "commits", parent))
            for parent in commit.parents
        ],
    )


def _content(
    context: RepositoryContext[MaySee], params: FileChangeParams, written: CommitResult, content: bytes
) -> wire.WrittenContent:
    repository, encoded = context.repository.path, TreePath.parse(context.path["path"]).encoded
    query = f"?ref={quote(params.branch, safe='')}" if params.branch else ""
    url = context.links.repository_api(repository, "contents", encoded) + query
    html_url = context.links.page(repository, "blob", written.branch, encoded)
    path = readable(encoded)
    return wire.WrittenContent(
        name=path.rpartition("/")[2],
        path=path,
        url=url,
        html_url=html_url,
        download_url=context.links.repository_api(repository, "raw", encoded) + query,
        links=wire.ContentLinks(self_=url, html=html_url),
        sha=msgspec.UNSET if written.blob is None else written.blob,
        size=len(content),
        type="file",
    )


def _message(commit: Commit) -> str:
    """As it was asked for: git ends each message with a line break."""
    return commit.message.rstrip("\n")


def _signature(person: Signature) -> wire.GitCodeSignature:
    return wire.GitCodeSignature(name=person.name, email=person.email, date=wire.utc_second(person.at))


def _zulu_signature(person: Signature) -> wire.ZuluSignature:
    return wire.ZuluSignature(name=person.name, email=person.email, date=wire.zulu_moment(person.at))


_PATH = "/repos/{owner}/{repo}/contents/{path...}"
_LIMITS = (
    f"a file has at most {LARGEST_FILE_BYTES // (1024 * 1024)} MiB, a message {LONGEST_MESSAGE_BYTES // 1024} KiB; what"
    " is not Base64 is refused, the document's own sample too; the committer is who asks, `committer[…]` is not read;"
    " a repository with SHA-256 objects is changed by `git push` only"
)
_STALE = "a `sha` that is not the file's is 400, and the message names the right one"

ROUTES = (
    repository_route(
        "POST",
        _PATH,
        MayWriteCode,
        CreateFileParams,
        create,
        section=4,
        answer=wire.FileCreated,
        status=201,
        largest_body_bytes=LARGEST_BODY_BYTES,
        choices=(
            "201; `content` beside the commit, and may be empty; the first file of an empty repository begins its"
            f" branch; {_LIMITS}"
        ),
    ),
    repository_route(
        "PUT",
        _PATH,
        MayWriteCode,
        UpdateFileParams,
        update,
        section=5,
        answer=wire.FileUpdated,
        largest_body_bytes=LARGEST_BODY_BYTES,
        choices=f"without `sha` a file that is missing is made, and one that is there is 400; {_STALE}; the mode stays",
    ),
    repository_route(
        "DELETE",
        _PATH,
        MayWriteCode,
        DeleteFileParams,
        delete,
        section=6,
        answer=wire.FileDeleted,
        choices=f"parameters in the query, too; 404 where there is no such file; {_STALE}",
    ),
)
