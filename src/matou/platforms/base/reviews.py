"""Reviews as objects of their own, as GitHub's kin have them: what they say of their reviewers."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

from matou.model.metadata import PersonKey, Review, Reviewer

ReviewState: TypeAlias = Literal["approved", "changes_requested", "commented", "dismissed", "pending"]

_OUTCOMES: Final[Mapping[ReviewState, Literal["approved", "rejected", "commented"]]] = {
    "approved": "approved",
    "changes_requested": "rejected",
    "commented": "commented",
}
"""What a review says of its reviewer; one that was dismissed says nothing."""


def reviewers_by(reviews: Sequence[Review], requested: Sequence[Reviewer]) -> tuple[Reviewer, ...]:
    """What each reviewer said last, remarks after a verdict left aside; of who is asked again nothing counts."""
    said: dict[PersonKey, Reviewer] = {}
    for review in reviews:
        outcome = _OUTCOMES.get(review.state)
        if review.by is None or outcome is None or (outcome == "commented" and review.by in said):
            continue
        said[review.by] = Reviewer(by=review.by, role="reviewer", state=outcome, at=review.at)
    again = {reviewer.by for reviewer in requested}
    return (*(one for key, one in said.items() if key not in again), *requested)
