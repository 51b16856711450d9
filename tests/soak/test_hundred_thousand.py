"""A hundred thousand repositories in one bucket: what lists, searches, pages and fetches take, and what they hold.

MATOU_TEST_VERSITYGW=… MATOU_SOAK_REPOSITORIES=100000 pytest -s -m soak tests/soak/test_hundred_thousand.py
"""

import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import urllib3

from support.databases import postgres_binaries, run_statement, shared_cluster, url_of
from support.git_repositories import ENVIRONMENT
from support.matou_server import memory_bytes
from support.program import Person, served
from support.s3_server import BUCKET, VERSITYGW, versitygw_server
from support.team import make_person
from support.used_servers import TEAM, UsedServer
from support.worker_relay import workers_of

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(postgres_binaries() is None, reason="PostgreSQL is not installed"),
    pytest.mark.skipif(VERSITYGW not in os.environ, reason=f"there is no versitygw ({VERSITYGW})"),
]

REPOSITORIES = int(os.environ.get("MATOU_SOAK_REPOSITORIES", "100000"))
PAGE = 20
LOOKS = 15
MOST_LINKS = 50_000
"""Of one file; ext4 has 65,000."""

MEBIBYTE = 1024 * 1024
HTTP = urllib3.PoolManager(retries=False, timeout=60)

# Each is the first one over again, under a name and a storage key of its own.
MORE = """
INSERT INTO repositories (namespace_id, path, folded_path, true_name, description, visibility, default_branch,
archived, source, source_id, version_control, size_bytes, created_at, updated_at, last_push_at, creator_id,
storage_key, generation)
SELECT namespace_id, 'acme/repository-' || n, 'acme/repository-' || n, 'repository-' || n,
'what team ' || n % 977 || ' builds', visibility, default_branch, archived, source, source_id, version_control,
size_bytes, created_at + n, updated_at + n, last_push_at, creator_id, md5(n::text), generation
FROM repositories, generate_series(1, {count}) AS n WHERE path = 'acme/repository-0';
INSERT INTO bucket_repositories (storage_key, head, object_format)
SELECT md5(n::text), head, object_format FROM bucket_repositories, generate_series(1, {count}) AS n
WHERE storage_key = '{key}';
INSERT INTO bucket_refs (storage_key, name, target, peeled)
SELECT md5(n::text), name, target, peeled FROM bucket_refs, generate_series(1, {count}) AS n
WHERE storage_key = '{key}';
INSERT INTO bucket_files (storage_key, upload, name, size_bytes, sha256, state, changed_at)
SELECT md5(n::text), upload, name, size_bytes, sha256, state, changed_at
FROM bucket_files, generate_series(1, {count}) AS n WHERE storage_key = '{key}';
ANALYZE
"""


@dataclass
class Many:
    person: Person
    root: Path
    token: str
    database: str
    first_key: str


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Many]:
    binaries = postgres_binaries()
    assert binaries is not None
    with ExitStack() as ending:
        cluster = ending.enter_context(shared_cluster(binaries, tmp_path))
        run_statement(url_of(cluster, "postgres"), 'CREATE DATABASE "many"')
        database = url_of(cluster, "many")
        s3 = ending.enter_context(versitygw_server(Path(os.environ[VERSITYGW]), tmp_path / "s3"))
        person, root = make_person(tmp_path / "home"), tmp_path / "archive"
        person.environment.update(s3.environment, MATOU_DATABASE_URL=database)
        person.matou("archive", "attach", root, f"s3://{BUCKET}/many", "--endpoint", s3.url)
        person.matou("user", "add", "li", "--admin", "--root", root, "--no-password")
        person.matou("org", "create", TEAM, "--owner", "li", "--root", root)
        token = person.matou("token", "create", "--user", "li", "--name", "many", "--root", root).out.strip()
        with served(person, root) as (_, url):
            made = UsedServer(url, token).ask(
                "POST", f"/orgs/{TEAM}/repos", name="repository-0", auto_init=True, private=False
            )
            assert made[0] in (200, 201), made
        yield Many(person, root, token, database, fill(database, tmp_path / "s3" / BUCKET / "many" / "repositories"))


