"""How fast the simulated gateway is, over HTTPS and within the process, and what a simulated year leaves behind.

Run: python -m bench.bench_simulator. Numbers are printed and never asserted: they depend on the machine. The floor that
latencies are held against is the standard library's own HTTPS server, answering with as many bytes from memory.
"""

from __future__ import annotations

import http.server
import json
import re
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import click
import requests

from bench.measure import Spread, resident_mib, timed
from simulator.config import SimulatorConfig
from simulator.core import Simulator
from simulator.market.replayed import ReplayedMarket
from simulator.server.tls import ensure_certificate, server_context

ROOT = Path(__file__).resolve().parents[1]
BARS = ROOT / "data" / "us_daily.csv.gz"
ACCOUNT, START = "DU1234567", "2014-03-03"
WATCHED = 60
YEAR, MONTH = 252, 21
TIMES = 500
CLIENTS = 4
FIELDS = "31,84,86,85,88,87,70,71,83,7295"


class Caller(Protocol):
    """Makes one call and returns the answer's body."""

    def __call__(self, method: str, path: str, body: Mapping[str, object] | None = None) -> bytes:
        """Call; `path` is whole, with its query."""


@dataclass
class OverHttps:
    """One keep-alive connection to a server."""

    base: str
    session: requests.Session

    def __call__(self, method: str, path: str, body: Mapping[str, object] | None = None) -> bytes:
        """Send the request and wait for its answer."""
        data = b"{}" if body is None else json.dumps(body).encode()
        return self.session.request(method, self.base + path, data=data if method == "POST" else None).content


@dataclass
class WithinTheProcess:
    """The same calls without a socket."""

    simulator: Simulator

    def __call__(self, method: str, path: str, body: Mapping[str, object] | None = None) -> bytes:
        """Hand the request over."""
        path, _, query = path.partition("?")
        return self.simulator.handle(method, path, query, b"" if body is None else json.dumps(body).encode()).body


def connect(base: str, certificate: Path) -> OverHttps:
    """Return a caller with a connection of its own."""
    session = requests.Session()
    session.trust_env = False
    session.verify = str(certificate)
    return OverHttps(base, session)


