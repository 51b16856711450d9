"""An organization's members as a document of the archive: JSON, the same bytes for the same state."""

from collections.abc import Iterable

import msgspec

from matou.platforms.gitcode.wire import OrganizationMember

NO_ROWS = b"[]\n"


class MemberLine(msgspec.Struct, frozen=True):
    """`role` is GitCode's own word: admin or member; empty where it says none."""

    id: str
    login: str
    display_name: str
    role: str


def members_document(members: Iterable[OrganizationMember]) -> bytes:
    lines = [_member_line(member) for member in sorted(members, key=lambda member: member.login)]
    return msgspec.json.format(msgspec.json.encode(lines), indent=1) + b"\n"


def _member_line(member: OrganizationMember) -> MemberLine:
    return MemberLine(str(member.id), member.login, member.name or "", member.member_role or "")
