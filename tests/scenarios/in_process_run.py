"""The whole trading process and the whole simulator in one process: real decisions, real files, calls for sockets."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from simulator.config import Behaviour, SimulatorConfig, apply_settings
from simulator.core import Simulator
from simulator.market.replayed import ReplayedMarket
from tests.fakes.answer_rules import Rule, RuledTransport
from tests.fakes.in_process import InProcessTransport
from tests.scenarios.lockstep_run import CASH, ROOT, Records, Span, environ_of
from trading.bootstrap import run
from trading.config import load_settings, with_overrides
from trading.gateway.transport import Transport
from trading.market.panel import Panel
from trading.model.status import SessionState, StatusKey


@dataclass(frozen=True)
class InProcessRun(Records):
    """What a run left: the simulator, and the trading process's database."""

    simulator: Simulator
    database: Path

    def stop_at_the_end(self, over: threading.Event, trouble: str | None) -> None:
        """Stop the trading process as a person would: at the end of the data, or once a trouble has these words."""
        while not over.wait(0.05):
            seen = trouble is not None and trouble in (self.fact(StatusKey.TROUBLE) or "")
            if seen or self.fact(StatusKey.SESSION_STATE) == SessionState.ENDED:
                os.kill(os.getpid(), signal.SIGTERM)
                return


def trade(
    folder: Path,
    panel: Panel,
    span: Span,
    rules: Sequence[Rule] = (),
    trouble: str | None = None,
    faults: Sequence[Mapping[str, object]] = (),
    behaviour: Sequence[str] = (),
) -> InProcessRun:
    """Trade a span to the end of its data, or until a `trouble` has these words; `panel` has its bars and those before.

    `rules` change the gateway's answers, `faults` are on from the beginning, `behaviour` is the broker's as NAME=VALUE.
    """
    config = SimulatorConfig(
        start=span.start.isoformat(),
        cash=CASH,
        auto_login=True,
        pacing=False,
        behaviour=apply_settings(Behaviour(), tuple(behaviour)),
    )
    simulator = Simulator(config, ReplayedMarket(panel))
    if faults:
        planned = simulator.handle("POST", "/sim/faults", "", json.dumps({"faults": faults}).encode())
        assert planned.status == HTTPStatus.OK, planned.body

    def transport_to(url: str, _ca_bundle: Path | None) -> Transport:
        return InProcessTransport(simulator, "/sim") if url.endswith("/sim") else RuledTransport(simulator, rules)

    environ = environ_of(folder, panel.symbols)
    settings = with_overrides(load_settings(environ, ROOT / "config.json"), span.settings)
    done = InProcessRun(simulator, settings.state_dir / "trading.db")
    over = threading.Event()
    watcher = threading.Thread(target=done.stop_at_the_end, args=(over, trouble))
    watcher.start()
    try:
        assert run(settings, transport_to) == 0
    finally:
        over.set()
        watcher.join()
    return done
