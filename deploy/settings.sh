# shellcheck shell=bash
# The settings that start.sh itself needs, from the environment and .env; sourced by start.sh. For bash 3.2 and newer.

load_env_file() { # exports what the file sets and the environment doesn't; an empty variable counts as absent
    local file=$1 line name value number=0
    local assignment='^(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_]*)[[:space:]]*=[[:space:]]*(.*)$'
    local double='^"([^"]*)"[[:space:]]*(#.*)?$' single="^'([^']*)'[[:space:]]*(#.*)?\$"
    [[ -e $file ]] || return 0
    [[ -f $file && -r $file ]] || die 2 "$file can't be read by user $(id -un 2>/dev/null || id -u)"
    [[ ! -O $file ]] || chmod go-rwx "$file" 2>/dev/null || true # it may hold a password
    while IFS= read -r line || [[ -n $line ]]; do
        number=$((number + 1))
        line=${line#$'\xef\xbb\xbf'}
        line=${line%$'\r'}
        line=${line#"${line%%[![:space:]]*}"}
        line=${line%"${line##*[![:space:]]}"}
        [[ -n $line && $line != '#'* ]] || continue
        [[ $line =~ $assignment ]] || die 2 "$file line $number is not NAME=VALUE: mend it, or put # before it"
        name=${BASH_REMATCH[2]} value=${BASH_REMATCH[3]}
        if [[ $value =~ $double || $value =~ $single ]]; then
            value=${BASH_REMATCH[1]}
        elif [[ $value == [\"\']* ]]; then
            die 2 "$file line $number: the quotes around the value of $name don't match"
        else
            [[ $value != '#'* ]] || value=''
            value=${value%%[[:space:]]#*}
            value=${value%"${value##*[![:space:]]}"}
        fi
        [[ -n ${!name:-} || -z $value ]] || export "$name=$value"
    done <"$file"
}

port_number() { # $1 name, $2 value
    if ! [[ $2 =~ ^[0-9]{1,5}$ ]] || ((10#$2 < 1 || 10#$2 > 65535)); then
        die 2 "$1 = '$2': use a port number from 1 to 65535"
    fi
}

seconds_number() { # $1 name, $2 value
    if ! [[ $2 =~ ^[0-9]{1,4}$ ]] || ((10#$2 > 3600)); then
        die 2 "$1 = '$2': use a whole number of seconds up to 3600"
    fi
}

read_settings() {
    load_env_file .env
    GATEWAY=${GATEWAY:-live}
    [[ $GATEWAY == live || $GATEWAY == simulated ]] || die 2 "GATEWAY = '$GATEWAY': use live or simulated"
    STATE_DIR=${STATE_DIR:-state}
    LOG_DIR=${LOG_DIR:-logs}
    RUN_STATE=$STATE_DIR
    [[ $GATEWAY == live ]] || RUN_STATE=$STATE_DIR/simulated
    DASHBOARD_HOST=${DASHBOARD_HOST:-127.0.0.1}
    DASHBOARD_PORT=${DASHBOARD_PORT:-5056}
    port_number DASHBOARD_PORT "$DASHBOARD_PORT"
    read_gateway_settings
    WAIT_S=${GATEWAY_WAIT_SECONDS:-60}          # after this the dashboard and the trading loop start without the gateway
    DEADLINE_S=${GATEWAY_DEADLINE_SECONDS:-120} # a gateway that hasn't opened its port by then is started again
    LIVENESS_S=${GATEWAY_LIVENESS_SECONDS:-10}  # between two looks at a gateway that answers
    seconds_number GATEWAY_WAIT_SECONDS "$WAIT_S"
    seconds_number GATEWAY_DEADLINE_SECONDS "$DEADLINE_S"
    seconds_number GATEWAY_LIVENESS_SECONDS "$LIVENESS_S"
    RESTART_S=${RESTART_SECONDS:-1} # before the first restart of a part that died; doubled for each further one
    seconds_number RESTART_SECONDS "$RESTART_S"
    find_python
    export GATEWAY STATE_DIR LOG_DIR DASHBOARD_HOST DASHBOARD_PORT GATEWAY_URL GATEWAY_CA_BUNDLE PYTHONUNBUFFERED=1
}

read_gateway_settings() {
    local url='^https://([^/:@]+)(:([0-9]+))?(/.*)?$'
    GATEWAY_URL=${GATEWAY_URL:-https://localhost:5055}
    [[ $GATEWAY_URL =~ $url ]] || die 2 "GATEWAY_URL = '$GATEWAY_URL': use an address like https://localhost:5055"
    GATEWAY_NAME=${BASH_REMATCH[1]} GATEWAY_PORT=${BASH_REMATCH[3]:-443}
    port_number GATEWAY_URL "$GATEWAY_PORT"
    GATEWAY_URL=${GATEWAY_URL%/} GATEWAY_URL=${GATEWAY_URL%/v1/api} # the address with the API's path means the same
    case $ROLE:$GATEWAY_NAME in
        all:localhost | all:127.0.0.1 | [!a]*) ;;
        *) die 2 "GATEWAY_URL = '$GATEWAY_URL': a gateway on another machine isn't started here; run './start.sh trader' and './start.sh web'" ;;
    esac
    GATEWAY_HOST=${GATEWAY_HOST:-127.0.0.1} # where the simulated one listens; the real one listens everywhere
    GATEWAY_HOME=${GATEWAY_HOME:-$HERE/gateway}
    SIM_BARS=${SIM_BARS:-$HERE/data/us_daily.csv.gz}
    SIM_START=${SIM_START:-2014-03-03}
    SIM_CASH=${SIM_CASH:-10000}
    [[ $GATEWAY == live ]] || export SIM_SECONDS_PER_DAY="${SIM_SECONDS_PER_DAY:-1.5}" # slow enough to watch
    if [[ -z ${GATEWAY_CA_BUNDLE:-} ]]; then # what the trading loop verifies the gateway against
        if [[ $GATEWAY == live ]]; then
            GATEWAY_CA_BUNDLE=$RUN_STATE/gateway/root/gateway.pem
        else
            GATEWAY_CA_BUNDLE=$RUN_STATE/simulator/simulator-cert.pem
        fi
    fi
}

find_python() {
    PYTHON=${TRADING_PYTHON:-}
    if [[ -z $PYTHON ]]; then
        for PYTHON in "$HERE/.venv/bin/python" /opt/venv/bin/python ""; do [[ -x $PYTHON ]] && break; done
    fi
    [[ -n $PYTHON ]] || die 2 "the Python environment is missing: run 'make setup' first"
    command -v "$PYTHON" >/dev/null || die 2 "TRADING_PYTHON = '$PYTHON': there is no such program"
}

make_folders() {
    umask 077
    mkdir -p "$RUN_STATE" "$LOG_DIR" 2>/dev/null ||
        die 2 "STATE_DIR = '$STATE_DIR', LOG_DIR = '$LOG_DIR': can't be made; give folders that user $(id -u) may write to"
    [[ -w $RUN_STATE && -w $LOG_DIR ]] ||
        die 2 "STATE_DIR = '$RUN_STATE', LOG_DIR = '$LOG_DIR': not writable for user $(id -u); give folders that this user owns"
    chmod 700 "$STATE_DIR" "$RUN_STATE" "$LOG_DIR" 2>/dev/null || true
}

warm_cache() { # numba reads compiled functions only from a folder that it may write to, and the image is read-only
    [[ -n ${NUMBA_CACHE_SEED:-} && -n ${NUMBA_CACHE_DIR:-} && ! -e $NUMBA_CACHE_DIR ]] || return 0
    cp -R "$NUMBA_CACHE_SEED" "$NUMBA_CACHE_DIR.$$" && mv "$NUMBA_CACHE_DIR.$$" "$NUMBA_CACHE_DIR"
}

port_must_be_free() { # $1 port, $2 what wants it, $3 the setting that changes it
    if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then
        die 1 "port $1 is taken, so $2 can't start: stop the program that uses it (lsof -i :$1 names it), or change $3"
    fi
}

check_python_settings() { # one line about the first bad setting, of the trading loop or of the dashboard
    local web status=0 web_status=0 said
    said=$(mktemp)
    "$PYTHON" -m webapp check >/dev/null 2>"$said" &
    web=$!
    "$PYTHON" -m trading doctor --settings >/dev/null || status=$?
    wait "$web" || web_status=$?
    if ((status == 0 && web_status != 0)); then
        status=$web_status
        cat "$said" >&2
    fi
    rm -f "$said"
    ((status == 0)) || exit "$status"
}
