"""What happens to messages of the websocket: lost with the connection, held back, flooded, told again, garbage."""

from __future__ import annotations

from dataclasses import replace

from simulator.fault_plan import STREAM, Calls
from simulator.faults.context import Firing
from simulator.faults.declaration import FaultKind, choice, real_seconds, whole
from simulator.messages import Break, Response, Wire

_KEY = "/ws"


def disturbed(firing: Firing) -> Response:
    """A message leaves as the fault has it."""
    message = firing.proceed()
    match firing.text("how"):
        case "drop":
            return replace(message, wire=Wire(Break.RESET))
        case "stall":
            return replace(message, wire=Wire(Break.SILENT, firing.number("seconds")))
        case "flood":
            return replace(message, wire=Wire(Break.FLOOD, count=firing.integer("copies")))
        case "garbage":
            return replace(message, wire=Wire(Break.GARBAGE))
        case _:
            return _told_again(firing, message)


def _told_again(firing: Firing, message: Response) -> Response:
    """Return the message that was replayed the last time before this one, too; the first is only remembered."""
    broker = firing.broker
    earlier = broker.memory.answers.get(_KEY, [(0, message)])[-1][1]
    broker.memory.answers[_KEY] = [(broker.now_us, message)]
    return earlier


KINDS = (
    FaultKind(
        "G11",
        "Websocket drops, stalls, floods, replays or brings garbage",
        disturbed,
        (
            choice(
                "how",
                "drop",
                ("drop", "stall", "flood", "replay", "garbage"),
                "what happens; replay brings an earlier message in place of the new one",
            ),
            real_seconds("seconds", 30.0, "how long nothing comes, with how=stall", most=3600.0),
            whole("copies", 100, "how often the message comes, with how=flood", least=2, most=10_000),
        ),
        calls=Calls(STREAM, (_KEY,)),
    ),
)
