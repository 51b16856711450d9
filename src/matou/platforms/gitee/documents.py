"""The members of an organization or an enterprise as a document of the archive; roles are admin and member."""

from collections.abc import Iterable, Mapping

from matou.platforms.base.documents import MemberLine, members_document
from matou.platforms.gitee.wire_v5 import EnterpriseMember, GiteeUser


def organization_members_document(by_role: Mapping[str, Iterable[GiteeUser]]) -> bytes:
    """Whoever is in the lists of several roles has the first."""
    return members_document(_line(member, role) for role, members in by_role.items() for member in members)


def enterprise_members_document(members: Iterable[EnterpriseMember]) -> bytes:
    return members_document(_line(member.user, member.role or "") for member in members)


def _line(user: GiteeUser, role: str) -> MemberLine:
    return MemberLine(str(user.id), user.login, user.name or "", role)
