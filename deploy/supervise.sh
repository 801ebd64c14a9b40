# shellcheck shell=bash
# Watching over the parts; sourced by start.sh. For bash 3.2 and newer.
#
# Each part has a process group of its own (own_group.py): Ctrl-C reaches start.sh alone, and a stop reaches the
# grandchildren, such as the Java process that the gateway's script leaves behind. Each part writes into a pipe of its own,
# whose reader names the lines and outlives the part, so that last words are never lost.

RESTARTS_AN_HOUR=5
LONGEST_TICK_S=60 # between two looks at the clock; more means that it was set
RENEWED_S=5       # a note that is older than 20 s counts for nothing
NOT_NOW_S=30      # until the trading loop is tried again after a file of it could not be used
STOP_S=20         # what the trading loop may take to finish the order that it is sending
GATEWAY_STOP_S=5
PROBES_MISSED=3   # so often a gateway that has answered may be silent before it is started again
GATEWAY_LOG_BYTES=5000000

# bash 3.2 has no associative arrays: PID_web is the process of the part web, and so on.
get() { # $1 what, $2 part, $3 the variable to put it into
    local name=$1_$2
    eval "$3=\${$name:-}"
}
put() { eval "$1_$2=\$3"; }

RUNNING=''         # the parts that should run
STOPPING=''        # somebody asked for it
IMPATIENT=''       # and once more
PROBE='' PROBE_DUE=0 MISSED=0
ASKED=api          # what the last probe asked: alive or api
READER_gateway='' READER_web='' READER_trader=''
GATEWAY_SINCE=0    # when it was launched
GATEWAY_ALIVE=''   # it has answered since
GATEWAY_ANSWERED='' # it has answered since start.sh began
GATEWAY_WORDS='it begins' # the last that was found out about it
GATEWAY_TOLD=''    # the last that was said about it
LAST=0             # SECONDS as it was looked at last
NOTED=''           # the second in which the dashboard was told what trading waits for, and the words
NOTED_AT=0         # when that was said or renewed
AGAIN=''           # why the trading loop is started again, up to the moment

