#!/usr/bin/env bash
# Starts and watches over the parts of the system. It is the container's entry and `make demo`.
#
#   ./start.sh [all]       gateway, trading loop and dashboard
#   ./start.sh gateway     the gateway alone (so can a second container run it)
#   ./start.sh trader      the trading loop alone
#   ./start.sh web         the dashboard alone
#   ./start.sh healthcheck exit 0 while the system is alive (for Docker; right before and after the login)
#
# GATEWAY=live (default) runs IBKR's Client Portal Gateway, GATEWAY=simulated the simulated one. Settings: .env.
# Exit: 0 stopped on request, 1 a part failed for good, 2 bad setting, 3 another instance trades on this state.
# Written for bash 3.2 and newer, so that it runs on a Mac as well.
set -euo pipefail
set -m # each part gets a process group of its own: Ctrl-C reaches this script alone, and a stop reaches grandchildren

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$HERE"

say() { printf 'start    | %s\n' "$*"; }
die() {
    printf 'start.sh: %s\n' "$2" >&2
    exit "$1"
}
sha256_of() { if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1; }

# shellcheck source=deploy/gateway.sh
source "$HERE/deploy/gateway.sh"

# ---------------------------------------------------------------- settings
setting() { # the value of $1 from the environment, else from .env, else $2; an empty one counts as absent
    local value=${!1:-} line
    if [[ -z $value && -f .env ]]; then
        line=$(grep -E "^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*=" .env | tail -n 1 | tr -d '\r') || true
        value=${line#*=}
        value=$(printf '%s' "$value" | sed -e 's/[[:space:]]#.*$//' -e 's/^[[:space:]]*//' -e 's/[[:space:]]*$//' -e "s/^'\(.*\)'\$/\1/" -e 's/^"\(.*\)"$/\1/')
    fi
    printf '%s' "${value:-$2}"
}

ROLE=${1:-all}
case $ROLE in
    all | gateway | trader | web | healthcheck) ;;
    -h | --help | help) sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) die 2 "unknown part '$ROLE': use all, gateway, trader, web or healthcheck" ;;
esac

GATEWAY=$(setting GATEWAY live)
[[ $GATEWAY == live || $GATEWAY == simulated ]] || die 2 "GATEWAY = '$GATEWAY': use live or simulated"
STATE_DIR=$(setting STATE_DIR state)
LOG_DIR=$(setting LOG_DIR logs)
GATEWAY_HOME=$(setting GATEWAY_HOME "$HERE/gateway")
GATEWAY_CORS=$(setting GATEWAY_CORS "https://(localhost|127[.]0[.]0[.]1):5055")
GATEWAY_PORT=$(setting GATEWAY_PORT 5055)
DASHBOARD_HOST=$(setting DASHBOARD_HOST 127.0.0.1)
DASHBOARD_PORT=$(setting DASHBOARD_PORT 5056)
export GATEWAY STATE_DIR LOG_DIR DASHBOARD_HOST DASHBOARD_PORT PYTHONUNBUFFERED=1

RUN_STATE=$STATE_DIR
[[ $GATEWAY == simulated ]] && RUN_STATE=$STATE_DIR/simulated
STOP_SECONDS=25   # what the trader may take to finish the order it is sending
READY_SECONDS=60  # after this the dashboard starts without the gateway and says why
RESTARTS_AN_HOUR=5

PYTHON=$(setting TRADING_PYTHON "")
if [[ -z $PYTHON ]]; then
    for PYTHON in "$HERE/.venv/bin/python" /opt/venv/bin/python ""; do [[ -x $PYTHON ]] && break; done
fi
[[ -n $PYTHON ]] || die 2 "the Python environment is missing: run 'make setup' first"

if [[ $ROLE == healthcheck ]]; then
    exec "$PYTHON" "$HERE/deploy/healthcheck.py" "http://127.0.0.1:$DASHBOARD_PORT/healthz"
