"""A ref that no rule has judged does not move, whatever bytes make up the push."""

import pytest

from matou.model.repository_settings import PushRules
from support.git_repositories import commit_file, git, git_bytes
from support.push_rules import Work
from support.raw_pushes import NOTHING, Command, push_raw


@pytest.mark.parametrize("name", [b"refs/heads/x\n\nq", b"refs/heads/x\n", b"\n\nrefs/heads/x", b"refs/heads/\n\n"])
def test_a_line_break_in_a_name_hides_no_command_from_the_rules(work: Work, name: bytes) -> None:
    """The hook ended its list with an empty line: what stood behind one of the client's was judged by nobody."""
    work.set(PushRules, commit_message_regex="^fix")
    old = git(work.clone, "rev-parse", "main")
    new = commit_file(work.clone, "main", "a", b"a", "broke it")
    pack = git_bytes(work.clone, "pack-objects", "--revs", "--stdout", "-q", input=f"{new}\n^{old}\n".encode())
    before = work.refs

    # It was a race, which the server lost in 10 of 60 tries.
    for _ in range(20):
        push_raw(
            work.server,
            work.repository,
            Command(NOTHING, old, name),
            Command(old, new, "refs/heads/main"),
            pack=pack,
        )
        assert work.refs == before