# ---------------------------------------------------------------- lines
name_lines() { # $1 part: put its name before each line; control characters are taken out
    trap '' INT TERM HUP PIPE
    exec 5>&- 6>&- 7>&- 8>&- # the pipes of the others end when their parts end
    local LC_ALL=C line log='' size=0
    if [[ $1 == gateway ]]; then
        log=$LOG_DIR/gateway.log
        exec 4>>"$log"
        size=$(wc -c <"$log")
    fi
    while IFS= read -r line || [[ -n $line ]]; do
        line=${line//[[:cntrl:]]/ }
        printf '%-8s | %s\n' "$1" "$line"
        [[ -n $log ]] || continue
        printf '%s\n' "$line" >&4
        size=$((size + ${#line} + 1))
        if ((size > GATEWAY_LOG_BYTES)); then
            mv -f "$log.1" "$log.2"
            mv -f "$log" "$log.1"
            exec 4>"$log"
            size=0
        fi
    done
} 2>/dev/null

open_output() { # $1 part, $2 file descriptor that its lines go to
    mkfifo "$SCRATCH/$1"
    name_lines "$1" <"$SCRATCH/$1" &
    put READER "$1" $!
    put OUTPUT "$1" "$2"
    eval "exec $2>\"\$SCRATCH/\$1\""
}

# ---------------------------------------------------------------- starting and stopping
launch() {
    local name=$1 output
    if [[ $name == trader ]]; then
        NOTED='' # whatever was said in this second, it may have taken that away
        note 'it begins' # until it says something itself, which ends the note; what it said last time is old
    fi
    get OUTPUT "$name" output
    ("part_$name") </dev/null >&"$output" 2>&1 5>&- 6>&- 7>&- 8>&- &
    put PID "$name" $!
    if [[ $name == gateway ]]; then
        GATEWAY_SINCE=$SECONDS GATEWAY_ALIVE='' MISSED=0 PROBE_DUE=0
    fi
}

# A part is in the group of its own number but for its first moment.
alive() { kill -0 -- "-$1" || kill -0 "$1"; }
send() { kill "-$1" -- "-$2" || kill "-$1" "$2"; } # $1 signal, $2 process

rest() { # nothing is ever written there: a sleep without a process, which a signal ends
    read -r -t "$TICK" -u 8
    keep_time
}

keep_time() { # SECONDS follows the machine's clock: one that was set, or a machine that slept, makes nothing late or due
    if ((SECONDS < LAST || SECONDS > LAST + LONGEST_TICK_S)); then SECONDS=$LAST; fi
    LAST=$SECONDS
}

stop_parts() { # $1 seconds, then the parts: TERM to their groups, KILL to what is left after that time
    local limit=$((SECONDS + $1)) name pid ended left
    shift
    for name in "$@"; do
        get PID "$name" pid
        put ENDED "$name" ''
        [[ -z $pid ]] || send TERM "$pid"
    done
    while :; do
        left=''
        for name in "$@"; do
            get PID "$name" pid
            if [[ -z $pid ]] || ! alive "$pid"; then continue; fi
            get ENDED "$name" ended
            if ! kill -0 "$pid"; then # what it started has two seconds more, such as Java behind the gateway's script
                put ENDED "$name" "${ended:-$SECONDS}"
                ((SECONDS - ${ended:-$SECONDS} < 2)) || continue
            fi
            left+=" $name"
        done
        if [[ -z $left || -n $IMPATIENT ]] || ((SECONDS >= limit)); then break; fi
        rest
    done
    for name in $left; do
        [[ -n $IMPATIENT ]] || say "$name did not stop in time and is killed"
    done
    for name in "$@"; do
        get PID "$name" pid
        [[ -n $pid ]] || continue
        send KILL "$pid"
        wait "$pid"
        put PID "$name" ''
    done
}

shut_down() { # however it ends, no process stays
    local pid
    trap '' HUP
    trap 'IMPATIENT=1' INT TERM
    [[ -z $PROBE ]] || kill -KILL "$PROBE"
    stop_parts "$STOP_S" trader web # while the gateway is there: an order that is being sent needs it
    stop_parts "$GATEWAY_STOP_S" gateway
    exec 5>&- 6>&- 7>&-
    for pid in $READER_gateway $READER_web $READER_trader; do
        # At most two seconds for last words: something that left its group may still hold the pipe.
        for _ in 1 2 3 4 5 6 7 8; do if kill -0 "$pid"; then rest; fi; done
        kill -KILL "$pid"
    done
    rm -rf "$SCRATCH" "$RUN_STATE/waiting"
}

end() { # $1 exit code, $2 what to say
    say "$2"
    shut_down
    trap - EXIT
    (($1 != 0)) || say "stopped; orders at the broker stay as they are"
    exit "$1"
}

on_exit() { # nothing should lead here
    local status=$?
    {
        set +e
        say "start.sh itself failed (exit $status)"
        shut_down
    } 2>/dev/null
    exit 1
}

# ---------------------------------------------------------------- watching
take_up_death() { # $1 part, $2 exit code, $3 how it ended: start it again, later each time, or end everything
    local name=$1 status=$2 deaths times='' moment count=0 delay why=''
    get DEATHS "$name" deaths
    put PID "$name" ''
    case $name:$status in
        trader:4) # locked, a full disk, a read-only one: no fault of the program, and it may be over at any time
            say "$name can't run for now (exit 4, see its line above); the next attempt is in $NOT_NOW_S s"
            put DUE "$name" $((SECONDS + NOT_NOW_S))
            AGAIN="trading waits for its files, which can't be used for now (its last line says why); the next attempt is"
            note_again
            return
            ;;
        trader:[23]) end "$status" "$name can't run (exit $status, see its line above)" ;;
        web:2) why='see its line above' ;; # what it lacks won't be there in a second
        gateway:2) [[ $GATEWAY == live ]] || end 2 "$name can't run (exit 2, see its line above)" ;;
    esac
    for moment in $deaths; do
        if ((SECONDS - moment < 3600)); then times+=" $moment" count=$((count + 1)); fi
    done
    put DEATHS "$name" "$times $SECONDS"
    if [[ -z $why ]] && ((count < RESTARTS_AN_HOUR)); then
        delay=$((RESTART_S << count))
        say "$name $3; starting it again in $delay s"
    elif [[ $name == web || ($name == gateway && $RUNNING != gateway) ]]; then
        # Nobody trades less for want of a page. Without a gateway positions have their stops at the broker, and the
        # dashboard tells what is wrong.
        delay=900
        say "$name $3, ${why:-$((count + 1)) times within an hour}; the next attempt is in $((delay / 60)) minutes"
    else
        end 1 "$name $3, $((count + 1)) times within an hour: giving up, see the lines above"
    fi
    put DUE "$name" $((SECONDS + delay))
    if [[ $name == trader ]]; then
        AGAIN="it $3; it is started again"
        note_again
    fi
}

watch_parts() {
    local name pid status due
    for name in $RUNNING; do
        get PID "$name" pid
        if [[ -z $pid ]]; then
            get DUE "$name" due
            if ((SECONDS >= due)); then
                launch "$name"
            elif [[ $name == trader ]]; then
                note_again
            fi
        elif ! kill -0 "$pid"; then
            wait "$pid"
            status=$?
            send KILL "$pid" # what it left behind
            take_up_death "$name" "$status" "ended (exit $status)"
        elif [[ $name == trader ]]; then
            renew_note
        fi
    done
}

restart_gateway() { # $1 why; it runs, but it is of no use
    stop_parts "$GATEWAY_STOP_S" gateway
    take_up_death gateway 1 "$1"
}

tell() { # $1 about the gateway, once
    [[ $1 == "$GATEWAY_TOLD" ]] || say "gateway: $1"
    GATEWAY_TOLD=$1
}

