"""What becomes of each ref of a push: moved for good, or refused with a reason, by itself or with all the others."""

import random
import re
import subprocess
from pathlib import Path

import httpx
import pytest

from matou.model.repository_settings import PushRules
from support.git_repositories import ENVIRONMENT, commit_file, force_push, git, git_bytes, make_repository, refs_of
from support.matou_server import running_server
from support.push_rules import Work, assert_refused
from support.raw_pushes import EMPTY_PACK, NOTHING, Command, packet, push_body, push_bytes, push_raw

REFUSED_NAMES = [
    *("refs/heads/HEAD", "refs/tags/HEAD", "refs/heads/refs/heads/x", "refs/heads/-x", "refs/heads/@"),
    *("refs/replace/" + "1" * 40, "refs/pull/1/head", "refs/matou/kept/000001/heads/main"),
    *("refs/heads/" + "a" * 300, "refs/heads/a.lock", "HEAD", "refs/heads/../x", "refs/heads/" + "1" * 40),
    *("refs/tags", "refs/heads", "refs/matou", "refs/replace", "refs/x"),
]


def push(source: Path, url: str, *refs: str) -> str:
    """What git said, of success or not."""
    words = ["git", f"--git-dir={source}", "push", "--porcelain", url, *refs]
    answer = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True)
    return answer.stdout + answer.stderr


def tip(work: Work, name: str = "main") -> str:
    return git(work.clone, "rev-parse", name)


def pack_of(work: Work, *revisions: str) -> bytes:
    requests_seen = "".join(f"{revision}\n" for revision in revisions).encode()
    return git_bytes(work.clone, "pack-objects", "--revs", "--stdout", "-q", input=requests_seen)


@pytest.mark.parametrize("ref", REFUSED_NAMES)
def test_a_name_that_is_refused_keeps_no_other_ref_away(work: Work, ref: str) -> None:
    before = work.refs

    answer = push_raw(
        work.server, work.repository, Command(NOTHING, tip(work), ref), Command(NOTHING, tip(work), "refs/heads/fine")
    )

    assert b"ng " + ref.encode() in answer.data
    assert b"ok refs/heads/fine" in answer.data
    assert work.refs == {**before, "refs/heads/fine": tip(work)}


@pytest.mark.parametrize("ref", REFUSED_NAMES)
def test_a_name_that_is_refused_keeps_all_others_of_an_atomic_push_away(work: Work, ref: str) -> None:
    before = work.refs
    commands = [Command(NOTHING, tip(work), "refs/heads/fine"), Command(NOTHING, tip(work), ref)]

    answer = push_bytes(
        work.server, work.repository, push_body(commands, capabilities="report-status atomic side-band-64k")
    )

    assert b"ng refs/heads/fine atomic push failure" in answer.data
    assert work.refs == before


def test_what_is_there_under_such_a_name_can_be_deleted(work: Work) -> None:
    git(work.git_dir, "update-ref", "refs/heads/refs/heads/x", "main")

    answer = push_bytes(
        work.server,
        work.repository,
        push_body([Command(tip(work), NOTHING, "refs/heads/refs/heads/x")], b""),
    )

    assert b"ok refs/heads/refs/heads/x" in answer.data
    assert set(work.refs) == {"refs/heads/main"}


def test_two_commands_for_one_ref_move_it_nowhere(work: Work) -> None:
    git(work.git_dir, "branch", "topic", "main")
    old, new = force_push(work.clone, "main")

    answer = push_raw(
        work.server,
        work.repository,
        Command(old, NOTHING, "refs/heads/topic"),
        Command(NOTHING, new, "refs/heads/topic"),
        pack=pack_of(work, new),
    )

    assert b"ng refs/heads/topic it is named twice" in answer.data
    assert work.refs["refs/heads/topic"] == old


@pytest.mark.parametrize(
    ("old", "reason"),
    [("main~0", b"incorrect old value"), (None, b"reference already exists")],
)
def test_a_ref_that_is_not_what_the_client_saw_stays(work: Work, old: str | None, reason: bytes) -> None:
    seen = NOTHING if old is None else commit_file(work.clone, "main", "a", b"a")
    before = work.refs

    answer = push_raw(
        work.server, work.repository, Command(seen, tip(work), "refs/heads/main"), pack=pack_of(work, "main")
    )

    assert reason in answer.data
    assert work.refs == before


