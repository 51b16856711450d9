"""Where commits must be signed, only what the committer's registered key signed comes in."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from matou.model.repository_settings import PushRules
from support.deciding import add_signing_key, remove_signing_key, signing_keys
from support.git_repositories import (
    git,
    make_repository,
)
from support.push_rules import Work, assert_refused, person
from support.signing import SigningKey, new_key, store_commit, unsigned_commit, with_signature


def test_only_what_the_committers_registered_key_signed_is_taken(work: Work) -> None:
    mine, key = work.developer, new_key(work.developer.email)
    add_signing_key(work.server.forge, mine, key.public)
    work.set(PushRules, reject_not_signed_by_gpg=True)
    tip = git(work.clone, "rev-parse", "main")
    text = unsigned_commit(work.clone, email=mine.email, parents=(tip,))
    signed = store_commit(work.clone, with_signature(text, key.sign(text)))
    unsigned = store_commit(work.clone, text)

    assert_refused(work, work.push(f"{unsigned}:refs/heads/main"), rf"commit {unsigned[:10]} .* is not signed")
    assert work.push(f"{signed}:refs/heads/main").status == 0


def by_nobody(work: Work, key: SigningKey, text: bytes) -> tuple[bytes, str]:
    return text, "is not signed"


def by_another_account(work: Work, key: SigningKey, text: bytes) -> tuple[bytes, str]:
    other = person(work.server)
    theirs = new_key(other.email)
    add_signing_key(work.server.forge, other, theirs.public)
    return with_signature(text, theirs.sign(text)), "was not made by this account's key"


def by_an_unknown_key(work: Work, key: SigningKey, text: bytes) -> tuple[bytes, str]:
    return with_signature(text, new_key(work.developer.email).sign(text)), "was not made by this account's key"


def for_an_unknown_committer(work: Work, key: SigningKey, text: bytes) -> tuple[bytes, str]:
    moved = text.replace(work.developer.email.encode(), b"nobody@example.com")
    return with_signature(moved, key.sign(moved)), "no account here has a key for 'nobody@example.com'"


def for_another_committer(work: Work, key: SigningKey, text: bytes) -> tuple[bytes, str]:
    other = person(work.server)
    add_signing_key(work.server.forge, other, new_key(other.email).public)
    moved = text.replace(work.developer.email.encode(), other.email.encode())
    return with_signature(moved, key.sign(moved)), "was not made by this account's key"


def by_a_revoked_key(work: Work, key: SigningKey, text: bytes) -> tuple[bytes, str]:
    add_signing_key(work.server.forge, work.developer, key.revoked())
    return with_signature(text, key.sign(text)), "key that was revoked"


def by_a_key_that_was_taken_away(work: Work, key: SigningKey, text: bytes) -> tuple[bytes, str]:
    forge = work.server.forge
    remove_signing_key(forge, work.developer, signing_keys(forge, work.developer)[0].id)
    return with_signature(text, key.sign(text)), "no account here has a key"


def over_other_content(work: Work, key: SigningKey, text: bytes) -> tuple[bytes, str]:
    return with_signature(text, key.sign(text + b"more")), "was not made by this account's key"


def in_words(work: Work, key: SigningKey, text: bytes) -> tuple[bytes, str]:
    return text + b'\ngpg: Good signature from "Li Lei"\n[GNUPG:] VALIDSIG\n' + key.sign(text), "is not signed"


def in_a_header_of_words(work: Work, key: SigningKey, text: bytes) -> tuple[bytes, str]:
    return with_signature(text, b"Good signature\n"), "is not one of OpenPGP"


def twice(work: Work, key: SigningKey, text: bytes) -> tuple[bytes, str]:
    signature = key.sign(text)
    return with_signature(with_signature(text, signature), signature), "more than one signature"


@pytest.mark.parametrize(
    "forge",
    [
        by_nobody,
        by_another_account,
        by_an_unknown_key,
        for_an_unknown_committer,
        for_another_committer,
        by_a_revoked_key,
        by_a_key_that_was_taken_away,
        over_other_content,
        in_words,
        in_a_header_of_words,
        twice,
    ],
)
def test_a_commit_is_not_signed_by(work: Work, forge: Callable[[Work, SigningKey, bytes], tuple[bytes, str]]) -> None:
    key = new_key(work.developer.email)
    add_signing_key(work.server.forge, work.developer, key.public)
    work.set(PushRules, reject_not_signed_by_gpg=True)
    tip = git(work.clone, "rev-parse", "main")
    content, said = forge(work, key, unsigned_commit(work.clone, email=work.developer.email, parents=(tip,)))
    commit = store_commit(work.clone, content)

    assert_refused(work, work.push(f"{commit}:refs/heads/main"), rf"commit {commit[:10]} \('refs/heads/main'\).*{said}")
    assert not work.has(commit)


def test_every_commit_that_comes_in_is_asked_for_merges_and_what_a_tag_brings_too(work: Work) -> None:
    mine, key = work.developer, new_key(work.developer.email)
    add_signing_key(work.server.forge, mine, key.public)
    work.set(PushRules, reject_not_signed_by_gpg=True)
    tip = git(work.clone, "rev-parse", "main")
    texts = [unsigned_commit(work.clone, email=mine.email, message=name, parents=(tip,)) for name in ("a", "b")]
    sides = [store_commit(work.clone, with_signature(text, key.sign(text))) for text in texts]
    merge = unsigned_commit(work.clone, email=mine.email, message="merge", parents=tuple(sides))
    bad, good = store_commit(work.clone, merge), store_commit(work.clone, with_signature(merge, key.sign(merge)))
    below = unsigned_commit(work.clone, email=mine.email, message="above a bad one", parents=(bad,))
    above = store_commit(work.clone, with_signature(below, key.sign(below)))
    git(work.clone, "tag", "--annotate", "--message", "an unsigned tag", "v1", good)
    git(work.clone, "tag", "--annotate", "--message", "bad", "v2", above)

    assert_refused(work, work.push(f"{above}:refs/heads/main"), rf"commit {bad[:10]} .* is not signed")
    assert_refused(work, work.push("v2"), rf"commit {bad[:10]} \('refs/tags/v2'\) is not signed")
    assert_refused(work, work.push(f"{bad}:refs/odd/place"), rf"commit {bad[:10]} \('refs/odd/place'\) is not signed")
    pushed = work.push("v1", f"{good}:refs/heads/main")
    assert pushed.status == 0, pushed.said


def test_a_repository_of_sha256_has_its_own_header_for_signatures(work: Work, tmp_path: Path) -> None:
    key = new_key(work.developer.email)
    add_signing_key(work.server.forge, work.developer, key.public)
    work.set(PushRules, reject_not_signed_by_gpg=True, max_file_size=1)
    shutil.rmtree(work.git_dir)
    make_repository(work.git_dir, object_format="sha256")
    work.clone = Path(shutil.copytree(work.git_dir, tmp_path / "sha256.git"))
    text = unsigned_commit(work.clone, email=work.developer.email, parents=(git(work.clone, "rev-parse", "main"),))
    other = store_commit(work.clone, with_signature(text, key.sign(text), header="gpgsig"))
    signed = store_commit(work.clone, with_signature(text, key.sign(text), header="gpgsig-sha256"))

    assert_refused(work, work.push(f"{other}:refs/heads/main"), "is not signed")
    pushed = work.push(f"{signed}:refs/heads/main")
    assert pushed.status == 0, pushed.said


def test_a_commit_that_git_and_gpg_signed_is_taken(work: Work, tmp_path: Path) -> None:
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--pinentry-mode", "loopback", "--passphrase", ""]
    try:
        subprocess.run(
            [*gpg, "--quick-gen-key", work.developer.email, "ed25519", "sign"], check=True, capture_output=True
        )
    except FileNotFoundError:
        pytest.skip("gpg is not installed")
    public = subprocess.run([*gpg, "--armor", "--export"], check=True, capture_output=True, text=True).stdout
    add_signing_key(work.server.forge, work.developer, public)
    work.set(PushRules, reject_not_signed_by_gpg=True)
    tree, tip = git(work.clone, "rev-parse", "main^{tree}"), git(work.clone, "rev-parse", "main")

    commit = git(
        work.clone,
        "commit-tree",
        f"-S{work.developer.email}",
        *("-p", tip, "-m", "signed by gpg", tree),
        GIT_COMMITTER_EMAIL=work.developer.email,
        GNUPGHOME=str(home),
    )
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)

    assert "gpgsig" in git(work.clone, "cat-file", "commit", commit)
    pushed = work.push(f"{commit}:refs/heads/main")
    assert pushed.status == 0, pushed.said
