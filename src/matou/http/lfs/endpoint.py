"""Where the LFS objects of one repository are asked for, whichever way they are to go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from matou.credentials import GitCredential, Secret
from matou.http.addresses import Origin, parse_address
from matou.http.git_http import basic_authorization
from matou.http.lfs.batch import CONTENT_TYPE, BatchObject, LfsAction, LfsTarget, batch_request, read_batch, target_of
from matou.http.responses import AnsweredOtherwise
from matou.http.session import Session

OBJECTS_PER_BATCH: Final = 100
_TOO_LARGE: Final = 413


@dataclass(slots=True)
class _Accepted:
    """How many objects the server takes in one request, as far as it has said so."""

    most: int = OBJECTS_PER_BATCH


@dataclass(frozen=True, slots=True)
class LfsEndpoint:
    """`authorization` goes to `origin`, the repository's own, only."""

    session: Session
    url: str
    origin: Origin
    authorization: Secret | None
    accepted: _Accepted = field(default_factory=_Accepted)

    @classmethod
    def of(cls, session: Session, repository_url: str, credential: GitCredential | None) -> "LfsEndpoint":
        """That of a repository, given as one clones it, without user information."""
        url = f"{_with_git_suffix(repository_url)}/info/lfs/objects/batch"
        authorization = basic_authorization(credential) if credential else None
        return cls(session, url, parse_address(repository_url).origin, authorization)

    def describe(
        self, objects: Sequence[tuple[str, int]], *, operation: Literal["download", "upload"]
    ) -> Mapping[str, BatchObject]:
        """What the server says of each object, by id. Raises what the session raises; UnknownShape.

        What is too much for it at once is asked for in halves, and nothing as large after that.
        """
        described: dict[str, BatchObject] = {}
        waiting = list(objects)
        while waiting:
            some = waiting[: self.accepted.most]
            try:
                described.update(self._ask(some, operation=operation))
            except AnsweredOtherwise as error:
                if error.answer.status != _TOO_LARGE or len(some) == 1:
                    raise
                self.accepted.most = len(some) // 2
            else:
                waiting = waiting[len(some) :]
        return described

    def _ask(
        self, objects: Sequence[tuple[str, int]], *, operation: Literal["download", "upload"]
    ) -> Mapping[str, BatchObject]:
        answer = self.session.request(
            "POST",
            self.url,
            repeatable=True,
            headers={"Accept": CONTENT_TYPE, "Content-Type": CONTENT_TYPE},
            authorization=self.authorization,
            body=batch_request(objects, operation=operation),
        )
        return read_batch(answer.body)

    def target_of(self, action: LfsAction) -> LfsTarget:
        return target_of(action, own=self.origin, authorization=self.authorization)


def _with_git_suffix(url: str) -> str:
    """The endpoint stands below the name with `.git`, whether one clones with it or without (server-discovery.md)."""
    bare = url.rstrip("/")
    return bare if bare.endswith(".git") else f"{bare}.git"
