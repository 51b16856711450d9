"""The order in which lines reach the manifest, and what is counted on the way."""

from matou.archive.manifest import NamespaceLine, Outcome, Proof, RepositoryLine, RunLine, UnseenLine
from matou.errors import TryLater
from matou.model.platform import VersionControl, Visibility
from matou.transfer.backup.manifest_recorder import Ledger
from matou.transfer.backup.report import LONGEST_PROBLEM_LIST, SILENCE


class Lines:
    """A manifest that is a list."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def write(self, line: RunLine | NamespaceLine | RepositoryLine | UnseenLine) -> None:
        assert isinstance(line, NamespaceLine | RepositoryLine)
        self.names.append(line.name)


def namespace(name: str) -> NamespaceLine:
    return NamespaceLine(id=name, name=name, path=name, archived=False, seen=True)


def repository(
    name: str, outcome: Outcome = Outcome.SAVED, *, kept: tuple[str, ...] = (), proof: Proof | None = None
) -> RepositoryLine:
    return RepositoryLine(
        id=name,
        namespace="1",
        name=name,
        path=f"team/{name}",
        clone_url="",
        version_control=VersionControl.GIT,
        visibility=Visibility.PRIVATE,
        outcome=outcome,
        kept=kept,
        proof=proof,
        received_bytes=10,
    )


def test_repositories_wait_for_the_last_namespace() -> None:
    lines = Lines()
    ledger = Ledger(lines, SILENCE)

    ledger.repository(repository("r1"), "team/r1")
    ledger.expect_namespaces(2)
    ledger.namespace(namespace("n1"))
    ledger.repository(repository("r2"), "team/r2")
    ledger.namespace(namespace("n2"))
    ledger.repository(repository("r3"), "team/r3")

    assert lines.names == ["n1", "n2", "r1", "r2", "r3"]


def test_without_a_namespace_nothing_waits() -> None:
    lines = Lines()
    ledger = Ledger(lines, SILENCE)

    ledger.repository(repository("r1"), "team/r1")
    ledger.expect_namespaces(0)
    ledger.repository(repository("r2"), "team/r2")

    assert lines.names == ["r1", "r2"]


def test_only_what_is_not_done_is_a_problem() -> None:
    ledger = Ledger(Lines(), SILENCE)
    cause = TryLater("busy")

    ledger.repository(repository("r1", Outcome.GONE), "team/r1", cause)
    ledger.repository(repository("r2", Outcome.FAILED), "team/r2", cause)

    assert [problem.what for problem in ledger.problems] == ["team/r2"]


def test_problems_are_counted_beyond_those_that_are_held() -> None:
    ledger = Ledger(Lines(), SILENCE)

    for number in range(LONGEST_PROBLEM_LIST + 5):
        ledger.problem(f"thing {number}", TryLater("busy"))

    assert (len(ledger.problems), ledger.problem_count) == (LONGEST_PROBLEM_LIST, LONGEST_PROBLEM_LIST + 5)


def test_kept_refs_and_trusted_repositories_are_counted() -> None:
    ledger = Ledger(Lines(), SILENCE)

    ledger.repository(repository("r1", kept=("a", "b")), "team/r1")
    ledger.repository(repository("r2", Outcome.UNCHANGED, proof=Proof.LISTING), "team/r2")

    assert (ledger.kept, ledger.trusted, ledger.received_bytes) == (2, 1, 20)
