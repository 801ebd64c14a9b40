# shellcheck shell=bash
# The live gateway's run folder and its start; sourced by start.sh. Written for bash 3.2 and newer.
#
# IBKR's program resolves its configuration on the class path and writes into its working folder, so it gets a run folder of
# its own: links to the program's bin, build and dist, and a root/ of ours with the rendered conf.yaml, our logback.xml and the
# certificate. bin/run.sh then runs unmodified, and the program's own folder can stay read-only.

GATEWAY_JAR=dist/ibgroup.web.core.iblink.router.clientportal.gw.jar
GATEWAY_JAR_SHA256=${GATEWAY_JAR_SHA256:-95b0a0b20a6b1c2013d5f7f737d4ecf03afac6f71a28ace41fcfdb608ce0e97f}

sha256_of() { if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1; }

gateway_check_program() { # one line for each thing that is missing
    [[ -f $GATEWAY_HOME/bin/run.sh ]] ||
        die 2 "GATEWAY=live needs IBKR's Client Portal Gateway: unpack clientportal.gw.zip into $GATEWAY_HOME (there is no bin/run.sh), or set GATEWAY=simulated"
    command -v java >/dev/null 2>&1 || die 2 "GATEWAY=live needs Java 17 or newer: install it (Debian: openjdk-21-jre-headless), or set GATEWAY=simulated"
    command -v keytool >/dev/null 2>&1 || die 2 "keytool is missing: it comes with Java (Debian: openjdk-21-jre-headless)"
    local sum
    if [[ -f $GATEWAY_HOME/$GATEWAY_JAR ]]; then
        sum=$(sha256_of "$GATEWAY_HOME/$GATEWAY_JAR")
        [[ $sum == "$GATEWAY_JAR_SHA256" ]] || say "warning: the gateway's jar is not the build this project knows (SHA-256 $sum)"
    fi
}

gateway_route_addresses() { # inside a container: the default route's address, from which a published port is reached
    local destination via rest
    [[ -f /.dockerenv || -n ${TRADING_CONTAINER:-} ]] || return 0
    while read -r _ destination via rest; do
        [[ $destination == 00000000 && $via != 00000000 ]] || continue
        printf '%d.%d.%d.%d\n' "0x${via:6:2}" "0x${via:4:2}" "0x${via:2:2}" "0x${via:0:2}"
    done </proc/net/route
}

