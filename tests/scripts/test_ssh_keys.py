"""Keys of SSH, registered by the person who runs the server."""

import json
from pathlib import Path

from support.program import Person
from support.ssh_keys import new_ssh_key


def test_keys_are_registered_listed_and_taken_away(person: Person, tmp_path: Path) -> None:
    root, key, machine = tmp_path / "server", new_ssh_key(), new_ssh_key("rsa", "ci", bits=2048)
    person.matou("user", "add", "li", "--no-password", "--root", root)
    person.git("init", "--bare", "--quiet", str(tmp_path / "there.git"))
    person.matou("repo", "import", tmp_path / "there.git", "li/api", "--root", root)
    file = machine.write(tmp_path).with_suffix(".pub")

    first = person.matou("ssh-key", "add", "--user", "li", "--root", root, stdin=key.public).out.strip()
    deploy = person.matou("ssh-key", "add", "--repo", "li/api", "--write", "--root", root, file)
    rows = json.loads(person.matou("ssh-key", "list", "--user", "li", "--root", root, "--json").out)
    listed = person.matou("ssh-key", "list", "--repo", "li/api", "--root", root).out
    person.matou("ssh-key", "remove", first, "--user", "li", "--root", root)

    assert "short" in deploy.err
    assert [(str(row["id"]), row["public_key"], row["last_used_at"]) for row in rows] == [(first, key.public, None)]
    assert deploy.out.strip() in listed
    assert "may push" in listed
    assert person.matou("ssh-key", "list", "--user", "li", "--root", root).out == ""


def test_what_is_no_key_and_whose_it_is_not_are_said_so(person: Person, tmp_path: Path) -> None:
    root = tmp_path / "server"
    person.matou("user", "add", "li", "--no-password", "--root", root)
    key = new_ssh_key()

    private = person.matou("ssh-key", "add", "--user", "li", "--root", root, stdin=key.private.decode(), code=2)
    nobody = person.matou("ssh-key", "list", "--root", root, code=2)
    both = person.matou("ssh-key", "list", "--user", "li", "--repo", "li/api", "--root", root, code=2)
    writes = person.matou("ssh-key", "add", "--user", "li", "--write", "--root", root, stdin=key.public, code=2)

    assert "private key" in private.err
    assert key.private.decode().splitlines()[1] not in private.err
    assert "--user or --repo" in nobody.err
    assert "--user or --repo" in both.err
    assert "deploy keys" in writes.err