def test_a_ref_to_what_is_not_there_stays_away_alone(work: Work) -> None:
    answer = push_raw(
        work.server,
        work.repository,
        Command(NOTHING, "1" * 40, "refs/heads/missing"),
        Command(NOTHING, tip(work), "refs/heads/fine"),
    )

    assert b"ng refs/heads/missing missing necessary objects" in answer.data
    assert b"ok refs/heads/fine" in answer.data


def test_a_history_with_a_hole_stays_away_alone(work: Work) -> None:
    """The objects in between are on the disk of neither side."""
    middle = commit_file(work.clone, "main", "a", b"a")
    end = commit_file(work.clone, "main", "b", b"b")
    holed = git_bytes(work.clone, "pack-objects", "--stdout", "-q", input=f"{tip(work, 'main~2')}\n".encode())

    answer = push_raw(
        work.server,
        work.repository,
        Command(NOTHING, middle, "refs/heads/hole"),
        Command(NOTHING, tip(work, "main~2"), "refs/heads/fine"),
        pack=holed,
    )

    assert end
    assert b"ng refs/heads/hole missing necessary objects" in answer.data
    assert b"ok refs/heads/fine" in answer.data


def test_a_commit_is_not_taken_without_its_tree(work: Work) -> None:
    new = commit_file(work.clone, "main", "a", b"a")
    only_commit = git_bytes(work.clone, "pack-objects", "--stdout", "-q", input=f"{new}\n".encode())
    before = work.refs

    answer = push_raw(work.server, work.repository, Command(NOTHING, new, "refs/heads/x"), pack=only_commit)

    assert b"ng refs/heads/x" in answer.data
    assert work.refs == before
    assert not work.has(new)


def test_a_branch_is_given_no_blob(work: Work) -> None:
    blob = git(work.clone, "hash-object", "-w", "--stdin", input=b"x")

    pushed = work.push(f"{blob}:refs/heads/blob", f"{blob}:refs/tags/blob")

    assert pushed.status == 1
    assert set(work.refs) == {"refs/heads/main", "refs/tags/blob"}


@pytest.mark.parametrize("first", ["a", "a/b"])
def test_a_branch_in_the_way_of_another_one_refuses_that_alone(work: Work, first: str) -> None:
    second = {"a": "a/b", "a/b": "a"}[first]
    assert work.push(f"main:refs/heads/{first}").status == 0

    pushed = work.push(f"main:refs/heads/{second}", "main:refs/heads/fine")

    assert pushed.status == 1
    assert set(work.refs) == {"refs/heads/main", f"refs/heads/{first}", "refs/heads/fine"}


@pytest.mark.parametrize("count", [3, 200])
@pytest.mark.parametrize("packed", [False, True])
def test_refs_are_made_moved_and_deleted_whether_few_or_many_packed_or_not(
    work: Work, count: int, packed: bool
) -> None:
    new = commit_file(work.clone, "main", "a", b"a")
    git(work.clone, "tag", "-a", "-m", "annotated", "note", "main~1")
    names = [f"f{number % 7}/b{number}" for number in range(count)]
    lines = "".join(f"create refs/heads/{name} {tip(work, 'main~1')}\n" for name in names)
    tags = "".join(f"create refs/tags/{name} {tip(work, 'note')}\n" for name in names)
    git(work.clone, "update-ref", "--stdin", input=(lines + tags).encode())

    assert work.push("refs/heads/f*:refs/heads/f*", "refs/tags/*:refs/tags/*").status == 0
    made = work.refs
    if packed:
        git(work.git_dir, "pack-refs", "--all")
    lines = "".join(f"update refs/heads/{name} {new}\n" for name in names)
    git(work.clone, "update-ref", "--stdin", input=lines.encode())
    assert work.push("refs/heads/f*:refs/heads/f*").status == 0
    moved = work.refs
    assert work.push("--delete", *(f"refs/tags/{name}" for name in names[1:]), "refs/tags/note").status == 0

    first = {f"refs/heads/{name}": tip(work, "main~1") for name in names}
    kept = {"refs/heads/main": tip(work, "main~1"), f"refs/tags/{names[0]}": tip(work, "note")}
    assert {ref: oid for ref, oid in made.items() if ref.startswith("refs/heads/f")} == first
    assert {ref: oid for ref, oid in moved.items() if ref.startswith("refs/heads/f")} == dict.fromkeys(first, new)
    assert work.refs == {**kept, **dict.fromkeys(first, new)}
    assert list(work.git_dir.rglob("*.lock")) == []
    assert git(work.git_dir, "show-ref", "--dereference", names[0]).count("^{}") == 1
    git(work.git_dir, "fsck", "--full", "--strict")


