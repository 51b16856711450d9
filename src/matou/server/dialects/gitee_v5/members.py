"""Who works on a repository, by Gitee's API v5: as was saved of the platform, else whoever has a role here."""

from typing import Final

from matou.db.memberships import Role
from matou.db.repository_members import RepositoryMember
from matou.forge.access import MaySeeMembers
from matou.forge.repositories.repository_members import members
from matou.platforms.gitee.wire_project import GiteeProjectMember
from matou.server.api.context import RepositoryContext
from matou.server.api.responses import ListPage
from matou.server.api.route import Route, repository_route
from matou.server.api.v5.queries import WholeUnlessPaged
from matou.server.dialects.gitee_v5.conversation import SERVED
from matou.server.dialects.gitee_v5.objects import user_row


def list_collaborators(context: RepositoryContext[MaySeeMembers], params: WholeUnlessPaged) -> ListPage:
    saved = SERVED.saved_members(context)
    if saved is not None:
        return ListPage(saved[params.offset :][: params.limit], len(saved))
    rows, total = members(context.forge, context.granted, offset=params.offset, limit=params.limit)
    return ListPage([_member(context, one) for one in rows], total)


def _member(context: RepositoryContext[MaySeeMembers], member: RepositoryMember) -> dict[str, object]:
    rights = {
        "pull": member.role >= Role.REPORTER,
        "push": member.role >= Role.DEVELOPER,
        "admin": member.role >= Role.MAINTAINER,
    }
    return {**user_row(context.links, member.user), "permissions": rights}


ROUTES: Final[tuple[Route, ...]] = (
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/collaborators",
        MaySeeMembers,
        WholeUnlessPaged,
        list_collaborators,
        answer=list[GiteeProjectMember],
        choices="of what was saved with its members those at the platform, else everybody who has a role that counts;"
        " all of them, unless a page is asked for",
    ),
)
