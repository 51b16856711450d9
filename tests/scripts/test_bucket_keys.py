"""Keys of a bucket: from the environment, or kept by this machine as tokens are; in clear they stand nowhere."""

import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.program import Person, served
from support.recording_server import RecordingServer, Reply
from support.s3_server import ACCESS_KEY, BUCKET, SECRET_KEY, S3Server, any_server, moto_server
from support.team import make_person

KEYS = f"{ACCESS_KEY}\n{SECRET_KEY}\n"


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with any_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def keeper(tmp_path: Path) -> Person:
    person = make_person(tmp_path / "home")
    person.environment.update({"MATOU_PASSPHRASE": "staple-staple-staple", "AWS_REGION": "us-east-1"})
    return person


def test_kept_keys_open_a_bucket_for_copies_and_for_a_server(keeper: Person, s3: S3Server, tmp_path: Path) -> None:
    archive, place = tmp_path / "archive", ("--endpoint", s3.url)
    keeper.matou("user", "add", "li", "--root", archive, "--no-password")
    without = keeper.matou("copy", archive, f"s3://{BUCKET}/copy", *place, code=2)

    kept = keeper.matou("bucket", "login", f"s3://{BUCKET}", *place, "--keys-stdin", stdin=KEYS)
    copied = keeper.matou("copy", archive, f"s3://{BUCKET}/copy", *place)
    keeper.matou("archive", "attach", tmp_path / "attached", f"s3://{BUCKET}/served", *place)
    with served(keeper, tmp_path / "attached") as (_, url):
        assert url.startswith("http://127.0.0.1:")
    keeper.matou("bucket", "logout", f"s3://{BUCKET}", *place)
    gone = keeper.matou("copy", archive, f"s3://{BUCKET}/copy", *place, code=2)

    assert "matou bucket login" in without.err
    assert "matou bucket login" in gone.err
    said = "".join(each.out + each.err for each in (kept, copied))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert SECRET_KEY not in said
    assert [path for path in files if SECRET_KEY.encode() in path.read_bytes()] == []


def test_a_bucket_that_holds_names_of_others_is_opened_all_the_same(keeper: Person) -> None:
    with moto_server() as server:
        # Without a signature, which moto does not look at; no key of ours has such a character.
        put = urllib.request.Request(f"{server.url}/{BUCKET}/%01x", data=b"", method="PUT")
        urllib.request.urlopen(put).close()

        keeper.matou("bucket", "login", f"s3://{BUCKET}", "--endpoint", server.url, "--keys-stdin", stdin=KEYS)


def test_keys_of_one_server_are_not_given_to_another(keeper: Person, s3: S3Server, tmp_path: Path) -> None:
    keeper.matou("bucket", "login", f"s3://{BUCKET}", "--endpoint", s3.url, "--keys-stdin", stdin=KEYS)
    keeper.matou("user", "add", "li", "--root", tmp_path / "archive", "--no-password")

    with closing(RecordingServer()) as other:
        other.replies.append(Reply(403))
        place = (f"s3://{BUCKET}/x", "--endpoint", other.url)
        refused = keeper.matou("copy", tmp_path / "archive", *place, code=2)

    assert "there is no access key" in refused.err
    assert other.requests == []


def test_keys_that_are_refused_are_not_kept(keeper: Person, tmp_path: Path) -> None:
    keeper.matou("user", "add", "li", "--root", tmp_path / "archive", "--no-password")
    with closing(RecordingServer()) as server:
        server.replies.append(Reply(403, b"<Error><Code>AccessDenied</Code></Error>"))
        place = ("--endpoint", server.url)
        refused = keeper.matou("bucket", "login", f"s3://{BUCKET}", *place, "--keys-stdin", stdin=KEYS, code=4)
        still = keeper.matou("copy", tmp_path / "archive", f"s3://{BUCKET}/x", *place, code=2)

    assert {ACCESS_KEY in each.headers["authorization"] for each in server.requests} == {True}
    assert "there is no access key" in still.err
    assert SECRET_KEY not in refused.err + "".join(f"{each.target}{each.headers}" for each in server.requests)


def test_keys_of_the_environment_outrank_those_that_are_kept(keeper: Person, s3: S3Server, tmp_path: Path) -> None:
    """What was typed a moment ago counts, and nobody is asked for a passphrase."""
    del keeper.environment["MATOU_PASSPHRASE"]
    keeper.environment.update(s3.environment)
    keeper.matou("user", "add", "li", "--root", tmp_path / "archive", "--no-password")

    keeper.matou("copy", tmp_path / "archive", f"s3://{BUCKET}/other", "--endpoint", s3.url)


@pytest.mark.parametrize("typed", ["", "key\n", "a b\nsecret\n", "a:b\nsecret\n"])
def test_what_are_no_keys_is_refused_and_not_shown(keeper: Person, s3: S3Server, typed: str) -> None:
    refused = keeper.matou(
        "bucket", "login", f"s3://{BUCKET}", "--endpoint", s3.url, "--keys-stdin", stdin=typed, code=2
    )

    assert "secret" not in refused.err.replace("secret key", "")
    assert "NoneType" not in refused.err
