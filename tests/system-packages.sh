#!/bin/sh
# Installs what the tests need beside Python: on Debian as root; elsewhere it says what is missing. Tests whose
# program is missing are reported as skipped, by name. SOAK=1 adds what only the long tests need.
set -eu

missing=''
pairs='nginx:nginx-light caddy:caddy git:git git-lfs:git-lfs curl:curl gpg:gnupg strace:strace gnome-keyring-daemon:gnome-keyring dbus-run-session:dbus microsocks:microsocks zsh:zsh fish:fish chromium:chromium sshd:openssh-server ssh:openssh-client svnserve:subversion'
[ "${SOAK:-}" != 1 ] || pairs="$pairs mkfs.xfs:xfsprogs mkfs.ext4:e2fsprogs promtool:prometheus ip:iproute2 cc:gcc"
for pair in $pairs; do
  PATH="$PATH:/usr/sbin" command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
git svn --version >/dev/null 2>&1 || missing="$missing git-svn"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing for the tests:$missing"
  apt-get update -qq
  # shellcheck disable=SC2086  # a list of package names
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
else
  echo "not installed, so the tests that need them are skipped:$missing" >&2
fi
