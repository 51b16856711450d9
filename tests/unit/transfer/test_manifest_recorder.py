"""The order in which lines reach the manifest, and what is counted on the way."""

from matou.archive.manifest import NamespaceLine, Outcome, Proof, RepositoryLine, RunLine, UnseenLine
from matou.errors import TryLater
from matou.model.platform import VersionControl, Visibility
from matou.transfer.backup.manifest_recorder import RunRecorder
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
    recorder = RunRecorder(lines, SILENCE)

    recorder.repository(repository("r1"), "team/r1")
    recorder.expect_namespaces(2)
    recorder.namespace(namespace("n1"))
    recorder.repository(repository("r2"), "team/r2")
    recorder.namespace(namespace("n2"))
    recorder.repository(repository("r3"), "team/r3")

    assert lines.names == ["n1", "n2", "r1", "r2", "r3"]


def test_without_a_namespace_nothing_waits() -> None:
    lines = Lines()
    recorder = RunRecorder(lines, SILENCE)

    recorder.repository(repository("r1"), "team/r1")
    recorder.expect_namespaces(0)
    recorder.repository(repository("r2"), "team/r2")

    assert lines.names == ["r1", "r2"]


def test_only_what_is_not_done_is_a_problem() -> None:
    recorder = RunRecorder(Lines(), SILENCE)
    cause = TryLater("busy")

    recorder.repository(repository("r1", Outcome.GONE), "team/r1", cause)
    recorder.repository(repository("r2", Outcome.FAILED), "team/r2", cause)

    assert [problem.what for problem in recorder.problems] == ["team/r2"]


def test_problems_are_counted_beyond_those_that_are_held() -> None:
    recorder = RunRecorder(Lines(), SILENCE)

    for number in range(LONGEST_PROBLEM_LIST + 5):
        recorder.problem(f"thing {number}", TryLater("busy"))

    assert (len(recorder.problems), recorder.problem_count) == (LONGEST_PROBLEM_LIST, LONGEST_PROBLEM_LIST + 5)


def test_kept_refs_and_trusted_repositories_are_counted() -> None:
    recorder = RunRecorder(Lines(), SILENCE)

    recorder.repository(repository("r1", kept=("a", "b")), "team/r1")
    recorder.repository(repository("r2", Outcome.UNCHANGED, proof=Proof.LISTING), "team/r2")

    assert (recorder.kept, recorder.trusted, recorder.received_bytes) == (2, 1, 20)
