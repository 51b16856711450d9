"""What a run could not have, told from what its manifest says: what was refused, broke off or is given to nobody."""

import msgspec
import pytest

from matou.archive.manifest import (
    KindState,
    MetadataState,
    NamespaceLine,
    Outcome,
    ReadState,
    RepositoryLine,
    UnseenLine,
)
from matou.i18n import speaking
from matou.model.platform import VersionControl, Visibility
from matou.transfer.backup.gaps import BackupGap, GapCause, gaps_of
from matou.transfer.backup.wording import gap_advice, gap_name, gap_reason

WHOLE = KindState(state=ReadState.COMPLETE, items=3)
REFUSED = KindState(state=ReadState.REFUSED, reason="HTTP 403")
BROKEN_OFF = KindState(state=ReadState.BROKEN_OFF, reason="HTTP 503")
LOST_FILES = KindState(state=ReadState.COMPLETE, items=3, missing=2)


def project(name: str, *, seen: bool = True, **kinds: KindState) -> NamespaceLine:
    metadata = MetadataState(kinds=kinds)
    return NamespaceLine(id=name, name=name, path=f"team/{name}", archived=False, seen=seen, metadata=metadata)


def repository(name: str, outcome: Outcome = Outcome.SAVED, **kinds: KindState) -> RepositoryLine:
    return RepositoryLine(
        id=name,
        namespace="1",
        name=name,
        path=f"team/shop/{name}",
        clone_url="",
        version_control=VersionControl.GIT,
        visibility=Visibility.PRIVATE,
        outcome=outcome,
        metadata=MetadataState(kinds=kinds),
    )


def test_a_kind_is_told_once_with_how_often_and_where_first() -> None:
    lines = (project("shop", issue=WHOLE, hook=REFUSED), project("pier", hook=REFUSED), repository("api", hook=REFUSED))

    (gap,) = gaps_of(lines, (), is_code_only=False)

    assert gap == BackupGap("hook", GapCause.REFUSED, "HTTP 403", owners=3, first="team/shop")
    assert gap.is_fault


def test_what_weighs_most_comes_first_and_what_nobody_is_given_is_no_fault() -> None:
    lines = [project("shop", attachment=LOST_FILES, issue=BROKEN_OFF, hook=REFUSED)]
    unseen = [UnseenLine(what="drive", reason="no"), UnseenLine(what="labels of shop", reason="HTTP 403")]

    gaps = gaps_of(lines, unseen, is_code_only=False)

    assert [(gap.what, gap.cause, gap.is_fault) for gap in gaps] == [
        ("hook", GapCause.REFUSED, True),
        ("issue", GapCause.BROKEN_OFF, True),
        ("attachment", GapCause.MISSING, True),
        ("drive", GapCause.NOT_GIVEN, False),
        ("labels of shop", GapCause.HIDDEN, False),
    ]
    assert gaps[2].files == 2


def test_what_the_source_has_no_more_or_nobody_wanted_is_no_gap() -> None:
    lines = (project("shop", seen=False, hook=REFUSED), repository("api", Outcome.GONE, hook=REFUSED))

    assert gaps_of(lines, (), is_code_only=False) == ()
    assert gaps_of([project("shop", hook=REFUSED)], (), is_code_only=True) == ()


def test_a_word_of_a_later_matou_is_not_taken_for_done() -> None:
    later = msgspec.convert({"state": "postponed"}, KindState)

    (gap,) = gaps_of([project("shop", issue=later)], (), is_code_only=False)

    assert gap.is_fault


@pytest.mark.parametrize(
    ("gap", "english", "chinese"),
    [
        (
            BackupGap(
                "drive", GapCause.NOT_GIVEN, "CODING's Open API neither lists nor gives what is in the file drive"
            ),
            "files in the file drive",
            "网盘",
        ),
        (
            BackupGap("attachment", GapCause.MISSING, "", owners=1, first="team/shop", files=2),
            "2 files are",
            "2 个文件",
        ),
        (
            BackupGap("hook", GapCause.REFUSED, "HTTP 403", owners=3, first="team/shop"),
            "team/shop and 2 others",
            "team/shop",
        ),
    ],
)
def test_a_gap_is_told_with_what_to_do_in_both_languages(gap: BackupGap, english: str, chinese: str) -> None:
    def told() -> str:
        return f"{gap_name(gap)} {gap_reason(gap)} {gap_advice(gap)}"

    with speaking("en"):
        assert english in told()
    with speaking("zh"):
        assert chinese in told()
        assert gap_advice(gap) != ""
