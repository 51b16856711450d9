"""What was said around a repository, by Gitee's paths: releases by their ids, their files in lists of their own."""

from typing import Final

from matou.forge.access import MayReadConversation
from matou.model.metadata import SavedRelease
from matou.platforms.gitee.wire_issues import GiteeIssue, GiteeLabel, GiteeMilestone, GiteeNote, GiteeOperateLog
from matou.platforms.gitee.wire_project import GiteeHook
from matou.platforms.gitee.wire_pulls import GiteeCommitComment, GiteePullComment, GiteePullRequest
from matou.platforms.gitee.wire_releases import GiteeAttachFile, GiteeRelease
from matou.server.api.context import RepositoryContext
from matou.server.api.params import Nothing, PageParameters
from matou.server.api.responses import ListPage, StreamedResponse
from matou.server.api.route import Route, repository_route
from matou.server.api.saved_rows import JsonRow
from matou.server.api.v5.changes import change_routes
from matou.server.api.v5.commit_comments import commit_comment_routes
from matou.server.api.v5.issues import issue_routes
from matou.server.api.v5.project import project_routes
from matou.server.api.v5.queries import StateFilter
from matou.server.api.v5.releases import release_of_id, release_routes, send_asset
from matou.server.api.v5.search import search_routes
from matou.server.api.v5.served import RowTypes, V5Conversation, at_conversation
from matou.server.dialects.gitee_v5.conversation_rows import GiteeRows

ReadContext = RepositoryContext[MayReadConversation]

_OPEN, _CLOSED, _ANY = StateFilter(("open",)), StateFilter(("closed",)), StateFilter()

SERVED: Final = V5Conversation(
    rows=GiteeRows,
    types=RowTypes(
        issue=GiteeIssue,
        issue_comment=GiteeNote,
        change=GiteePullRequest,
        change_comment=GiteePullComment,
        commit_comment=GiteeCommitComment,
        commit=dict[str, object],
        file=dict[str, object],
        event=GiteeOperateLog,
        label=GiteeLabel,
        milestone=GiteeMilestone,
        release=GiteeRelease,
        hook=GiteeHook,
    ),
    issue_states={
        "": StateFilter(("open",), ("", "todo")),
        "open": StateFilter(("open",), ("", "todo")),
        "progressing": StateFilter(("open",), ("doing",)),
        "closed": StateFilter(("closed",), ("", "done")),
        "rejected": StateFilter(("closed",), ("rejected",)),
        "all": _ANY,
    },
    change_states={"": _OPEN, "open": _OPEN, "closed": _CLOSED, "merged": StateFilter(("merged",)), "all": _ANY},
    merged=lambda: None,
)


def show_release(context: ReadContext, _: Nothing) -> JsonRow:
    rows, release = _release(context)
    return rows.release(release)


def list_files(context: ReadContext, params: PageParameters) -> ListPage:
    rows, release = _release(context)
    shown = [rows.file(release, asset) for asset in release.assets]
    return ListPage(shown[params.offset :][: params.limit], len(shown))


def show_file(context: ReadContext, _: Nothing) -> JsonRow:
    rows, release = _release(context)
    return rows.file(release, rows.find_file(release, context.path["attach_file_id"]))


def download_file(context: ReadContext, _: Nothing) -> StreamedResponse:
    rows, release = _release(context)
    return send_asset(rows, rows.find_file(release, context.path["attach_file_id"]))


def _release(context: ReadContext) -> tuple[GiteeRows, SavedRelease]:
    """That which the path names. Raises NoSuchRelease."""
    rows = GiteeRows.open(context)
    return rows, release_of_id(rows, context.path["id"])


_RELEASE: Final = "/repos/{owner}/{repo}/releases/{id}"

ROUTES: tuple[Route, ...] = (
    *issue_routes(SERVED),
    *project_routes(SERVED),
    *change_routes(SERVED, all_comments=True),
    *release_routes(SERVED),
    *commit_comment_routes(SERVED),
    repository_route(
        "GET",
        _RELEASE,
        MayReadConversation,
        Nothing,
        show_release,
        answer=GiteeRelease,
        cache_key=at_conversation,
    ),
    repository_route(
        "GET",
        f"{_RELEASE}/attach_files",
        MayReadConversation,
        PageParameters,
        list_files,
        answer=list[GiteeAttachFile],
        cache_key=at_conversation,
    ),
    repository_route(
        "GET",
        f"{_RELEASE}/attach_files/{{attach_file_id}}",
        MayReadConversation,
        Nothing,
        show_file,
        answer=GiteeAttachFile,
        cache_key=at_conversation,
    ),
    repository_route(
        "GET",
        f"{_RELEASE}/attach_files/{{attach_file_id}}/download",
        MayReadConversation,
        Nothing,
        download_file,
        answer=bytes,
        choices="as an attachment, whatever it is, and only if its bytes are those that were saved",
    ),
    *search_routes(SERVED),
)
