"""The members of an organization or an enterprise as a document of the archive: the same bytes for the same state."""

from collections.abc import Iterable, Mapping

import msgspec

from matou.platforms.gitee.wire_v5 import EnterpriseMember, User

NO_ROWS = b"[]\n"


class MemberLine(msgspec.Struct, frozen=True):
    """`role` is Gitee's own word: admin or member; empty where it says none."""

    id: str
    login: str
    display_name: str
    role: str


def organization_members_document(by_role: Mapping[str, Iterable[User]]) -> bytes:
    """Whoever is in the lists of several roles has the first."""
    lines: dict[str, MemberLine] = {}
    for role, members in by_role.items():
        for member in members:
            lines.setdefault(member.login, _line(member, role))
    return _document(lines.values())


def enterprise_members_document(members: Iterable[EnterpriseMember]) -> bytes:
    return _document(_line(member.user, member.role or "") for member in members)


def _document(lines: Iterable[MemberLine]) -> bytes:
    ordered = sorted(lines, key=lambda line: line.login)
    return msgspec.json.format(msgspec.json.encode(ordered), indent=1) + b"\n"


def _line(user: User, role: str) -> MemberLine:
    return MemberLine(str(user.id), user.login, user.name or "", role)