def test_a_lock_of_somebody_elses_refuses_that_ref_alone(work: Work) -> None:
    (work.git_dir / "refs/heads/held.lock").touch()

    pushed = work.push("main:refs/heads/held", "main:refs/heads/fine")

    assert pushed.status == 1
    assert "refs/heads/held is being changed by somebody else" in pushed.said
    assert set(work.refs) == {"refs/heads/main", "refs/heads/fine"}


def test_what_was_judged_together_moves_together(work: Work) -> None:
    """One ref may stand for another's commits: where one cannot move, none does."""
    work.set(PushRules, commit_message_regex=".")
    (work.git_dir / "refs/heads/held.lock").touch()
    before = work.refs

    assert work.push("main:refs/heads/held", "main:refs/heads/fine").status == 1

    assert work.refs == before


def test_a_push_from_a_shallow_clone_needs_what_is_there_only(work: Work, tmp_path: Path) -> None:
    for number in range(4):
        commit_file(work.clone, "main", f"f{number}", b"x")
    assert work.push("main").status == 0
    url = work.server.clone_url(work.repository, work.server.credential())
    git(None, "clone", "--quiet", "--bare", "--depth=2", url, tmp_path / "shallow.git")
    new = commit_file(tmp_path / "shallow.git", "main", "g", b"g")
    elsewhere = work.server.repository()

    git(tmp_path / "shallow.git", "push", "--quiet", url, "main")
    refused = push(tmp_path / "shallow.git", work.server.clone_url(elsewhere, work.server.credential()), "main")

    assert work.refs["refs/heads/main"] == new
    assert "shallow update not allowed" in refused
    assert refs_of(work.server.git_dir(elsewhere)) == {}


def test_a_corrupt_empty_pack_is_seen(work: Work) -> None:
    broken = EMPTY_PACK[:-1] + b"\0"

    answer = push_raw(work.server, work.repository, Command(NOTHING, tip(work), "refs/heads/x"), pack=broken)

    assert b"unpack the pack is corrupted" in answer.data
    assert set(work.refs) == {"refs/heads/main"}


@pytest.mark.parametrize("capabilities", ["report-status", "report-status side-band", "report-status-v2 side-band-64k"])
def test_every_way_to_report_is_understood(work: Work, capabilities: str) -> None:
    names = [f"refs/heads/{'n' * 80}{number}" for number in range(40)]
    commands = [Command(NOTHING, tip(work), name) for name in names]

    answer = push_bytes(work.server, work.repository, push_body(commands, capabilities=capabilities))

    content = answer.data
    if "side-band" in capabilities:
        assert max(int(found, 16) for found in re.findall(rb"([0-9a-f]{4})\x01", content)) <= (
            65520 if "64k" in capabilities else 1000
        )
        content = re.sub(rb"[0-9a-f]{4}\x01", b"", content)
    assert content.count(b"ok refs/heads/") == 40
    assert packet(b"unpack ok\n") in content


def test_options_before_the_pack_are_bounded(work: Work) -> None:
    commands = push_body([Command(NOTHING, tip(work), "refs/heads/x")], b"", capabilities="report-status push-options")

    few = push_bytes(work.server, work.repository, commands + packet(b"ci.skip") + b"0000" + EMPTY_PACK)
    many = push_bytes(work.server, work.repository, commands + packet(b"x" * 60000) * 5 + b"0000" + EMPTY_PACK)

    assert b"ok refs/heads/x" in few.data
    assert many.status == 413


# Deleting and making anew, where force is denied.


def test_a_branch_with_commits_of_its_own_is_not_deleted_where_force_is_denied(work: Work) -> None:
    work.set(PushRules, deny_force_push=True, skip_rule_for_owner=True)
    commit_file(work.clone, "main", "a", b"a")
    assert work.push("main:refs/heads/own", "main~1:refs/heads/copy", "main:refs/tags/t").status == 0

    assert work.push(":copy").status == 0
    assert work.push(":own").status == 0
    assert_refused(work, work.push(":refs/tags/t", user=work.server.owner), "nobody may delete 'refs/tags/t' here")

    assert set(work.refs) == {"refs/heads/main", "refs/tags/t"}


def test_two_refs_of_the_same_commits_are_not_deleted_together(work: Work) -> None:
    work.set(PushRules, deny_force_push=True)
    commit_file(work.clone, "main", "a", b"a")
    assert work.push("main:refs/heads/one", "main:refs/heads/two").status == 0

    assert_refused(work, work.push(":one", ":two"), "delete 'refs/heads/one'", "delete 'refs/heads/two'")


