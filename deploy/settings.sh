# shellcheck shell=bash
# The settings that start.sh itself needs, and what it looks at before it starts anything; sourced by start.sh. For
# bash 3.2 and newer.

read_settings() { # from the environment, .env and config.json; what can't be used has been said in one line
    local assignments
    if [[ -z ${TRADING_PYTHON:-} && -r .env && -f .env ]]; then
        TRADING_PYTHON=$(python_of_env_file <.env 2>/dev/null) || TRADING_PYTHON=''
    fi
    find_python
    [[ ! -O .env ]] || chmod go-rwx .env 2>/dev/null || true # it may hold a password
    assignments=$("$PYTHON" "$HERE/deploy/settings.py" "$ROLE") || exit $?
    eval "$assignments"
    export PYTHONUNBUFFERED=1
}

# TRADING_PYTHON has to be known before there is a Python that could read .env: print its value, by the rules of
# trading/config/env_file.py. What these refuse is no value here; they say so once they read the file.
python_of_env_file() {
    local LC_ALL=C line value='' begin=$'\xef\xbb\xbf' size=0
    local name=$'^[ \t]*(export[ \t]+)?TRADING_PYTHON[ \t]*=[ \t]*(.*)$'
    local double=$'^"([^"$\\]*)"[ \t]*(#.*)?$' single=$'^\'([^\']*)\'[ \t]*(#.*)?$'
    while IFS= read -r line || [[ -n $line ]]; do
        line=${line#"$begin"} begin='' # of the file alone
        size=$((size + ${#line} + 1))
        ((size <= 1000000)) || return 0
        line=${line%$'\r'}
        [[ $line =~ $name ]] || continue
        value=${BASH_REMATCH[2]}
        [[ ${line//$'\t'/} != *[[:cntrl:]]* ]] || value=''
        case $value in
            '#'*) value='' ;;
            \"*) if [[ $value =~ $double ]]; then value=${BASH_REMATCH[1]}; else value=''; fi ;;
            \'*) if [[ $value =~ $single && ${BASH_REMATCH[1]} != *\\ ]]; then value=${BASH_REMATCH[1]}; else value=''; fi ;;
            *)
                value=${value%%' #'*}
                while [[ $value == *[$' \t'] ]]; do value=${value%?}; done
                [[ $value != *'$'* && $value != *$'\t#'* ]] || value=''
                ;;
        esac
        printf '%s\n' "$value"
        return 0
    done
}

find_python() {
    PYTHON=${TRADING_PYTHON:-}
    if [[ -z $PYTHON ]]; then
        for PYTHON in "$HERE/.venv/bin/python" /opt/venv/bin/python ""; do [[ -x $PYTHON ]] && break; done
    fi
    [[ -n $PYTHON ]] || die 2 "the Python environment is missing: run 'make setup' first"
    command -v "$PYTHON" >/dev/null || die 2 "TRADING_PYTHON = '$PYTHON': there is no such program"
    [[ $("$PYTHON" -I -S -c 'import sys; print("Python", sys.version_info >= (3, 11))' 2>/dev/null </dev/null) == 'Python True' ]] ||
        die 2 "TRADING_PYTHON = '$PYTHON': is no Python 3.11 or newer; leave it empty for that of 'make setup'"
}

make_folders() {
    umask 077
    mkdir -p "$RUN_STATE" "$LOG_DIR" 2>/dev/null ||
        die 2 "STATE_DIR = '$STATE_DIR', LOG_DIR = '$LOG_DIR': can't be made; give folders that user $(id -u) may write to"
    [[ -w $RUN_STATE && -w $LOG_DIR ]] ||
        die 2 "STATE_DIR = '$RUN_STATE', LOG_DIR = '$LOG_DIR': not writable for user $(id -u); give folders that this user owns"
    chmod 700 "$STATE_DIR" "$RUN_STATE" "$LOG_DIR" 2>/dev/null || true
}

find_scratch() { # where TMPDIR is of no use, programs would each fail in their own words
    [[ -d ${TMPDIR:-/tmp} && -w ${TMPDIR:-/tmp} && -x ${TMPDIR:-/tmp} ]] && return
    say "TMPDIR = '${TMPDIR:-/tmp}' is no folder that can be written to; $RUN_STATE/tmp is used"
    mkdir -p "$RUN_STATE/tmp" || die 2 "$RUN_STATE/tmp can't be made; give TMPDIR a folder that user $(id -u) may write to"
    TMPDIR=$(cd "$RUN_STATE/tmp" && pwd)
    export TMPDIR
}

warm_cache() { # numba reads compiled functions only from a folder that it may write to, and the image is read-only
    [[ -n ${NUMBA_CACHE_SEED:-} && -n ${NUMBA_CACHE_DIR:-} && ! -e $NUMBA_CACHE_DIR ]] || return 0
    cp -R "$NUMBA_CACHE_SEED" "$NUMBA_CACHE_DIR.$$" && mv "$NUMBA_CACHE_DIR.$$" "$NUMBA_CACHE_DIR"
}

port_must_be_free() { # $1 port, $2 what wants it, $3 the setting that changes it
    if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null || (exec 3<>"/dev/tcp/::1/$1") 2>/dev/null; then
        die 1 "port $1 is taken, so $2 can't start: stop the program that uses it (lsof -i :$1 names it), or change $3"
    fi
}

check_python_settings() { # one line about the first bad setting, of the trading loop, the dashboard or the simulator
    local part status=0 said
    local -a pids=()
    said=$(mktemp -d)
    "$PYTHON" -m trading doctor --settings >/dev/null 2>"$said/0" &
    pids+=($!)
    env -u NOTIFY_URLS -u NOTIFY_URLS_FILE "$PYTHON" -m webapp check >/dev/null 2>"$said/1" &
    pids+=($!)
    if [[ $GATEWAY == simulated ]]; then
        env -u NOTIFY_URLS -u NOTIFY_URLS_FILE "$PYTHON" -m simulator --check --bars "$SIM_BARS" --start "$SIM_START" --cash "$SIM_CASH" --symbols "$SIM_SYMBOLS" >/dev/null 2>"$said/2" &
        pids+=($!)
    fi
    for part in "${!pids[@]}"; do
        if ! wait "${pids[part]}" && ((status == 0)); then
            status=2
            # The simulator names its options; people know them as settings.
            sed -e 's/^simulator: --symbols:/simulator: SIM_TICKERS:/' -e 's/^simulator: --start:/simulator: SIM_START:/' "$said/$part" >&2
        fi
    done
    rm -rf "$said"
    ((status == 0)) || exit "$status"
}