fi

umask 077
mkdir -p "$RUN_STATE" "$LOG_DIR" 2>/dev/null || die 2 "STATE_DIR = '$STATE_DIR', LOG_DIR = '$LOG_DIR': can't be made or written; give folders that this user owns"
[[ -w $RUN_STATE && -w $LOG_DIR ]] || die 2 "STATE_DIR = '$RUN_STATE', LOG_DIR = '$LOG_DIR': not writable for user $(id -u); give folders that this user owns"
chmod 700 "$STATE_DIR" "$RUN_STATE" "$LOG_DIR" 2>/dev/null || true

# ---------------------------------------------------------------- the parts, one function each; they run in a child
part_gateway() {
    if [[ $GATEWAY == live ]]; then
        gateway_exec "$RUN_STATE/gateway"
    fi
    exec "$PYTHON" -m simulator --host "$(setting GATEWAY_HOST 127.0.0.1)" --port "$GATEWAY_PORT" \
        --bars "$(setting SIM_BARS "$HERE/data/us_daily.csv.gz")" --start "$(setting SIM_START 2014-03-03)" \
        --speed 0 --cash "$(setting SIM_CASH 10000)" --account DU1234567 --auto-login --pacing off \
        --state "$RUN_STATE/simulator"
}
part_trader() { exec "$PYTHON" -m trading run; }
part_web() { exec "$PYTHON" -m gunicorn --config "$HERE/webapp/gunicorn.conf.py" 'webapp.app:create_app()'; }

# ---------------------------------------------------------------- supervision
PARTS=()          # names of what should run
PID_gateway='' PID_trader='' PID_web=''
FAILS_gateway='' FAILS_trader='' FAILS_web=''   # times of this hour's deaths
DUE_gateway=0 DUE_trader=0 DUE_web=0

get() { eval "printf '%s' \"\${$1_$2}\""; }
put() { eval "$1_$2=\$3"; }

launch() { # $1 part; its lines are named, and the gateway's also go to logs/gateway.log
    local name=$1
    local label
    label=$(printf '%-8s' "$name")
    # The filter ignores INT and TERM: it ends by itself when the last writer has closed the pipe.
    if [[ $name == gateway ]]; then
        "part_$name" </dev/null > >(trap '' INT TERM; tee -a "$LOG_DIR/gateway.log" | sed -u "s/^/$label | /") 2>&1 &
    else
        "part_$name" </dev/null > >(trap '' INT TERM; sed -u "s/^/$label | /") 2>&1 &
    fi
    put PID "$name" $!
}

group_alive() { kill -0 -- "-$1" 2>/dev/null; }

stop_part() { # $1 part, $2 seconds; TERM to the whole group, then KILL
    local pid waited=0
    pid=$(get PID "$1")
    [[ -n $pid ]] || return 0
    kill -TERM -- "-$pid" 2>/dev/null || true
    while group_alive "$pid"; do
        if ((waited >= $2 * 10)); then
            say "$1 did not stop within $2 s and is killed"
            kill -KILL -- "-$pid" 2>/dev/null || true
            break
        fi
        sleep 0.1
        waited=$((waited + 1))
    done
    wait "$pid" 2>/dev/null || true
    put PID "$1" ''
}

stop_all() { # the trader first: it must still reach the gateway to finish what it is sending
    trap '' INT TERM HUP
    {
        stop_part trader "$STOP_SECONDS"
        stop_part web 5
        stop_part gateway 5
    } 2>/dev/null # bash's own notes about ended jobs
}

on_signal() {
    say "stopping"
    stop_all
    say "stopped; nothing was cancelled at the broker"
    exit 0
}

pause() { # an interruptible sleep
    sleep "$1" &
    wait $! 2>/dev/null || true
}

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

port_must_be_free() { # $1 port, $2 what wants it, $3 how to change that
    if port_taken "$1"; then
        die 1 "port $1 is taken, $2 can't start: stop the program that uses it (lsof -i :$1 names it)$3"
    fi
}

