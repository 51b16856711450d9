"""What the members of a group may read once an archive is theirs to read."""

import grp
import os
from pathlib import Path

from matou.archive.privacy import let_group_read
from matou.server.ssh.host_key import host_key_of
from support.scripted_source import open_archive


def test_the_key_of_the_server_stays_its_owners_when_a_group_is_let_in(tmp_path: Path) -> None:
    archive = open_archive(tmp_path / "archive")
    host_key_of(archive)
    key = archive.root / "server/ssh_host_ed25519_key"

    let_group_read(archive.root, grp.getgrgid(os.getgid()).gr_name)

    assert key.stat().st_mode & 0o777 == 0o600
    assert (archive.root / "archive.json").stat().st_mode & 0o040
