"""A commit as a text to take along: as `git am` applies it, or as `git diff` writes it."""

import re
from functools import partial
from typing import Final

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MayReadCode
from matou.forge.content.differences import commit_as_mail, difference_as_text
from matou.forge.content.history import find_commit_at
from matou.server.api.responses import StreamedResponse
from matou.server.api.streaming import SANDBOX, streamed
from matou.server.streaming import Header
from matou.server.web.page import WebRequest

_NAME: Final = re.compile(r"([0-9a-f]{40})\.(patch|diff)\Z")
_FORMS: Final = {"patch": commit_as_mail, "diff": difference_as_text}
_HEADERS: Final[tuple[Header, ...]] = (
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"cache-control", b"private, max-age=31536000, immutable"),
    (b"vary", b"Authorization, Cookie"),
    SANDBOX,
)


def commit_text(view: WebRequest, code: Authorized[Repository, MayReadCode], revision: str) -> StreamedResponse | None:
    """`ID.patch` and `ID.diff`; None for an address of another form. Raises NoSuchCommit."""
    named = _NAME.match(revision)
    if named is None:
        return None
    commit = find_commit_at(view.forge, code, named[1])
    return streamed(partial(_FORMS[named[2]], view.forge, code, commit), _HEADERS, whose=view.caller)