gateway_ca() { if [[ $GATEWAY == live ]]; then printf '%s' "$RUN_STATE/gateway/root/gateway.pem"; else printf '%s' "$RUN_STATE/simulator/simulator-cert.pem"; fi; }

wait_for_gateway() { # polls tickle until it answers (a 401 is an answer); each probe has a time limit of its own
    local began=$SECONDS url="https://localhost:$GATEWAY_PORT/v1/api/tickle" answer=''
    while ((SECONDS - began < READY_SECONDS)); do
        if answer=$("$PYTHON" "$HERE/deploy/probe.py" "$url" "$(gateway_ca)" 2>&1); then
            say "gateway answers after $((SECONDS - began)) s ($answer)"
            return 0
        fi
        check_children || true
        pause 0.5
    done
    say "gateway has not answered for $READY_SECONDS s: $answer"
    return 1
}

# A part that died: settings and a second instance end everything, anything else is started again with back-off.
handle_death() {
    local name=$1 status=$2 now=$SECONDS times='' t count=0 pause_s
    put PID "$name" ''
    if [[ $name != gateway || $GATEWAY == simulated ]] && ((status == 2 || status == 3)); then
        say "$name can't run (exit $status, see its line above)"
        stop_all
        exit "$status"
    fi
    for t in $(get FAILS "$name"); do ((now - t < 3600)) && { times+=" $t"; count=$((count + 1)); }; done
    put FAILS "$name" "$times $now"
    if ((count >= RESTARTS_AN_HOUR)); then
        say "$name died again (exit $status), $((count + 1)) times within an hour: giving up, see the lines above"
        stop_all
        exit 1
    fi
    pause_s=$((1 << count))
    ((pause_s > 60)) && pause_s=60
    say "$name ended (exit $status); starting it again in $pause_s s"
    put DUE "$name" $((now + pause_s))
}

check_children() {
    local name pid status
    for name in ${STARTED:-}; do
        pid=$(get PID "$name")
        if [[ -n $pid ]]; then
            kill -0 "$pid" 2>/dev/null && continue
            status=0
            wait "$pid" 2>/dev/null || status=$?
            kill -KILL -- "-$pid" 2>/dev/null || true # what it left behind, such as the Java child of the gateway's script
            handle_death "$name" "$status"
        elif ((SECONDS >= $(get DUE "$name"))); then
            launch "$name"
        fi
    done
}

# ---------------------------------------------------------------- one part alone: this process becomes it
if [[ $ROLE == gateway && $GATEWAY == live ]]; then gateway_check_program && gateway_prepare "$RUN_STATE/gateway"; fi
case $ROLE in
    trader) part_trader ;;
    web) part_web ;;
    gateway) [[ $GATEWAY == live ]] || part_gateway ;;
esac

# ---------------------------------------------------------------- all (or the live gateway, whose script leaves Java behind)
trap on_signal INT TERM HUP
port_must_be_free "$GATEWAY_PORT" "the gateway" ""
if [[ $ROLE == all ]]; then
    port_must_be_free "$DASHBOARD_PORT" "the dashboard" ", or set DASHBOARD_PORT in .env"
    "$PYTHON" -m trading doctor --settings || exit $?
    [[ $GATEWAY == simulated ]] || { gateway_check_program; gateway_prepare "$RUN_STATE/gateway"; }
fi

STARTED=gateway
launch gateway
if [[ $ROLE == all ]]; then
    wait_for_gateway || say "the dashboard starts without it; the trading loop waits"
    STARTED="gateway web trader"
    launch web
    launch trader
    say "dashboard: http://localhost:$DASHBOARD_PORT   login at IBKR: https://localhost:$GATEWAY_PORT   stop: Ctrl-C"
fi
while :; do
    check_children
    pause 0.5
done
