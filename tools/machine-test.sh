#!/bin/sh
# Try the system on machines that are not as they should be: a full disk, a read-only one, files of another user, no IPv4.
# All of it happens in namespaces of its own, so that nothing of this machine changes. Needs Linux.
#
#   tools/machine-test.sh [--available]    --available: run nothing, say in one line why it can't run, if so
set -eu
cd "$(dirname "$0")/.."

apart="unshare --mount --net"
[ "$(id -u)" -eq 0 ] || apart="unshare --user --map-root-user --mount --net"

missing() {
    if ! command -v unshare >/dev/null || ! command -v setpriv >/dev/null || ! command -v ip >/dev/null; then
        echo "needs unshare, setpriv and ip (Debian: util-linux, iproute2)"
    elif ! $apart mount -t tmpfs none /mnt 2>/dev/null; then
        echo "needs namespaces of its own, which this machine does not give"
    fi
}

reason=$(missing)
if [ "${1:-}" = --available ]; then
    echo "$reason"
    exit 0
fi
if [ -n "$reason" ]; then
    echo "machine-test: $reason" >&2
    exit 1
fi
# So that the tests can tell that they are apart.
OUTSIDE=$(readlink /proc/self/ns/net)
# The tests take /dev/shm away.
PYTEST_DEBUG_TEMPROOT=${TMPDIR:-/tmp}
export OUTSIDE PYTEST_DEBUG_TEMPROOT
exec $apart sh -c 'ip link set lo up && exec .venv/bin/python -m pytest -q tests/machines'