@contextmanager
def simulator_process(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start `python -m simulator` as the demo does; yield it and its address."""
    options = ("--port", "0", "--speed", "0", "--pacing", "off", "--auto-login", "--cash", "1000000")
    arguments = [sys.executable, "-m", "simulator", *options, "--start", START, "--state", str(folder)]
    command = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT)  # noqa: S603  (our own program)
    with command as process:
        found = re.search(r"://[^:]+:(\d+)", process.stdout.readline() if process.stdout else "")
        if found is None:
            raise SystemExit(process.wait())
        try:
            yield process, f"https://localhost:{found.group(1)}"
        finally:
            process.terminate()


@contextmanager
def floor(folder: Path, answer: bytes) -> Iterator[str]:
    """Serve `answer` to every GET from the standard library's server; yield its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer)}\r\n\r\n".encode()
            self.wfile.write(head + answer)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context: ssl.SSLContext = server_context(*ensure_certificate(folder))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"https://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()


def ready(call: Caller) -> list[int]:
    """Go through what a session asks first; return the conids that are watched."""
    call("GET", "/v1/api/iserver/accounts")
    rows = json.loads(call("GET", "/v1/api/trsrv/all-conids?assetClass=STK&exchange=NYSE"))
    conids = [row["conid"] for row in rows[:WATCHED]]
    call("GET", snapshot(conids))
    call("GET", "/v1/api/iserver/account/orders")
    return conids


def snapshot(conids: list[int]) -> str:
    """Return the path of a snapshot."""
    return f"/v1/api/iserver/marketdata/snapshot?conids={','.join(map(str, conids))}&fields={FIELDS}"


def ordered(conid: int, side: str, price: float) -> dict[str, object]:
    """Return the body of a limit order."""
    order = {"conid": conid, "orderType": "LMT", "side": side, "price": price, "quantity": 1, "tif": "DAY"}
    return {"orders": [order]}


def place_and_cancel(call: Caller, conid: int) -> None:
    """Place an order far below the market, answer its question, cancel it."""
    rows = json.loads(call("POST", f"/v1/api/iserver/account/{ACCOUNT}/orders", ordered(conid, "BUY", 1.0)))
    if "id" in rows[0]:
        rows = json.loads(call("POST", f"/v1/api/iserver/reply/{rows[0]['id']}", {"confirmed": True}))
    call("DELETE", f"/v1/api/iserver/account/{ACCOUNT}/order/{rows[0]['order_id']}")


def latencies(call: Caller, conids: list[int]) -> dict[str, Spread]:
    """Return how long the calls of a trading client take."""
    history = f"/v1/api/iserver/marketdata/history?conid={conids[0]}&period=1y&bar=1d"
    return {
        "tickle": Spread.of(lambda: call("POST", "/v1/api/tickle"), TIMES),
        f"snapshot, {WATCHED} contracts": Spread.of(lambda: call("GET", snapshot(conids)), TIMES // 5),
        "history, a year of days": Spread.of(lambda: call("GET", history), TIMES // 5),
        "orders": Spread.of(lambda: call("GET", "/v1/api/iserver/account/orders"), TIMES // 5),
        "place, answer, cancel": Spread.of(lambda: place_and_cancel(call, conids[0]), TIMES // 5),
    }


def throughput(base: str, certificate: Path) -> float:
    """Return the requests a second that several clients get together."""

    def one_client(_number: int) -> None:
        call = connect(base, certificate)
        for _ in range(TIMES):
            call("POST", "/v1/api/tickle")

    with ThreadPoolExecutor(CLIENTS) as pool:
        _, seconds = timed(lambda: list(pool.map(one_client, range(CLIENTS))))
    return CLIENTS * TIMES / seconds


def one_day(call: Caller, conids: list[int], number: int) -> None:
    """Do what a daily strategy does in a session: look, place two orders, wait for the close, read what came of it."""
    call("GET", snapshot(conids))
    for offset, side in enumerate(("BUY", "SELL")):
        conid = conids[(number + offset) % len(conids)]
        body = {"conid": conid, "orderType": "MKT", "side": side, "quantity": 1, "tif": "DAY"}
        rows = json.loads(call("POST", f"/v1/api/iserver/account/{ACCOUNT}/orders", {"orders": [body]}))
        if isinstance(rows, list) and "id" in rows[0]:
            call("POST", f"/v1/api/iserver/reply/{rows[0]['id']}", {"confirmed": True})
    call("POST", "/sim/advance", {"to": "next_close"})
    for path in ("orders", "trades"):
        call("GET", f"/v1/api/iserver/account/{path}")
    call("GET", f"/v1/api/portfolio2/{ACCOUNT}/positions")
    call("GET", f"/v1/api/portfolio/{ACCOUNT}/ledger")


def a_year(call: Caller, conids: list[int]) -> None:
    """Do the days of a year."""
    for number in range(YEAR):
        one_day(call, conids, number)


def measure_https(within: dict[str, Spread], folder: Path) -> None:
    """Print latencies and throughput, then memory and restart over a simulated year."""
    with simulator_process(folder) as (process, base):
        certificate = folder / "simulator-cert.pem"
        call = connect(base, certificate)
        conids = ready(call)
        over = latencies(call, conids)
        with floor(folder, call("POST", "/v1/api/tickle")) as address:
            bare = connect(address, certificate)
            lowest = Spread.of(lambda: bare("GET", "/"), TIMES)
        click.echo(f"  {'over HTTPS':28}  median      p99   a second   in the process")
        for name, spread in over.items():
            click.echo(
                f"  {name:28} {spread.median_ms:6.2f} ms {spread.p99_ms:6.2f} ms {spread.per_second:8,.0f}"
                f"   {spread.median_ms / within[name].median_ms:5.1f} times as fast"
            )
        click.echo(f"  {'standard library, as tickle':28} {lowest.median_ms:6.2f} ms {lowest.p99_ms:6.2f} ms")
        click.echo(f"  tickle takes {over['tickle'].median_ms / lowest.median_ms:.2f} times as long as that")
        click.echo(f"  {CLIENTS} clients together: {throughput(base, certificate):,.0f} requests a second")
        sizes = [resident_mib(process.pid)]
        for number in range(YEAR):
            one_day(call, conids, number)
            if number + 1 in (MONTH, YEAR):
                sizes.append(resident_mib(process.pid))
    log = (folder / "truth.jsonl").stat().st_size / 2**20
    click.echo(f"  memory: {sizes[0]:.0f} MiB, after a month {sizes[1]:.0f}, after a year {sizes[2]:.0f}")
    begin = time.perf_counter()
    with simulator_process(folder):
        click.echo(f"  truth log {log:.1f} MiB; restart on it {time.perf_counter() - begin:.1f} s")


def main() -> None:
    """Measure within the process first, then over HTTPS."""
    market, load_s = timed(lambda: ReplayedMarket.load(BARS))
    config = SimulatorConfig(cash=1_000_000.0, start=START, auto_login=True, pacing=False)
    call = WithinTheProcess(Simulator(config, market))
    conids = ready(call)
    within = latencies(call, conids)
    _, seconds = timed(lambda: a_year(call, conids))
    symbols, sessions = len(market.panel.symbols), len(market.panel.sessions)
    click.echo(f"simulator: {symbols} symbols, {sessions} sessions, loaded in {load_s:.1f} s")
    click.echo(f"  in the process: {60 * YEAR / seconds:,.0f} simulated days a minute, {WATCHED} contracts watched")
    with tempfile.TemporaryDirectory(prefix="bench-simulator-") as folder:
        measure_https(within, Path(folder))


if __name__ == "__main__":
    main()
