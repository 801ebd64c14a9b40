#!/bin/sh
# Write the requirements*.txt from the requirements*.in and package-lock.json from package.json.
#
# Each file holds one set for Python 3.11, 3.12 and 3.13 with the hash of every file, and names no index: whoever
# installs from it chooses where from. Versions that are locked already stay; `tools/lock.sh --upgrade` renews them.
set -eu
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet uv

compile() {
    "$work/venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --no-emit-index-url \
        --no-emit-find-links --no-header --no-annotate "$@"
}

# One resolution of everything first, so that the files agree with each other on every version.
cat requirements-dev.in requirements-source.in requirements-notify.in > "$work/all.in"
cp requirements.in "$work/"
[ ! -f requirements-dev.txt ] || cat requirements-dev.txt requirements-notify.txt > "$work/all.txt"
compile "$@" "$work/all.in" --output-file "$work/all.txt"
for name in requirements requirements-dev requirements-notify; do
    compile --generate-hashes --constraint "$work/all.txt" "$name.in" --output-file "$name.txt"
done
compile --generate-hashes --no-deps requirements-source.in --output-file requirements-source.txt
compile --generate-hashes "$@" requirements-node.in --output-file requirements-node.txt

npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund
