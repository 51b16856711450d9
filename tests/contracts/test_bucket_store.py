"""The store in a bucket keeps the promise of every store, and tells what its server has against us."""

import os
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.stores import StoreContract
from matou.errors import MatouError
from matou.storage.base import InvalidKey
from matou.storage.bucket_addresses import BucketAddress, UnusableBucketAddress, open_bucket, read_bucket_address
from matou.storage.buckets import PART_BYTES, BucketAway, BucketStore, NoSuchBucket
from support.s3_server import BUCKET, SECRET_KEY, VERSITYGW, S3Server, any_server


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with any_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(autouse=True)
def credential(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)


UNSIGNED = pytest.mark.skipif(VERSITYGW in os.environ, reason="a real server takes no request without a signature")


class TestBucketStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path, s3: S3Server) -> BucketStore:
        return s3.store(f"prefix/{tmp_path.name.replace('_', '-')}")

    def make_store(self, folder: Path) -> BucketStore:
        raise AssertionError


def test_a_large_one_goes_in_parts_and_comes_back_whole(s3: S3Server, tmp_path: Path) -> None:
    store = s3.store(tmp_path.name)
    chunk = bytes(range(256)) * 4096
    count = PART_BYTES // len(chunk) * 2 + 1

    assert store.put("large", (chunk for _ in range(count))) == store.size("large") == len(chunk) * count

    with store.open("large") as file:
        for _ in range(count):
            assert file.read(len(chunk)) == chunk
        assert file.read() == b""


def test_a_large_one_that_breaks_off_leaves_nothing(s3: S3Server, tmp_path: Path) -> None:
    store = s3.store(tmp_path.name)

    def breaking_off() -> Iterator[bytes]:
        yield bytes(PART_BYTES)
        yield bytes(PART_BYTES)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        store.put("large", breaking_off())

    assert not store.exists("large")


def test_a_bucket_that_is_not_there_is_told_by_name(s3: S3Server) -> None:
    store = s3.store("prefix", bucket="nowhere")

    for use in (lambda: list(store.iterate()), lambda: store.put("key", [b"x"]), lambda: store.open("key")):
        with pytest.raises(NoSuchBucket, match="s3://nowhere/prefix"):
            use()


def test_a_server_that_is_not_there_is_told_without_a_secret() -> None:
    nowhere = S3Server("http://127.0.0.1:9")
    address = read_bucket_address(f"s3://{BUCKET}/prefix", endpoint=nowhere.url)
    store = open_bucket(address, environment=nowhere.environment, authorities=None, patience=timedelta())

    with pytest.raises(BucketAway) as told:
        store.exists("key")

    assert SECRET_KEY not in repr(told.value) + str(told.value)
    assert told.value.__cause__ is None


@pytest.mark.parametrize(
    "text",
    ["s3://", "s3:///x", "s3://key:secret@bucket/x", "s3://bucket/x?secret=1", "s3://bucket/../x", "s3://bucket/a//b",
     "s3://Bucket/x", "ftp://bucket/x", "s3://bucket/x#y", "s3://[", "http://bucket/x", "s3://bucket/ü"],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(UnusableBucketAddress) as told:
        read_bucket_address(text)

    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    "endpoint", ["x", "ftp://host", "https://", "https://u:p@host", "https://host/path", "https://["]
)
def test_what_is_no_server_is_refused(endpoint: str) -> None:
    with pytest.raises(UnusableBucketAddress):
        read_bucket_address("s3://bucket", endpoint=endpoint)


@pytest.mark.parametrize(
    ("endpoint", "addressing", "is_virtual"),
    [
        ("https://oss-cn-hangzhou.aliyuncs.com", None, True),
        ("https://cos.ap-shanghai.myqcloud.com", None, True),
        ("https://obs.cn-north-4.myhuaweicloud.com", None, True),
        ("https://obs.cn-north-4.myhuaweicloud.com", "path", False),
        ("http://127.0.0.1:9000", None, False),
        ("http://127.0.0.1:9000", "virtual", True),
        ("", None, False),
    ],
)
def test_the_style_is_what_the_server_is_known_to_take_or_what_was_said(
    endpoint: str, addressing: str | None, is_virtual: bool
) -> None:
    assert read_bucket_address("s3://bucket/a/b", endpoint=endpoint, addressing=addressing) == BucketAddress(
        "s3", "bucket", "a/b", endpoint, is_virtual
    )


def test_without_a_key_nothing_is_asked() -> None:
    with pytest.raises(UnusableBucketAddress, match="access key"):
        open_bucket(read_bucket_address("s3://bucket"), environment={}, authorities=None)


@UNSIGNED
def test_a_name_of_others_that_no_key_has_is_passed_over(s3: S3Server, tmp_path: Path) -> None:
    store = s3.store(tmp_path.name)
    store.put("ours", [b"1"])
    put_plainly(f"{s3.url}/{BUCKET}/{tmp_path.name}/%E7%A0%81")

    assert list(store.iterate()) == ["ours"]
    with pytest.raises(InvalidKey):
        store.open("码")


@UNSIGNED
def test_a_name_of_others_that_could_do_harm_is_refused(s3: S3Server, tmp_path: Path) -> None:
    store = s3.store(tmp_path.name)
    put_plainly(f"{s3.url}/{BUCKET}/{tmp_path.name}/%01x")

    with pytest.raises(BucketAway, match="invalid path"):
        list(store.sizes())


def put_plainly(url: str) -> None:
    urllib.request.urlopen(urllib.request.Request(url, data=b"x", method="PUT")).close()


def test_a_large_one_that_is_cut_while_it_is_read_is_no_shorter_file(s3: S3Server, tmp_path: Path) -> None:
    store = s3.store(tmp_path.name)
    store.put("large", [bytes(PART_BYTES)] * 4)

    with store.open("large") as file:
        assert file.read(1) == b"\0"
        store.put("large", [b"short"])
        with pytest.raises(MatouError):
            file.read()