def fill(database: str, objects: Path) -> str:
    """As many more as there are to be; gives the storage key of the first."""
    with psycopg.connect(database.replace("+psycopg", ""), autocommit=True) as connection:
        [(key,)] = connection.execute("SELECT storage_key FROM repositories").fetchall()
        for statement in MORE.split(";"):
            connection.execute(statement.format(count=REPOSITORIES, key=key).encode())
        keys = connection.execute("SELECT storage_key FROM repositories WHERE storage_key <> %s", [key]).fetchall()
    files = [file.relative_to(objects / key) for file in (objects / key).rglob("pack-*")]
    original = key
    for number, (other,) in enumerate(keys):
        for file in files:
            target = objects / other / file
            target.parent.mkdir(parents=True, exist_ok=True)
            # With its attributes, where the server keeps what it knows of an object.
            if number % MOST_LINKS == 0:
                shutil.copy2(objects / original / file, target)
            else:
                target.hardlink_to(objects / original / file)
        original = other if number % MOST_LINKS == 0 else original
    return str(key)


def seconds_of(look: Callable[[int], object]) -> float:
    """The median of several, after one that does not count."""
    taken = []
    for number in range(LOOKS + 1):
        began = time.perf_counter()
        look(number)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken[1:])


def sizes(database: str) -> tuple[int, dict[str, int]]:
    """Bytes of the database, and of its largest tables with their indexes."""
    largest = "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' ORDER BY 2 DESC LIMIT 5"
    with psycopg.connect(database.replace("+psycopg", "")) as connection:
        [(whole,)] = connection.execute("SELECT pg_database_size(current_database())").fetchall()
        return whole, dict(connection.execute(largest).fetchall())


def test_a_hundred_thousand_are_listed_found_and_fetched(many: Many, tmp_path: Path) -> None:
    began = time.perf_counter()
    with served(many.person, many.root, workers=2) as (process, url):
        print(f"started in {time.perf_counter() - began:.1f} s")
        server = UsedServer(url, many.token)

        def page(path: str) -> int:
            answer = HTTP.request("GET", url + path)
            assert answer.status == 200, (path, answer.status)
            return len(answer.data)

        def listed(number: int) -> object:
            status, found = server.ask("GET", f"/orgs/{TEAM}/repos?per_page={PAGE}&page={number + 1}")
            assert (status, len(found)) == (200, PAGE)
            return found

        def clone(number: int) -> int:
            target = tmp_path / f"clone-{number}"
            words = ["git", "clone", "-q", server.git_url(f"repository-{REPOSITORIES - number - 7}"), str(target)]
            return subprocess.run(words, env=ENVIRONMENT, check=True).returncode

        deepest = REPOSITORIES // PAGE - 20
        looks: dict[str, Callable[[int], object]] = {
            "front page": lambda _: page("/"),
            "repositories of the team, a page": lambda _: page(f"/{TEAM}"),
            "API list, from the first page on": listed,
            "API list, the last pages": lambda number: listed(deepest + number),
            "search by the API": lambda number: server.ask("GET", f"/search/repositories?q=repository-{number}77"),
            "one by the API": lambda number: server.ask("GET", f"/repos/{TEAM}/repository-{number * 31 + 5}"),
            "clone of one that is not here yet": clone,
        }
        for name, look in looks.items():
            print(f"{name}: {seconds_of(look) * 1000:.0f} ms", flush=True)
        workers = [memory_bytes(pid) / MEBIBYTE for pid in workers_of(process.pid)]
        print(f"workers hold {', '.join(f'{size:.0f}' for size in workers)} MiB")
        assert max(workers) < 300
    whole, tables = sizes(many.database)
    shown = ", ".join(f"{name} {size / MEBIBYTE:.0f}" for name, size in tables.items())
    print(f"database: {whole / MEBIBYTE:.0f} MiB, {whole / REPOSITORIES:.0f} bytes a repository ({shown})")
    began = time.perf_counter()
    with many.person.start("check", many.root) as checking:
        said = checking.communicate()[1]
    assert checking.returncode == 0, said
    print(f"check: {time.perf_counter() - began:.1f} s")