def test_a_new_name_for_all_commits_is_no_force(work: Work) -> None:
    work.set(PushRules, deny_force_push=True)
    new = commit_file(work.clone, "main", "a", b"a")
    assert work.push("main:refs/heads/before").status == 0

    assert_refused(work, work.push(":before", "main~1:refs/heads/after"), "delete 'refs/heads/before'")
    assert work.push(":before", "main:refs/heads/after").status == 0

    assert work.refs["refs/heads/after"] == new


def test_a_kept_ref_holds_nothing_for_anybody(work: Work) -> None:
    work.set(PushRules, deny_force_push=True)
    new = commit_file(work.clone, "main", "a", b"a")
    assert work.push("main:refs/heads/own").status == 0
    git(work.git_dir, "update-ref", "refs/matou/kept/000001/heads/own", new)

    assert_refused(work, work.push(":own"), "delete 'refs/heads/own'")


# What old tools wrote.


def commit_of(git_dir: Path, tree: str, author: str = "A <a@b> 1 +0000", committer: str = "A <a@b> 1 +0000") -> str:
    text = f"tree {tree}\nauthor {author}\ncommitter {committer}\n\nold\n".encode()
    return git(git_dir, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", input=text)


def tree_of(git_dir: Path, *entries: tuple[str, str]) -> str:
    blob = git(git_dir, "hash-object", "-w", "--stdin", input=b"x")
    content = b"".join(f"{mode} {name}".encode() + b"\0" + bytes.fromhex(blob) for mode, name in entries)
    return git(git_dir, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", input=content)


def old_histories(git_dir: Path) -> dict[str, str]:
    """By git's own name of what is wrong."""
    tree = git(git_dir, "rev-parse", "main^{tree}")
    return {
        "missingSpaceBeforeEmail": commit_of(git_dir, tree, author="A<a@b> 1 +0000"),
        "missingNameBeforeEmail": commit_of(git_dir, tree, author="<a@b> 1 +0000"),
        "missingSpaceBeforeDate": commit_of(git_dir, tree, author="A <a@b>1 +0000"),
        "badName": commit_of(git_dir, tree, author="A> <a@b> 1 +0000"),
        "badEmail": commit_of(git_dir, tree, author="A <a<b> 1 +0000"),
        "badDate": commit_of(git_dir, tree, author="A <a@b> 1x +0000"),
        "badDateOverflow": commit_of(git_dir, tree, author="A <a@b> 99999999999999999999 +0000"),
        "badTimezone": commit_of(git_dir, tree, author="A <a@b> 1 +051800"),
        "zeroPaddedDate": commit_of(git_dir, tree, author="A <a@b> 01 +0000"),
        "duplicateEntries": commit_of(git_dir, tree_of(git_dir, ("100644", "a"), ("100644", "a"))),
        "treeNotSorted": commit_of(git_dir, tree_of(git_dir, ("100644", "b"), ("100644", "a"))),
        "zeroPaddedFilemode": commit_of(git_dir, tree_of(git_dir, ("0100644", "a"))),
    }


ATTACKS = [".git", ".GIT", "git~1", ".", "..", "a/b", ".git ", ".g\u200cit"]


def test_histories_with_what_old_tools_wrote_are_taken_and_can_be_read(work: Work) -> None:
    found = old_histories(work.clone)
    for name, commit in found.items():
        git(work.clone, "update-ref", f"refs/heads/old/{name}", commit)

    pushed = work.push("refs/heads/old/*:refs/heads/old/*")

    assert pushed.status == 0, pushed.said
    assert {ref.rpartition("/")[2]: oid for ref, oid in work.refs.items() if "/old/" in ref} == found


def odd_commit(git_dir: Path, fault: str, tree: str, parent: str = "") -> str:
    person = b"a <a@b> 1700000000 +0000"
    head = f"tree {tree}\n".encode() + (f"parent {parent}\n".encode() if parent else b"")
    content = {
        "unterminatedHeader": head + b"author %b\ncommitter %b" % (person, person),
        "nulInHeader": head + b"author a\0%b\ncommitter %b\n\nhi\n" % (person, person),
        "noCommitter": head + b"author a\0%b\n\nhi\n" % person,
    }[fault]
    return git(git_dir, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", input=content)


@pytest.mark.parametrize("fault", ["unterminatedHeader", "nulInHeader"])
def test_a_header_that_git_lets_nobody_tolerate_is_looked_at_and_taken(work: Work, fault: str) -> None:
    """One such commit refused the whole push, though an import takes it."""
    tree = git(work.clone, "rev-parse", "main^{tree}")
    odd = odd_commit(work.clone, fault, tree)
    git(work.clone, "update-ref", "refs/heads/odd", odd_commit(work.clone, fault, tree, odd))
    git(work.clone, "update-ref", "refs/heads/sound", commit_of(work.clone, tree))

    pushed = work.push("refs/heads/odd", "refs/heads/sound")

    assert pushed.status == 0, pushed.said
    assert set(work.refs) == {"refs/heads/main", "refs/heads/odd", "refs/heads/sound"}
    assert list((work.git_dir / "objects").glob("tmp_objdir*")) == []


@pytest.mark.parametrize("attack", ["tree", "header", "earlier"])
def test_what_comes_with_such_a_header_is_judged_as_ever(work: Work, attack: str) -> None:
    tree = git(work.clone, "rev-parse", "main^{tree}")
    bad_tree = tree_of(work.clone, ("100644", ".git"))
    odd = {
        "tree": lambda: odd_commit(work.clone, "unterminatedHeader", bad_tree),
        "header": lambda: odd_commit(work.clone, "noCommitter", tree),
        "earlier": lambda: odd_commit(work.clone, "nulInHeader", tree, commit_of(work.clone, bad_tree)),
    }[attack]()
    git(work.clone, "update-ref", "refs/heads/odd", odd)

    assert work.push("refs/heads/odd").status == 1
    assert set(work.refs) == {"refs/heads/main"}


def test_a_large_push_with_such_a_header_says_what_to_do(work: Work) -> None:
    large = commit_file(work.clone, "main", "large", random.Random(3).randbytes(17_000_000))
    tree = git(work.clone, "rev-parse", "main^{tree}")
    git(work.clone, "update-ref", "refs/heads/odd", odd_commit(work.clone, "nulInHeader", tree, large))

    pushed = work.push("refs/heads/odd")

    assert (pushed.status, "push the history in parts" in pushed.said) == (1, True)
    assert work.push("main").status == 0
    assert work.push("refs/heads/odd").status == 0


@pytest.mark.parametrize("name", ATTACKS, ids=repr)
def test_what_attacks_those_who_clone_is_not_taken(work: Work, name: str) -> None:
    git(work.clone, "update-ref", "refs/heads/attack", commit_of(work.clone, tree_of(work.clone, ("100644", name))))

    assert work.push("refs/heads/attack").status == 1
    assert set(work.refs) == {"refs/heads/main"}


@pytest.mark.parametrize(
    "text",
    ['[submodule "../x"]\n\tpath = x\n\turl = y\n', '[submodule "x"]\n\tpath = -x\n', '[submodule "x"]\n\turl = -y\n'],
)
def test_submodules_that_attack_those_who_clone_are_not_taken(work: Work, text: str) -> None:
    commit_file(work.clone, "main", ".gitmodules", text.encode())

    assert work.push("main").status == 1


def test_what_is_taken_can_be_read_by_the_api(work: Work) -> None:
    found = old_histories(work.clone)
    for name, commit in found.items():
        git(work.clone, "update-ref", f"refs/heads/old/{name}", commit)
    work.push("refs/heads/old/*:refs/heads/old/*")
    api = f"{work.server.url}/api/v5/repos/{work.repository.path}"
    headers = {"Authorization": f"token {work.server.token().reveal()}"}

    answers = {
        (name, path): httpx.get(f"{api}/{path}".format(commit), headers=headers).status_code
        for name, commit in found.items()
        for path in ("commits/{}", "commits?sha={}", "contents?ref={}", "git/trees/{}")
    }

    assert {question: status for question, status in answers.items() if status != 200} == {}


def test_a_strict_server_takes_three_of_them(tmp_path: Path) -> None:
    with running_server(tmp_path / "archive", strict_pushes=True) as server:
        repository = server.repository()
        clone = make_repository(tmp_path / "clone.git")
        found = old_histories(clone)
        for name, commit in found.items():
            git(clone, "update-ref", f"refs/heads/old/{name}", commit)
            url = server.clone_url(repository, server.credential())
            push(clone, url, f"refs/heads/old/{name}")
        taken = git(server.git_dir(repository), "for-each-ref", "--format=%(refname:lstrip=3)").split()

    assert set(taken) == {"badTimezone", "missingSpaceBeforeDate", "zeroPaddedFilemode"}