gateway_keystore() { # own certificate, once, or the user's; the password never reaches a command line or a log
    local root=$1 made=$1/gateway.p12 password=$1/gateway.password
    if [[ -n ${GATEWAY_KEYSTORE_FILE:-} ]]; then
        [[ -r $GATEWAY_KEYSTORE_FILE ]] || die 2 "GATEWAY_KEYSTORE_FILE = '$GATEWAY_KEYSTORE_FILE': can't be read by user $(id -u)"
        [[ -r ${GATEWAY_KEYSTORE_PASSWORD_FILE:-} ]] ||
            die 2 "GATEWAY_KEYSTORE_PASSWORD_FILE = '${GATEWAY_KEYSTORE_PASSWORD_FILE:-}': can't be read by user $(id -u); it holds the password of GATEWAY_KEYSTORE_FILE"
        cp "$GATEWAY_KEYSTORE_FILE" "$root/given.p12"
        tr -d '\r\n' <"$GATEWAY_KEYSTORE_PASSWORD_FILE" >"$root/given.password"
        made=$root/given.p12 password=$root/given.password
    elif [[ ! -s $made ]]; then
        [[ -s $password ]] || (set +o pipefail; LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 40 >"$password")
        keytool -genkeypair -alias gateway -keyalg RSA -keysize 2048 -sigalg SHA256withRSA -validity 1825 \
            -dname 'CN=Client Portal Gateway' -ext 'SAN=dns:localhost,ip:127.0.0.1,ip:0:0:0:0:0:0:0:1' -ext 'BC:c=ca:true,pathlen:0' \
            -ext 'KU:c=digitalSignature,keyEncipherment,keyCertSign' \
            -storetype PKCS12 -keystore "$made.new" -storepass:file "$password" >"$root/keytool.log" 2>&1 ||
            die 1 "the gateway's certificate could not be made: $(tail -n 1 "$root/keytool.log")"
        mv "$made.new" "$made"
        rm -f "$root/keytool.log"
    fi
    [[ -s $password ]] || die 2 "$password is missing: write the password of $made into it, or delete $made to get a new one"
    # The program says nothing and opens no port when the password is wrong, so it is tried here.
    if ! LC_ALL=C keytool -J-Duser.language=en -list -rfc -keystore "$made" -storepass:file "$password" >"$root/keytool.log" 2>/dev/null; then
        rm -f "$root/keytool.log"
        die 2 "$made can't be opened with $password: put the right password there, or delete both to get new ones"
    fi
    sed -n '/^-----BEGIN CERTIFICATE-----/,/^-----END CERTIFICATE-----/p' "$root/keytool.log" >"$root/gateway.pem.new"
    if ! grep -q PrivateKeyEntry "$root/keytool.log"; then
        die 2 "$made holds no private key: the gateway needs one, with its certificate"
    fi
    rm -f "$root/keytool.log"
    mv "$root/gateway.pem.new" "$root/gateway.pem"
    GATEWAY_KEYSTORE_NAME=${made##*/}
    GATEWAY_KEYSTORE_PASSWORD=$(<"$password")
}

gateway_configuration() { # conf.yaml with what only this start knows
    local line address
    while IFS= read -r line || [[ -n $line ]]; do
        # shellcheck disable=SC2153 # of settings.sh
        case $line in
            'listenPort:'*) line="listenPort: $GATEWAY_PORT" ;;
            'sslCert:'*) line="sslCert: \"$GATEWAY_KEYSTORE_NAME\"" ;;
            'sslPwd:'*)
                line=${GATEWAY_KEYSTORE_PASSWORD//\\/\\\\}
                line="sslPwd: \"${line//\"/\\\"}\""
                ;;
            *'origin.allowed:'*)
                line=${line//:5055/:$GATEWAY_PORT}
                [[ -z ${GATEWAY_CORS:-} ]] || line="    origin.allowed: '${GATEWAY_CORS//\'/\'\'}'"
                ;;
            'proxyRemoteHost:'*) [[ -z ${GATEWAY_UPSTREAM:-} ]] || line="proxyRemoteHost: \"$GATEWAY_UPSTREAM\"" ;;
            'proxyRemoteSsl:'*) [[ ${GATEWAY_UPSTREAM:-} != http://* ]] || line='proxyRemoteSsl: false' ;;
        esac
        printf '%s\n' "$line"
        if [[ $line == '        - "127.0.0.1"' ]]; then
            for address in $(gateway_route_addresses); do printf '        - "%s"\n' "$address"; done
        fi
    done <"$HERE/conf.yaml"
}

gateway_prepare() { # $1: the run folder
    local run=$1 root=$1/root part
    mkdir -p "$root"
    chmod 700 "$run" "$root"
    rm -rf "$run/cache" # what a Java that was killed left behind
    for part in bin build dist; do
        rm -f "$run/$part"
        [[ ! -e $GATEWAY_HOME/$part ]] || ln -s "$(cd "$GATEWAY_HOME" && pwd)/$part" "$run/$part"
    done
    gateway_keystore "$root"
    gateway_configuration >"$root/conf.yaml.new"
    mv "$root/conf.yaml.new" "$root/conf.yaml"
    cp "$HERE/deploy/logback.xml" "$root/logback.xml"
    chmod 600 "$root"/*
}

gateway_exec() { # runs in the child; IBKR's script starts Java as its own child, in this process group and this folder
    cd "$1" || exit 1
    export JAVA_TOOL_OPTIONS="-Xmx${GATEWAY_HEAP:-160m} -Dvertx.cacheDirBase=cache ${JAVA_TOOL_OPTIONS:-}"
    exec "${OWN_GROUP[@]}" bash bin/run.sh root/conf.yaml
}
