"""IBKR's own gateway program in front of the simulator, where a copy of it is at hand: it may not be passed on."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from requests import exceptions

from simulator.server.tls import ensure_certificate
from tests.scenarios.simulator.process import ROOT

JAR = "dist/ibgroup.web.core.iblink.router.clientportal.gw.jar"
MISSING = (
    "IBKR's gateway program isn't here: unpack clientportal.gw.zip from IBKR's Client Portal API page into gateway/, "
    "or name its folder in CLIENTPORTAL_GW; Java 17 or newer is needed as well"
)
CONFIGURATION = """\
ip2loc: "US"
proxyRemoteSsl: false
proxyRemoteHost: "http://127.0.0.1:{upstream}"
listenPort: {port}
listenSsl: true
ccp: false
svcEnvironment: "v1"
sslCert: "{keystore}"
sslPwd: "{password}"
authDelay: 300
portalBaseURL: ""
cors:
  origin.allowed: "*"
  allowCredentials: false
ips:
  allow:
    - 127.0.0.1
  deny: []
"""
LOGBACK = """\
<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="OUT"/></root>
</configuration>
"""


def program() -> Path | None:
    """Return the folder of the program, None where there is none, or no Java."""
    named = os.environ.get("CLIENTPORTAL_GW")
    places = [Path(named)] if named else [ROOT / "gateway", ROOT / "gateway" / "clientportal.gw"]
    found = (place for place in places if (place / JAR).is_file())
    return next(found, None) if shutil.which("java") else None


@dataclass
class Gateway:
    """The program, listening on its port."""

    port: int
    certificate: Path
    session: requests.Session

    def call(self, method: str, path: str, **options: object) -> requests.Response:
        """Send a request and return the answer as it came; redirects are the caller's business."""
        url = f"https://localhost:{self.port}{path}"
        return self.session.request(method, url, timeout=15, allow_redirects=False, **options)  # type: ignore[arg-type]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def _keystore(folder: Path, password: str) -> tuple[Path, Path]:
    """Return the certificate that clients verify against, and the program's keystore with it."""
    certificate, key = ensure_certificate(folder)
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    keystore = folder / "gateway.p12"
    keystore.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"gateway",
            private,  # type: ignore[arg-type]  # one of the kinds that are allowed: simulator.server.tls made it
            x509.load_pem_x509_certificate(certificate.read_bytes()),
            None,
            serialization.BestAvailableEncryption(password.encode()),
        )
    )
    return certificate, keystore


@contextmanager
def gateway(home: Path, folder: Path, upstream: int) -> Iterator[Gateway]:
    """Start the program with the simulator on port `upstream` behind it; it is killed in the end."""
    port, password = _free_port(), secrets.token_hex(16)
    (folder / "root").mkdir(parents=True)
    certificate, keystore = _keystore(folder, password)
    text = CONFIGURATION.format(upstream=upstream, port=port, keystore=keystore, password=password)
    (folder / "root" / "conf.yaml").write_text(text, encoding="utf-8")
    (folder / "logback.xml").write_text(LOGBACK, encoding="utf-8")
    java = [
        "java",
        "-server",
        "-Xmx128m",
        "-Dvertx.disableDnsResolver=true",
        "-Djava.net.preferIPv4Stack=true",
        f"-Dvertx.cacheDirBase={folder / 'cache'}",
        "-Dvertx.logger-delegate-factory-class-name=io.vertx.core.logging.SLF4JLogDelegateFactory",
        f"-Dlogback.configurationFile={folder / 'logback.xml'}",
        "-cp",
        f"{folder / 'root'}:{home / JAR}:{home / 'build/lib/runtime'}/*",
        "ibgroup.web.core.clientportal.gw.GatewayStart",
        "--conf",
        "../root/conf.yaml",
    ]
    with (
        (folder / "output.txt").open("wb") as output,
        subprocess.Popen(java, cwd=folder, stdout=output, stderr=subprocess.STDOUT) as process,
        requests.Session() as session,
    ):
        session.verify, session.trust_env = str(certificate), False
        try:
            started = Gateway(port, certificate, session)
            _wait_until_it_listens(started, folder / "output.txt")
            yield started
        finally:
            process.kill()


def _wait_until_it_listens(started: Gateway, output: Path) -> None:
    deadline = time.monotonic() + 60.0
    while time.monotonic() < deadline:
        try:
            if started.call("GET", "/").status_code == 302:
                return
        except exceptions.ConnectionError:
            time.sleep(0.1)
    raise AssertionError(output.read_text(encoding="utf-8", errors="replace"))
