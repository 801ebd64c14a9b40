#!/usr/bin/env bash
# Build step: put IBKR's gateway program into a folder.
#
#   fetch-gateway.sh live|simulated ZIP_URL JAR_SHA256 SOURCE TARGET
#
# SOURCE may hold clientportal.gw.zip or the unpacked program; otherwise it is downloaded. `simulated` takes nothing.
set -euo pipefail
kind=$1 url=$2 known=$3 source=$4 target=$5

mkdir -p "$target"
[[ $kind == live ]] || exit 0

if [[ -f $source/bin/run.sh ]]; then
    cp -r "$source"/. "$target"
else
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends curl unzip ca-certificates >/dev/null
    zip=$source/clientportal.gw.zip
    if [[ ! -f $zip ]]; then
        zip=/tmp/clientportal.gw.zip
        curl --fail --silent --show-error --location --proto '=https' --max-time 300 --output "$zip" "$url" || {
            echo "The gateway can't be downloaded from $url: put clientportal.gw.zip into gateway/, or build with GATEWAY=simulated" >&2
            exit 1
        }
    fi
    unzip -q "$zip" -d "$target" || {
        echo "$zip is no zip file: fetch it again from IBKR's Client Portal API page" >&2
        exit 1
    }
fi
rm -rf "$target/README.md" "$target/root/webapps" # the demo application
[[ -f $target/bin/run.sh ]] || {
    echo "there is no bin/run.sh in the gateway program: is it IBKR's clientportal.gw.zip?" >&2
    exit 1
}
jar=$target/dist/ibgroup.web.core.iblink.router.clientportal.gw.jar
sum=$(sha256sum "$jar" 2>/dev/null | cut -d ' ' -f 1 || true)
if [[ $sum == "$known" ]]; then
    echo "gateway jar: the known build ($sum)"
else
    echo "WARNING: the gateway's jar is not the known build: ${sum:-there is none}, expected $known"
fi
chmod -R a+rX,go-w "$target"
