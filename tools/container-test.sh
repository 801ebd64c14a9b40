#!/bin/sh
# Try the container for real: build the images, run them under Compose, kill and restart what can be killed and restarted.
# Needs root and Docker with Compose. Where Docker doesn't answer, a script that brings an engine up is used: the one that
# CONTAINER_ENGINE names, or ../shared/container/engine where it is there.
#
#   tools/container-test.sh [--available]    --available: run nothing, say in one line why it can't run, if so
set -eu
cd "$(dirname "$0")/.."

engine=${CONTAINER_ENGINE:-../shared/container/engine}

missing() {
    if [ "$(id -u)" -ne 0 ]; then
        echo "needs root"
    elif ! docker info >/dev/null 2>&1 && [ ! -x "$engine" ]; then
        echo "needs Docker, and none answers"
    fi
}

reason=$(missing)
if [ "${1:-}" = --available ]; then
    echo "$reason"
    exit 0
fi
if [ -n "$reason" ]; then
    echo "container-test: $reason" >&2
    exit 1
fi
if ! docker info >/dev/null 2>&1; then
    eval "$("$engine" up)"
fi
exec .venv/bin/python -m pytest -q tests/container
