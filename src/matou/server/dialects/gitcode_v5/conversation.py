"""What was said around a repository: issues, pull requests, labels, milestones, releases, webhooks, protections."""

from typing import Final

from matou.forge.access import MayReadConversation, MaySeeSettings
from matou.model.metadata.kinds import PROTECTION
from matou.platforms.gitcode import wire
from matou.platforms.gitcode.wire_issues import (
    GitCodeIssue,
    GitCodeLabel,
    GitCodeMilestone,
    GitCodeNote,
    GitCodeOperateLog,
)
from matou.platforms.gitcode.wire_pull_files import GitCodePullFile
from matou.platforms.gitcode.wire_pulls import GitCodeCommitComment, GitCodePullComment, GitCodePullRequest
from matou.platforms.gitcode.wire_releases import (
    GitCodeHook,
    GitCodeProtectedBranch,
    GitCodeProtectedTag,
    GitCodeRelease,
)
from matou.server.api.context import RepositoryContext
from matou.server.api.params import Nothing
from matou.server.api.responses import ListPage, StreamedResponse
from matou.server.api.route import Route, repository_route
from matou.server.api.saved_rows import JsonRow
from matou.server.api.v5.changes import change_routes
from matou.server.api.v5.commit_comments import commit_comment_routes
from matou.server.api.v5.issues import issue_routes
from matou.server.api.v5.project import project_routes
from matou.server.api.v5.queries import StateFilter, WholeUnlessPaged
from matou.server.api.v5.releases import release_of_tag, release_routes, send_asset
from matou.server.api.v5.search import search_routes
from matou.server.api.v5.served import RowTypes, V5Conversation, at_conversation
from matou.server.dialects.gitcode_v5.conversation_rows import GitCodeRows

_OPEN, _CLOSED, _ANY = StateFilter(("open",)), StateFilter(("closed",)), StateFilter()
_ISSUE_STATES: Final = {"": _ANY, "all": _ANY, "open": _OPEN, "opened": _OPEN, "closed": _CLOSED}

SERVED: Final = V5Conversation(
    rows=GitCodeRows,
    types=RowTypes(
        issue=GitCodeIssue,
        issue_comment=GitCodeNote,
        change=GitCodePullRequest,
        change_comment=GitCodePullComment,
        commit_comment=GitCodeCommitComment,
        commit=wire.GitCodeCommit,
        file=GitCodePullFile,
        event=GitCodeOperateLog,
        label=GitCodeLabel,
        milestone=GitCodeMilestone,
        release=GitCodeRelease,
        hook=GitCodeHook,
    ),
    issue_states=_ISSUE_STATES,
    # A merge that is under way is no state that is kept.
    change_states={**_ISSUE_STATES, "merged": StateFilter(("merged",)), "locked": StateFilter(())},
    merged=lambda: {"message": "Pull Request has been merged"},
    change_counts={"all": "all", "opened": "open", "merged": "merged", "closed": "closed", "locked": "locked"},
)


def show_release(context: RepositoryContext[MayReadConversation], _: Nothing) -> JsonRow:
    rows = SERVED.open(context)
    return rows.release(release_of_tag(rows, context.path["tag"]))


def download_asset(context: RepositoryContext[MayReadConversation], _: Nothing) -> StreamedResponse:
    rows = SERVED.open(context)
    release, name = release_of_tag(rows, context.path["tag"]), context.path["file_name"]
    return send_asset(rows, next((asset for asset in release.assets if asset.name == name), None))


def list_protected_branches(context: RepositoryContext[MaySeeSettings], params: WholeUnlessPaged) -> ListPage:
    return _protections(context, params, "branch")


def list_protected_tags(context: RepositoryContext[MaySeeSettings], params: WholeUnlessPaged) -> ListPage:
    return _protections(context, params, "tag")


def _protections(context: RepositoryContext[MaySeeSettings], params: WholeUnlessPaged, target: str) -> ListPage:
    rows = SERVED.open(context)
    rules = rows.conversation.table(PROTECTION).values()
    found = [rows.protection(rule) for rule in rules if rule.target == target and rule.gone_in is None]
    return ListPage(found[params.offset :][: params.limit], len(found))


ROUTES: tuple[Route, ...] = (
    *issue_routes(SERVED),
    *project_routes(SERVED),
    *change_routes(SERVED, all_comments=False),
    *release_routes(SERVED),
    *commit_comment_routes(SERVED),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/releases/{tag}",
        MayReadConversation,
        Nothing,
        show_release,
        answer=GitCodeRelease,
        cache_key=at_conversation,
        choices="a slash in the tag is `%2F`",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/releases/{tag}/attach_files/{file_name}/download",
        MayReadConversation,
        Nothing,
        download_asset,
        answer=bytes,
        choices="as an attachment, whatever it is, and only if its bytes are those that were saved",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/protect_branches",
        MaySeeSettings,
        WholeUnlessPaged,
        list_protected_branches,
        answer=list[GitCodeProtectedBranch],
        choices="those of the platform, by which nothing here goes",
    ),
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/protected_tags",
        MaySeeSettings,
        WholeUnlessPaged,
        list_protected_tags,
        answer=list[GitCodeProtectedTag],
        choices="those of the platform, by which nothing here goes",
    ),
    *search_routes(SERVED),
)
