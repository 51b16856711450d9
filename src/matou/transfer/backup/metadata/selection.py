"""Which kinds a person wants, and which of them a run reads whole."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from matou.archive.manifest import MetadataState, ReadState
from matou.errors import Invalid
from matou.model.metadata.kinds import ADDITIONAL_OPTIONS, ASSET, ATTACHMENT, OPTIONS, REPOSITORY_LISTS, MetadataKind

SWEEP_EVERY: Final = 7
"""Runs. What moves no time of change is found then: what was deleted, a comment that was edited silently."""

OVERLAP: Final = timedelta(minutes=10)
"""Clocks of a platform's machines differ, and what was written just then may not have been in the list yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindSelection:
    """What of metadata is read.

    Attributes:
        only: options of the table of kinds; where there are none, those that are on by default.
        additional: of those that are not on by default, beside the others; and lists of repositories.
        without: the same, left out.
        is_code_only: nothing is read.
        sweep: everything is read, changed or not; by itself that is done each `SWEEP_EVERY` runs.
        largest_file_bytes: of an attachment or an asset; None for any.
    """

    only: tuple[str, ...] = ()
    additional: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    is_code_only: bool = False
    sweep: bool = False
    largest_file_bytes: int | None = None

    def __post_init__(self) -> None:
        """Raises Invalid: there is no such kind, or no kind is left."""
        for options, known in (((*self.only, *self.without), OPTIONS), (self.additional, ADDITIONAL_OPTIONS)):
            for option in options:
                if option not in known:
                    raise Invalid("unknown kind {option}; known: {known}", option=repr(option), known=", ".join(known))
        kinds = (*self.only, *self.without, *(one for one in self.additional if one not in REPOSITORY_LISTS))
        if self.is_code_only and kinds:
            raise Invalid("--code-only goes with none of --only, --with and --without")

    def as_options(self) -> dict[str, object]:
        """What was asked for otherwise than it is by default, for the manifest."""
        values: dict[str, object] = {
            "only": list(self.only),
            "with": list(self.additional),
            "without": list(self.without),
            "code_only": self.is_code_only,
            "sweep": self.sweep,
            "largest_file": self.largest_file_bytes,
        }
        return {name: value for name, value in values.items() if value}

    def completed_by(self, configured: "KindSelection") -> "KindSelection":
        """What is asked for here, and as far as nothing is, what a file says."""
        has_kinds = self.only or self.additional or self.without or self.is_code_only
        chosen = self if has_kinds else configured
        return replace(
            chosen,
            sweep=self.sweep or configured.sweep,
            largest_file_bytes=self.largest_file_bytes or configured.largest_file_bytes,
        )

    @property
    def lists(self) -> tuple[str, ...]:
        """Of `REPOSITORY_LISTS`: whose repositories are saved beside an account's own."""
        return tuple(one for one in REPOSITORY_LISTS if one in self.additional)

    def wants(self, kind: MetadataKind) -> bool:
        if self.is_code_only or kind.option in self.without:
            return False
        if kind.option in self.additional:
            return True
        return kind.option in self.only if self.only else kind.is_default

    def is_sweep(self, before: MetadataState | None) -> bool:
        """Whether all is read: it was asked for, it is time, or what was left out until now is wanted.

        Where nothing was saved all is read anyhow, but for what a run that was cut off has left.
        """
        if before is None or self.sweep:
            return self.sweep
        if before.unswept + 1 >= SWEEP_EVERY:
            return True
        return any(self.wants(kind) and _was_off(before, kind) for kind in (ATTACHMENT, ASSET))


NOTHING_BUT_CODE: Final = KindSelection(is_code_only=True)


def _was_off(before: MetadataState, kind: MetadataKind) -> bool:
    state = before.kinds.get(kind.name)
    return state is not None and state.state is ReadState.OFF


def options_of(text: str) -> tuple[str, ...]:
    """What stands between commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
