"""A project's labels and members as documents of the archive: JSON, the same bytes for the same state."""

from collections.abc import Iterable

import msgspec

from matou.platforms.base.source import document
from matou.platforms.coding.wire import CodingLabel, CodingMember

ACTIVE = 1
"""Other states: 0 not activated, -1 locked, -2 locked by failed log-ins, -3 left."""


class LabelLine(msgspec.Struct, frozen=True):
    id: str
    name: str
    color: str


class CodingMemberLine(msgspec.Struct, frozen=True):
    """`roles` are CODING's own words, such as ProjectAdmin."""

    id: str
    login: str
    display_name: str
    email: str
    active: bool
    roles: tuple[str, ...]


def labels_document(labels: Iterable[CodingLabel]) -> bytes:
    rows = sorted(labels, key=lambda label: label.id)
    return document([LabelLine(str(label.id), label.name, label.color) for label in rows])


def members_document(members: Iterable[CodingMember]) -> bytes:
    return document([_member_line(member) for member in sorted(members, key=lambda member: member.id)])


def _member_line(member: CodingMember) -> CodingMemberLine:
    return CodingMemberLine(
        id=str(member.id),
        login=member.global_key,
        display_name=member.name,
        email=member.email,
        active=member.status == ACTIVE,
        roles=tuple(sorted({role.role_type for role in member.roles if role.role_type})),
    )
