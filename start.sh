#!/usr/bin/env bash
# Starts and watches over the parts of the system. It is the container's entry and `make demo`.
#
#   ./start.sh [all]         gateway, trading loop and dashboard
#   ./start.sh gateway       the gateway alone (so can a second container run it)
#   ./start.sh trader        the trading loop alone
#   ./start.sh web           the dashboard alone
#   ./start.sh healthcheck   exit 0 while the system is alive, before the login and at night too (for Docker)
#
# GATEWAY=live (default) runs IBKR's Client Portal Gateway, GATEWAY=simulated the simulated one. Settings: .env.
# Ctrl-C or SIGTERM stops everything in order; a second one doesn't wait.
# Exit: 0 stopped on request, 1 a part failed for good, 2 bad setting, 3 another instance trades on this state,
# 4 (trader alone) a file can't be used for now.
#
# Written for bash 3.2 and newer, so that it runs on a Mac as well.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$HERE"

say() { printf '%-8s | %s\n' start "$*" 2>/dev/null || true; } # also when nobody reads any more
die() {
    printf 'start.sh: %s\n' "$2" >&2
    exit "$1"
}

# shellcheck source=deploy/settings.sh
source "$HERE/deploy/settings.sh"
# shellcheck source=deploy/gateway.sh
source "$HERE/deploy/gateway.sh"
# shellcheck source=deploy/supervise.sh
source "$HERE/deploy/supervise.sh"

ROLE=${1:-all}
case $ROLE in
    all | gateway | trader | web | healthcheck) ;;
    -h | --help | help)
        sed -n '2,13s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    *) die 2 "unknown part '$ROLE': use all, gateway, trader, web or healthcheck" ;;
esac
read_settings
if [[ $ROLE == healthcheck ]]; then
    exec "$PYTHON" -I "$HERE/deploy/healthcheck.py" "$DASHBOARD_AT" "$DASHBOARD_TLS_CERT"
fi
make_folders
find_scratch
warm_cache

# ---------------------------------------------------------------- the parts, one function each; they run in a child
# Each part gets the secrets that it needs, and no others.
forget_dashboard() { unset DASHBOARD_PASSWORD DASHBOARD_PASSWORD_FILE METRICS_TOKEN METRICS_TOKEN_FILE; }
forget_notify() { unset NOTIFY_URLS NOTIFY_URLS_FILE; }
part_gateway() {
    # Another program's business, all of it IBKR's or the simulator's.
    forget_dashboard
    forget_notify
    if [[ $GATEWAY == live ]]; then
        gateway_exec "$RUN_STATE/gateway"
    fi
    exec "${OWN_GROUP[@]}" "$PYTHON" -m simulator --host "$GATEWAY_HOST" --port "$GATEWAY_PORT" --bars "$SIM_BARS" --start "$SIM_START" \
        --speed 0 --cash "$SIM_CASH" --account DU1234567 --auto-login --pacing off --state "$RUN_STATE/simulator"
}
part_trader() {
    forget_dashboard
    exec "${OWN_GROUP[@]}" "$PYTHON" -m trading run
}
part_web() {
    forget_notify
    # Without a password of the user's own, one is made; the link spares looking it up. Once, not after a restart.
    if [[ -z $PASSWORD_GIVEN && -z ${DEATHS_web:-} ]]; then
        printf 'log in once with: %s\n' "$("$PYTHON" -m webapp login-link)"
    fi
    exec "${OWN_GROUP[@]}" "$PYTHON" -m gunicorn --config "$HERE/webapp/gunicorn.conf.py" 'webapp.app:create_app()'; }

# ---------------------------------------------------------------- everything that can be wrong is said before a part starts
if [[ $ROLE == all || $ROLE == gateway ]]; then
    port_must_be_free "$GATEWAY_PORT" "the gateway" GATEWAY_URL
    [[ $GATEWAY == simulated ]] || gateway_check_program
fi
if [[ $ROLE == all || $ROLE == web ]]; then
    port_must_be_free "$DASHBOARD_PORT" "the dashboard" DASHBOARD_PORT
fi
if [[ $ROLE == all ]]; then
    check_python_settings
fi
if [[ $GATEWAY == live && ($ROLE == all || $ROLE == gateway) ]]; then
    gateway_prepare "$RUN_STATE/gateway"
fi

# One part alone: this process becomes it. Not so with the live gateway, whose script leaves Java behind when it is stopped.
OWN_GROUP=(env) # does nothing
case $ROLE in
    trader) part_trader ;;
    web) part_web ;;
    gateway) [[ $GATEWAY == live ]] || part_gateway ;;
esac
OWN_GROUP=("$PYTHON" -I -S "$HERE/deploy/own_group.py")
supervise "$ROLE"
