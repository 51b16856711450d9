"""Git over SSH: fetches, pushes and what git-lfs asks for, by public keys; and nothing else (docs/decisions/ssh.md)."""
