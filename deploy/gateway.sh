# The live gateway's run folder and its start; sourced by start.sh. Written for bash 3.2 and newer.
#
# IBKR's program resolves its configuration on the class path and writes into its working folder, so it gets a run folder of
# its own: links to the program's bin, build and dist, and a root/ of ours with the rendered conf.yaml, our logback.xml and the
# certificate. bin/run.sh then runs unmodified, and the program's own folder can stay read-only.

GATEWAY_JAR=dist/ibgroup.web.core.iblink.router.clientportal.gw.jar
GATEWAY_JAR_SHA256=${GATEWAY_JAR_SHA256:-95b0a0b20a6b1c2013d5f7f737d4ecf03afac6f71a28ace41fcfdb608ce0e97f}

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

gateway_allowed_addresses() { # loopback, and inside a container the default route's address
    local destination gateway rest addresses="127.0.0.1"
    if [[ -f /.dockerenv || -n ${TRADING_CONTAINER:-} ]]; then
        while read -r _ destination gateway rest; do
            [[ $destination == 00000000 && $gateway != 00000000 ]] || continue
            addresses+=" $((16#${gateway:6:2})).$((16#${gateway:4:2})).$((16#${gateway:2:2})).$((16#${gateway:0:2}))"
        done </proc/net/route
    fi
    local address
    for address in $addresses; do printf '        - "%s"\n' "$address"; done
}

gateway_keystore() { # own certificate, once; the password never reaches a command line or a log
    local root=$1 password
    if [[ ! -s $root/gateway.p12 ]]; then
        rm -f "$root/gateway.pem"
        [[ -s $root/gateway.password ]] || (set +o pipefail; LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 40 >"$root/gateway.password")
        keytool -genkeypair -alias gateway -keyalg RSA -keysize 2048 -sigalg SHA256withRSA -validity 1825 \
            -dname 'CN=Client Portal Gateway' -ext 'SAN=dns:localhost,ip:127.0.0.1' -ext 'bc:c=ca:true' \
            -storetype PKCS12 -keystore "$root/gateway.p12.new" -storepass:file "$root/gateway.password" 2>"$root/keytool.log" >&2 ||
            die 1 "the gateway's certificate could not be made: $(tail -n 1 "$root/keytool.log")"
        mv "$root/gateway.p12.new" "$root/gateway.p12"
        rm -f "$root/keytool.log"
    fi
    [[ -s $root/gateway.password ]] || die 2 "$root/gateway.password is missing: write the password of gateway.p12 into it"
    # The program says nothing and opens no port when the password is wrong, so it is tried here.
    if ! keytool -exportcert -rfc -alias "${GATEWAY_CERT_ALIAS:-gateway}" -keystore "$root/gateway.p12" \
        -storepass:file "$root/gateway.password" >"$root/gateway.pem.new" 2>/dev/null; then
        rm -f "$root/gateway.pem.new"
        die 2 "$root/gateway.p12 can't be opened with $root/gateway.password: put the right password there, or delete both to get new ones"
    fi
    mv "$root/gateway.pem.new" "$root/gateway.pem"
}

gateway_prepare() { # $1: the run folder
    local run=$1 root=$1/root part password line
    mkdir -p "$root"
    chmod 700 "$run" "$root"
    for part in bin build dist; do
        [[ -e $GATEWAY_HOME/$part ]] || continue
        rm -f "$run/$part"
        ln -s "$(cd "$GATEWAY_HOME" && pwd)/$part" "$run/$part"
    done
    gateway_keystore "$root"
    password=$(<"$root/gateway.password")
    while IFS= read -r line || [[ -n $line ]]; do
        case $line in
            @ALLOWED_ADDRESSES@) gateway_allowed_addresses ;;
            *)
                line=${line//@KEYSTORE_PASSWORD@/$password}
                line=${line//@CORS@/$GATEWAY_CORS}
                printf '%s\n' "$line"
                ;;
        esac
    done <"$HERE/conf.yaml" >"$root/conf.yaml.new"
    [[ -z ${GATEWAY_UPSTREAM:-} ]] || gateway_upstream "$root/conf.yaml.new"
    mv "$root/conf.yaml.new" "$root/conf.yaml"
    cp "$HERE/deploy/logback.xml" "$root/logback.xml"
    chmod 600 "$root"/*
}

gateway_upstream() { # another upstream, for tests against a simulator behind the real program
    local ssl=true
    [[ $GATEWAY_UPSTREAM == http://* ]] && ssl=false
    sed -e "s|^proxyRemoteHost:.*|proxyRemoteHost: \"$GATEWAY_UPSTREAM\"|" -e "s|^proxyRemoteSsl:.*|proxyRemoteSsl: $ssl|" "$1" >"$1.up"
    mv "$1.up" "$1"
}

gateway_exec() { # runs in the child; IBKR's script starts Java as its own child, in this process group
    cd "$1"
    export JAVA_TOOL_OPTIONS="-Xmx${GATEWAY_HEAP:-160m} -Dvertx.cacheDirBase=${TMPDIR:-/tmp}/vertx-$UID ${JAVA_TOOL_OPTIONS:-}"
    exec bash bin/run.sh root/conf.yaml
}
