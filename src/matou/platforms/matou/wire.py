"""What a Matou tells another of what there is to copy, at `/-/api/v1` (docs/reference/matou-api.md).

Times are in UTC, `YYYY-MM-DDTHH:MM:SSZ`. A key without a value is left out.
"""

from datetime import datetime

import msgspec


class MatouAccount(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`GET /account`: whom a token stands for.

    Attributes:
        withheld: `runs`, where the server has any and this token is not told of them; None where there is no list to
            ask for, as at a server of before.
    """

    id: int
    login: str
    display_name: str = ""
    withheld: tuple[str, ...] | None = None


class MatouRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of `GET /runs`: how one of the server's own backups went.

    Attributes:
        state: `ended`, `forgotten`, `interrupted` or `damaged`.
        platform, url, team: of the source.
        matou: the version that ran.
        outcomes: how many repositories became what.
    """

    run: int
    state: str
    platform: str = ""
    url: str = ""
    team: str = ""
    matou: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    outcomes: dict[str, int] = {}


class MatouNamespace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of `GET /namespaces`.

    Attributes:
        id: the same for as long as it is there, also where the server's database was made anew from its archive.
        path: with that of each namespace above it.
        kind: `user`, `organization` or `project`.
        metadata: the commit that `main` of its metadata repository is to have, where it has one.
        icon: SHA-256 of its picture, where it has one: `GET /icon` gives it.
        withheld: what there is and is not for this token: `metadata`.
    """

    id: str
    path: str
    kind: str
    display_name: str = ""
    description: str = ""
    created_at: datetime | None = None
    archived: bool = False
    metadata: str | None = None
    icon: str | None = None
    withheld: tuple[str, ...] = ()


class MatouRepository(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of `GET /repositories`.

    Attributes:
        id: as in MatouNamespace.
        path: its namespace's, a slash, and its name.
        refs: SHA-256 of the text of all refs that a client is given, as in an archive's snapshot.
        kept: the same of the refs that its runs have kept, as they are given at `/-/kept/`, where there are any.
        metadata, withheld: as in MatouNamespace; withheld may be `code` and `kept`, too.
    """

    id: str
    path: str
    visibility: str
    description: str = ""
    default_branch: str | None = None
    created_at: datetime | None = None
    last_push_at: datetime | None = None
    refs: str | None = None
    kept: str | None = None
    metadata: str | None = None
    withheld: tuple[str, ...] = ()