judge_gateway() { # $1 exit code of the probe, $2 its words
    PROBE_DUE=$((SECONDS + LIVENESS_S))
    GATEWAY_WORDS=$2
    case $1 in
        0)
            if [[ -z $GATEWAY_ALIVE ]]; then
                say "gateway: up after $((SECONDS - GATEWAY_SINCE)) s"
                if [[ $ASKED == alive && $GATEWAY == live ]]; then
                    say "gateway: its login is gone; log in again at https://$GATEWAY_NAME:$GATEWAY_PORT"
                fi
            fi
            GATEWAY_ALIVE=1 MISSED=0
            if [[ $ASKED == api ]]; then
                GATEWAY_ANSWERED=1
                tell "$2"
            fi
            ;;
        3) # the program itself answers; a request to IBKR doesn't come back
            GATEWAY_ALIVE=1 MISSED=0
            tell "$2"
            [[ -n $GATEWAY_ANSWERED ]] || PROBE_DUE=$((SECONDS + 1))
            ;;
        *)
            MISSED=$((MISSED + 1))
            if [[ -z $GATEWAY_ALIVE ]]; then
                PROBE_DUE=$SECONDS
                if ((SECONDS - GATEWAY_SINCE >= DEADLINE_S)); then
                    restart_gateway "has not opened its port for $DEADLINE_S s ($2)"
                fi
            elif ((MISSED >= PROBES_MISSED)); then
                restart_gateway "has stopped to answer ($2)"
            fi
            ;;
    esac
}

watch_gateway() { # one probe at a time, in the background: it may hang up to its own time limit
    local status
    if [[ -n $PROBE ]]; then
        kill -0 "$PROBE" && return
        wait "$PROBE"
        status=$?
        PROBE=''
        [[ -z $PID_gateway ]] || judge_gateway "$status" "$(<"$SCRATCH/probe")"
    elif [[ -n $PID_gateway ]] && ((SECONDS >= PROBE_DUE)); then
        ASKED=alive # once the trading loop runs, the API's limits are its own
        [[ -n $GATEWAY_ANSWERED || $RUNNING == *trader* ]] || ASKED=api
        # shellcheck disable=SC2153
        "$PYTHON" -I "$HERE/deploy/probe.py" "https://$GATEWAY_NAME:$GATEWAY_PORT" "$GATEWAY_CA_BUNDLE" "$ASKED" \
            </dev/null >"$SCRATCH/probe" 2>&1 5>&- 6>&- 7>&- 8>&- &
        PROBE=$!
    fi
}

note() { # $1 what the trading loop waits for: the dashboard says it; an old note counts for nothing
    [[ "$SECONDS $1" != "$NOTED" ]] || return 0
    NOTED="$SECONDS $1" NOTED_AT=$SECONDS
    printf '%s\n' "$1" 2>/dev/null >"$RUN_STATE/waiting" || true
}

note_again() { # the trading loop ended and is not there, which is known before its silence shows it
    local due
    get DUE trader due
    note "$AGAIN in $((due - SECONDS)) s"
}

renew_note() { # while the trading loop begins. It takes the note away once it speaks for itself, so that none is made here
    if ((SECONDS - NOTED_AT >= RENEWED_S)) && [[ -e $RUN_STATE/waiting ]]; then
        touch -c "$RUN_STATE/waiting"
        NOTED_AT=$SECONDS
    fi
}

start_trading() { # once the gateway answers, or without it
    if [[ -z $GATEWAY_ANSWERED ]] && ((SECONDS < WAIT_S)); then
        note "waiting for the gateway ($GATEWAY_WORDS); without it trading starts in $((WAIT_S - SECONDS)) s"
        return
    fi
    if [[ -z $GATEWAY_ANSWERED ]]; then
        say "gateway has not answered for $WAIT_S s ($GATEWAY_WORDS); the trading loop starts and waits for it"
    fi
    RUNNING="gateway web trader"
    launch trader
}

supervise() { # $1 all or gateway; never returns
    TICK=1
    ((BASH_VERSINFO[0] < 4)) || TICK=0.25 # bash 3.2 waits whole seconds only
    DASHBOARD_ADDRESS=http://$DASHBOARD_NAME:$DASHBOARD_PORT
    [[ -z ${DASHBOARD_TLS_CERT:-} ]] || DASHBOARD_ADDRESS=https://$DASHBOARD_NAME:$DASHBOARD_PORT
    SCRATCH=$(mktemp -d)
    SECONDS=0
    {
        set +e
        trap on_exit EXIT
        trap '' PIPE
        # A handler only notes it: within one, bash doesn't take note of processes that end.
        trap 'STOPPING=1' INT TERM HUP
        open_output gateway 5
        open_output web 6
        open_output trader 7
        mkfifo "$SCRATCH/tick"
        exec 8<>"$SCRATCH/tick"
        RUNNING=gateway
        launch gateway
        if [[ $1 != gateway ]]; then
            RUNNING="gateway web"
            launch web
            say "dashboard: $DASHBOARD_ADDRESS   stop: Ctrl-C"
        fi
        while [[ -z $STOPPING ]]; do
            watch_parts
            watch_gateway
            [[ $1 == gateway || $RUNNING == *trader* ]] || start_trading
            rest
        done
        end 0 stopping
    } 2>/dev/null # bash's notes about its jobs; every part's output goes to its own pipe
}
