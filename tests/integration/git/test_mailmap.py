"""People are called what git calls them."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matou.git.operations.mailmap import Mailmap, MailmapPerson
from support.git_repositories import git_bytes, init_bare

FORMS = b"""# a comment <not@a.line>
Proper Name <commit@example.com>
<proper@example.com> <commit2@example.com>
Proper Three <proper3@example.com> <commit3@example.com>
Proper Four <proper4@example.com> Commit Four <commit4@example.com>
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Someone <commit@example.com>", "Proper Name <commit@example.com>"),
        ("Someone <COMMIT@Example.com>", "Proper Name <COMMIT@Example.com>"),
        ("Someone <commit2@example.com>", "Someone <proper@example.com>"),
        ("Someone <commit3@example.com>", "Proper Three <proper3@example.com>"),
        ("COMMIT four <commit4@example.com>", "Proper Four <proper4@example.com>"),
        ("Commit Five <commit4@example.com>", "Commit Five <commit4@example.com>"),
        ("Someone <not@a.line>", "Someone <not@a.line>"),
    ],
)
def test_each_form_of_a_line_means_what_gitmailmap_says(before: str, after: str) -> None:
    assert shown(Mailmap.parse(FORMS).person(person(before.encode()))) == after.encode()


WORDS = st.sampled_from(
    [
        b"A",
        b"a",
        b"B b",
        "李".encode(),
        b" ",
        b"\t",
        b"<",
        b">",
        b"<>",
        b"<a@x>",
        b"<A@X>",
        b"<b@x>",
        b"< b@x >",
        b"#",
        b"\r",
    ]
)
LINES = st.lists(WORDS, max_size=8).map(b"".join)
PEOPLE = [b"A <a@x>", b"a <A@x>", b"B b <b@x>", "李 <a@x>".encode(), b"C < b@x >", b"A <c@x>", b"B b <B@X>"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(lines=st.lists(LINES, max_size=6))
def test_any_mailmap_means_what_git_takes_it_for(lines: list[bytes], tmp_path: Path) -> None:
    folder = tmp_path / "empty.git"
    if not folder.exists():
        init_bare(folder)
    content = b"\n".join(lines)
    (tmp_path / "mailmap").write_bytes(content)
    requests_seen = b"".join(one + b"\n" for one in PEOPLE)

    told = git_bytes(folder, "-c", f"mailmap.file={tmp_path}/mailmap", "check-mailmap", "--stdin", input=requests_seen)

    mailmap = Mailmap.parse(content)
    assert [shown(mailmap.person(person(one))) for one in PEOPLE] == told.split(b"\n")[:-1]


def test_a_nul_ends_the_file_as_it_does_for_git() -> None:
    mailmap = Mailmap.parse(b"One <a@x>\n\0Two <b@x>\n")

    assert mailmap.person(MailmapPerson(b"b", b"b@x")) == MailmapPerson(b"b", b"b@x")
    assert mailmap.person(MailmapPerson(b"a", b"a@x")) == MailmapPerson(b"One", b"a@x")


def person(text: bytes) -> MailmapPerson:
    name, _, email = text.partition(b"<")
    return MailmapPerson(name.strip(), email.removesuffix(b">"))


def shown(somebody: MailmapPerson) -> bytes:
    return (somebody.name + b" " if somebody.name else b"") + b"<" + somebody.email + b">"
