#!/bin/bash
# The stand-in's start script. Like the original's: it needs an argument, puts the folder of the configuration first on the
# class path, and starts Java as a child of its own, which it leaves behind when it is ended.
if [ $# -lt 1 ]; then
    echo "usage: $0 /path/to/conf.yaml" >&2
    exit 1
fi
root=$(basename "$(dirname "$1")")
java -server -cp "$root:dist/ibgroup.web.core.iblink.router.clientportal.gw.jar:build/lib/runtime/*" \
    ibgroup.web.core.clientportal.gw.GatewayStart --conf "../$1"
