"""The whole trading process and the whole simulator in one process: real decisions, real files, calls for sockets."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from simulator.config import SimulatorConfig
from simulator.core import Simulator
from simulator.market.replayed import ReplayedMarket
from tests.fakes.in_process import InProcessTransport
from tests.scenarios.lockstep_run import CASH, ROOT, Records, Span
from trading.bootstrap import run
from trading.config import load_settings, with_overrides
from trading.gateway.transport import HttpAnswer, Transport
from trading.market.bars import Panel

URL = "https://localhost:5055"


class StoppingAtTheEnd(InProcessTransport):
    """The simulator's control; the trading process is told to stop once the data has ended, as a person would."""

    def exchange(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        answer = super().exchange(verb, path, query, body, limit_s)
        if json.loads(answer.body)["ended"]:
            signal.raise_signal(signal.SIGTERM)
        return answer


@dataclass(frozen=True)
class InProcessRun(Records):
    """What a run left: the simulator, and the trading process's database."""

    simulator: Simulator
    database: Path


def trade(folder: Path, panel: Panel, span: Span) -> InProcessRun:
    """Trade a span to the end of its data; `panel` holds its bars and those before."""
    config = SimulatorConfig(start=span.start.isoformat(), cash=CASH, auto_login=True, pacing=False)
    simulator = Simulator(config, ReplayedMarket(panel))

    def transport_to(url: str, _ca_bundle: Path | None) -> Transport:
        return StoppingAtTheEnd(simulator, "/sim") if url.endswith("/sim") else InProcessTransport(simulator)

    environ = {
        "GATEWAY": "simulated",
        "GATEWAY_URL": URL,
        "STATE_DIR": str(folder / "state"),
        "LOG_DIR": str(folder / "logs"),
        "SIM_TICKERS": ",".join(panel.symbols),
        "MAX_POSITIONS": "10",
    }
    settings = with_overrides(load_settings(environ, ROOT / "config.json"), span.settings)
    assert run(settings, transport_to) == 0
    return InProcessRun(simulator, settings.state_dir / "trading.db")
