"""A real way to the gateway, on which the process may die: between any two steps of a call."""

from __future__ import annotations

import select
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from urllib3 import HTTPSConnectionPool, PoolManager
from urllib3.response import HTTPResponse

from drill.deaths import Reaper
from simulator.fault_plan import role_of
from simulator.messages import Request
from trading.gateway.sockets import PatientAdapter, PatientTlsConnection, current
from trading.gateway.transport import MAX_CONNECTIONS, HttpAnswer, HttpTransport

EXECUTION = "execution"
"""what an answer is about that shows an execution which the process has not read before"""
_GOOD = 200
_EXECUTIONS = "/iserver/account/trades"


@dataclass(slots=True)
class Traffic:
    """Calls of one process (`drill.looks.Traffic`)."""

    calls: int = 0
    writes: int = 0
    troubled: bool = False


@dataclass(frozen=True, slots=True)
class _Call:
    reaper: Reaper
    role: str

    def passing(self, point: str, *about: str) -> None:
        self.reaper.passing(point, self.role, *about)


_under_way: ContextVar[_Call] = ContextVar("_under_way")


class MortalTransport(HttpTransport):
    """The trading system's own transport over HTTPS, with points at which the process may die."""

    def __init__(self, url: str, ca_bundle: Path | None, reaper: Reaper, traffic: Traffic) -> None:
        """Ask `reaper` at each point, and count calls in `traffic`.

        Raises: ConfigError, the address can't be used.
        """
        super().__init__(url, ca_bundle)
        self._reaper = reaper
        self._traffic = traffic
        self._executions: set[str] = set()
        self._session.mount(self._base, _MortalAdapter(MAX_CONNECTIONS))

    def exchange(
        self, verb: str, path: str, query: Mapping[str, str] | None, body: bytes | None, limit_s: float
    ) -> HttpAnswer:
        """Do one exchange (`trading.gateway.transport.Transport`)."""
        call = _Call(self._reaper, role_of(Request(verb, path, {}, body or b"")) or "read")
        before, self._traffic.troubled = self._traffic.troubled, True
        self._traffic.calls += 1
        self._traffic.writes += call.role != "read"
        token = _under_way.set(call)
        try:
            call.passing("call_before")
            answer = super().exchange(verb, path, query, body, limit_s)
            call.passing("call_after", *self._news(path, answer))
        finally:
            _under_way.reset(token)
        self._traffic.troubled = before or answer.status != _GOOD
        return answer

    def _news(self, path: str, answer: HttpAnswer) -> tuple[str, ...]:
        """Return whether the answer shows an execution that no earlier one did."""
        if path != _EXECUTIONS:
            return ()
        try:
            rows = msgspec.json.decode(answer.body, type=list[dict[str, Any]])
        except msgspec.MsgspecError:
            return ()
        shown = {str(row.get("execution_id")) for row in rows}
        new = shown - self._executions
        self._executions |= shown
        return (EXECUTION,) if new else ()


class _MortalConnection(PatientTlsConnection):
    """A connection that is told of at each step of a call."""

    def request(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  (urllib3's own)
        _under_way.get().passing("call_connected")
        super().request(*arguments, **options)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # urllib3's own answer to http.client's
        _under_way.get().passing("call_sent")
        # Readable is the answer alone: the drill's gateway sends no session tickets (`drill.processes`).
        select.select([self.sock], [], [], current.get().patience())
        _under_way.get().passing("call_answered")
        return super().getresponse()


class _MortalPool(HTTPSConnectionPool):
    ConnectionCls = _MortalConnection


class _MortalAdapter(PatientAdapter):
    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:  # noqa: ANN401, FBT001, FBT002 (requests' signature)
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = {"https": _MortalPool}
