"""The example platform's field names."""

import msgspec

from matou.platforms.base.decoder import Decoder

DECODER = Decoder("example")


class User(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    login: str


class Group(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    id: int
    path: str
    created: str
    picture: str | None = None


class Repository(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    id: int
    group: int
    name: str
    git: str
    created: str
    pushed: str | None = None


class Label(msgspec.Struct, frozen=True, kw_only=True):
    name: str


class Member(msgspec.Struct, frozen=True, kw_only=True):
    login: str
