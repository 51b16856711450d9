"""What became of one repository's conversation: what was written, what was there, and what the target cannot have."""

from collections import Counter
from dataclasses import dataclass, field

from matou.errors import MatouError, Phrase


@dataclass
class ConversationReport:
    """Counts are by kind: `issue`, `change`, `comment`, `label`, `milestone`, `release`, `asset`, `file`.

    Attributes:
        expected: what the archive has for this repository.
        written: new at the target; `edited` was there and is otherwise now; `unchanged` was there as it should be.
        as_issues: change requests that became issues.
        gaps: placeholders that keep numbers.
        renumbered: issues whose number is another one than at the source.
        lost: why something is not there, each with how many; it was to be expected of this target.
        problems: what should be there and is not.
        there: what the map has after it, by the kinds of its lines; issues of a project itself are counted as
            `project-issue`, and change requests that are not open, whatever they became, as `closed-change`.
        verified: items that the target showed afterwards to be as they were sent; verified_comments likewise, of those
            that this run sent.
    """

    expected: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    edited: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    there: Counter[str] = field(default_factory=Counter)
    as_issues: int = 0
    gaps: int = 0
    renumbered: int = 0
    lost: Counter[Phrase] = field(default_factory=Counter)
    notes: list[Phrase] = field(default_factory=list)
    problems: list[MatouError] = field(default_factory=list)
    verified: int = 0
    verified_comments: int = 0

    @property
    def is_complete(self) -> bool:
        return not self.problems

    @property
    def has_changed(self) -> bool:
        return bool(self.written or self.edited or self.gaps)

    def lose(self, reason: Phrase) -> None:
        self.lost[reason] += 1
