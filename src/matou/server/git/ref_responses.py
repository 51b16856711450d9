"""What git clients ask of refs, as it goes out: made once for each state of a repository's refs, and remembered."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path

from matou.caching import SizedCache
from matou.model.refs import RefListing

MOST_BYTES = 48 * 1024 * 1024
LEAST_REMEMBERED_BYTES = 4 * 1024
"""Anything shorter is as soon made, and takes more memory than its bytes."""


@dataclass(frozen=True, slots=True)
class RefResponse:
    """A body, and whether it is gzip."""

    body: bytes
    is_zipped: bool = False


@dataclass(slots=True)
class _Answers:
    """Those of one repository; good for one listing, by identity."""

    listing: RefListing
    bodies: dict[Hashable, bytes] = field(default_factory=dict)
    zipped: dict[Hashable, bytes] = field(default_factory=dict)
    zipping: set[Hashable] = field(default_factory=set)

    @property
    def size_bytes(self) -> int:
        return sum(map(len, self.bodies.values())) + sum(map(len, self.zipped.values()))


class RefResponseCache:
    """Answers by repository and question, bounded by their bytes. For the event loop."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._known = SizedCache[Path, _Answers](most_bytes, size_of=lambda answers: answers.size_bytes)

    def get(self, git_dir: Path, listing: RefListing, question: Hashable, *, may_be_zipped: bool) -> RefResponse | None:
        answers = self._known.get(git_dir)
        if answers is None or answers.listing is not listing:
            return None
        if may_be_zipped and question in answers.zipped:
            return RefResponse(answers.zipped[question], is_zipped=True)
        body = answers.bodies.get(question)
        return None if body is None else RefResponse(body)

    def put(self, git_dir: Path, listing: RefListing, question: Hashable, body: bytes) -> None:
        answers = self._of(git_dir, listing)
        if question not in answers.bodies and len(body) >= LEAST_REMEMBERED_BYTES:
            answers.bodies[question] = body
            self._known.put(git_dir, answers)  # it has grown

    def begin_zipping(self, git_dir: Path, listing: RefListing, question: Hashable) -> bool:
        """Whether nobody has begun yet."""
        answers = self._of(git_dir, listing)
        is_first = question not in answers.zipping
        answers.zipping.add(question)
        return is_first

    def put_zipped(self, git_dir: Path, listing: RefListing, question: Hashable, zipped: bytes) -> None:
        answers = self._known.get(git_dir)
        if answers is not None and answers.listing is listing:
            answers.zipped[question] = zipped
            self._known.put(git_dir, answers)

    def _of(self, git_dir: Path, listing: RefListing) -> _Answers:
        answers = self._known.get(git_dir)
        if answers is None or answers.listing is not listing:
            answers = _Answers(listing)
            self._known.put(git_dir, answers)
        return answers
