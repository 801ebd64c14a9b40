# Trading loop, dashboard and gateway in one image. Debian 13: Python 3.13, OpenJDK 21.
#
#   docker compose up                       live: IBKR's gateway is fetched at build time, or taken from gateway/
#   GATEWAY=simulated docker compose up     the demo: neither IBKR's program nor Java is built in
ARG BASE_IMAGE=debian:trixie-slim

# ---------------------------------------------------------------- front-end assets
FROM ${BASE_IMAGE} AS assets
RUN apt-get update && apt-get install -y --no-install-recommends npm && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier
COPY tools/lightweight-charts.NOTICE ./
RUN mkdir -p vendor/lightweight-charts \
    && cp node_modules/lightweight-charts/LICENSE \
          node_modules/lightweight-charts/dist/lightweight-charts.standalone.production.js \
          package-lock.json vendor/lightweight-charts/ \
    && cp lightweight-charts.NOTICE vendor/lightweight-charts/NOTICE

# ---------------------------------------------------------------- Python environment
FROM ${BASE_IMAGE} AS python
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/venv
# Set, it brings apprise in, for notifications to more than plain webhooks.
ARG NOTIFY=
COPY requirements.txt requirements-notify.txt ./
# The file holds the whole closure with hashes; nothing is compiled, so no compiler is needed in any stage.
# Tests of packages are left out. Bytecode is made here, because the file system is read-only later, and an import without it
# takes five times as long; it is tied to the source by nothing, so that no start compares dates.
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/venv/bin/pip install --no-compile --no-deps --require-hashes --only-binary :all: -r requirements.txt \
        ${NOTIFY:+-r requirements-notify.txt} \
    && /opt/venv/bin/pip uninstall --yes --quiet pip \
    && find /opt/venv -depth -type d \( -name tests -o -name __pycache__ \) -exec rm -rf {} + \
    && rm -f /opt/venv/bin/[Aa]ctivate* \
    && python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv/lib

# ---------------------------------------------------------------- IBKR's gateway program
FROM ${BASE_IMAGE} AS gateway
ARG GATEWAY=live
ARG GATEWAY_ZIP_URL=https://download2.interactivebrokers.com/portal/clientportal.gw.zip
# Of dist/*.jar in the zip; IBKR publishes no checksum. Another build is allowed, but it is said at build and at start.
ARG GATEWAY_JAR_SHA256=95b0a0b20a6b1c2013d5f7f737d4ecf03afac6f71a28ace41fcfdb608ce0e97f
COPY gateway/ /src/
COPY deploy/fetch-gateway.sh /
RUN bash /fetch-gateway.sh "$GATEWAY" "$GATEWAY_ZIP_URL" "$GATEWAY_JAR_SHA256" /src /opt/gateway

# ---------------------------------------------------------------- the image
FROM ${BASE_IMAGE}
ARG GATEWAY=live
# No pip, compiler or download tool; set-user-id bits are taken off what the base image brings.
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 $(test "$GATEWAY" = simulated || echo openjdk-21-jre-headless) \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* \
    && find / -xdev -perm /6000 -type f -exec chmod a-s {} + \
    && groupadd --gid 10001 trading && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /app --shell /usr/sbin/nologin trading
COPY --from=python /opt/venv /opt/venv
COPY --from=gateway /opt/gateway /opt/gateway
WORKDIR /app
COPY trading/ trading/
COPY simulator/ simulator/
COPY data/ data/
COPY config.json ./
COPY deploy/compile.py deploy/
# numba's compiled functions are made here, for any processor of this architecture. numba reads its cache only from a folder
# that it may write to, so start.sh copies these 2 MB into /tmp.
ENV NUMBA_CPU_NAME=generic \
    NUMBA_CACHE_SEED=/opt/numba-cache \
    NUMBA_CACHE_DIR=/tmp/numba-cache
RUN NUMBA_CACHE_DIR=$NUMBA_CACHE_SEED PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app /opt/venv/bin/python deploy/compile.py
COPY webapp/ webapp/
COPY --from=assets /build/vendor webapp/static/vendor
COPY start.sh conf.yaml pyproject.toml LICENSE ./
COPY deploy/ deploy/
# Whatever the permissions in the build's folder were: everything can be read by all and written by nobody else.
RUN python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash trading simulator webapp deploy \
    && find /app /opt/numba-cache \( ! -perm -a=r -o -perm /go=w -o -type d ! -perm -a=x \) -exec chmod a+rX,go-w {} + \
    && mkdir state logs && chmod 700 state logs && chown 10001:10001 state logs
ENV PATH=/opt/venv/bin:/usr/bin:/bin \
    TRADING_PYTHON=/opt/venv/bin/python \
    TRADING_CONTAINER=1 \
    GATEWAY=${GATEWAY} \
    GATEWAY_HOME=/opt/gateway \
    GATEWAY_HOST=0.0.0.0 \
    DASHBOARD_HOST=0.0.0.0 \
    STATE_DIR=/app/state \
    LOG_DIR=/app/logs \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
VOLUME ["/app/state", "/app/logs"]
EXPOSE 5055 5056
# Not `curl --fail .../tickle`: that is a 401, so "unhealthy", until somebody logs in, and hangs while IBKR is away.
HEALTHCHECK --interval=10s --timeout=6s --start-period=90s --retries=4 CMD ["./start.sh", "healthcheck"]
ENTRYPOINT ["./start.sh"]
CMD ["all"]
