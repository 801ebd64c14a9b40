"""What breaks on the connection: refused, reset, silent, late, slow, cut, dead; and the program's own end."""

from __future__ import annotations

from dataclasses import replace

from simulator.faults.context import Firing
from simulator.faults.declaration import (
    ANY,
    FaultKind,
    choice,
    real_seconds,
    seconds,
    whole,
)
from simulator.messages import Break, Response, Wire

LONGEST_S = 3600.0
_SILENCE = "until the connection closes without an answer"


def refused(firing: Firing) -> Response:
    """The call is reset and not applied, and new connections are refused."""
    return Response(200, wire=Wire(Break.REFUSED, firing.number("seconds"), firing.integer("connections")))


def reset_before(firing: Firing) -> Response:
    """The connection is reset and the call never applied."""
    return Response(200, wire=Wire(Break.RESET, count=firing.integer("bytes")))


def reset_after(firing: Firing) -> Response:
    """The call is applied, then the connection is reset."""
    return replace(firing.proceed(), wire=Wire(Break.RESET, firing.number("delay_s")))


def answer_lost(firing: Firing) -> Response:
    """The call is applied, and nothing comes back."""
    return replace(firing.proceed(), wire=Wire(Break.SILENT, firing.number("seconds")))


def late_answer(firing: Firing) -> Response:
    """The call is applied, and the answer comes late on the same connection, which goes on."""
    return replace(firing.proceed(), wire=Wire(Break.LATE, firing.number("seconds")))


def slow(firing: Firing) -> Response:
    """The answer drips; the rest comes at once after `total_s`, or never where it is to be cut."""
    wire = Wire(Break.SLOW, firing.number("seconds"), count=int(firing.number("total_s") * 1000))
    return replace(firing.proceed(), wire=wire)


def partition(firing: Firing) -> Response:
    """Nothing passes either way: the call is not applied."""
    return Response(200, wire=Wire(Break.SILENT, firing.number("silence_s")))


def half_open(firing: Firing) -> Response:
    """The call is answered, and its connection is dead once it has been idle."""
    return replace(firing.proceed(), wire=Wire(Break.HALF_OPEN, firing.number("idle_s")))


def other_certificate(firing: Firing) -> Response:
    """The call is reset and not applied; the next handshakes show another certificate."""
    wire = Wire(Break.CERTIFICATE, firing.number("seconds"), detail=firing.text("certificate"))
    return Response(200, wire=wire)


def cut(firing: Firing) -> Response:
    """The answer ends early, though its length says more."""
    wire = Wire(Break.CUT, count=firing.integer("bytes"), detail=firing.text("framing"))
    return replace(firing.proceed(), wire=wire)


def crash(firing: Firing) -> Response:
    """The program dies: before the call, after it, or in the middle of its answer."""
    at = firing.text("at")
    answer = Response(200) if at == "before" else firing.proceed()
    sent = firing.integer("bytes") if at == "answer" else 0
    return replace(answer, wire=Wire(Break.CRASH, count=sent))


KINDS = (
    FaultKind(
        "T01",
        "Connections are refused",
        refused,
        (
            real_seconds("seconds", 5.0, "how long the port is closed after the call that it meets", most=LONGEST_S),
            whole("connections", 0, "in place of a time: how many connections are reset as they come"),
        ),
    ),
    FaultKind(
        "T03",
        "Reset before the call is applied",
        reset_before,
        (
            whole(
                "bytes",
                1,
                "how much of the body is taken in before; with a role as selector it is read whole",
                most=1_048_576,
            ),
        ),
        breaks_off_after="bytes",
    ),
    FaultKind(
        "T04",
        "Reset after the call is applied",
        reset_after,
        (real_seconds("delay_s", 0.0, "time between the two", most=60.0),),
    ),
    FaultKind(
        "T05",
        "Answer lost: the call is applied, and silence follows",
        answer_lost,
        (real_seconds("seconds", 30.0, _SILENCE, most=LONGEST_S),),
    ),
    FaultKind(
        "T06",
        "Answer late, on the same connection",
        late_answer,
        (real_seconds("seconds", 20.0, "how late it is", most=LONGEST_S),),
    ),
    FaultKind(
        "T07",
        "Answer drips byte by byte",
        slow,
        (
            real_seconds("seconds", 0.5, "time between two bytes", most=60.0),
            real_seconds("total_s", 0.0, "after this the rest comes at once; 0: it drips to its end", most=LONGEST_S),
        ),
    ),
    FaultKind(
        "T11",
        "Partition: nothing passes either way, the market goes on",
        partition,
        (
            seconds("seconds", 300.0, "how long nothing passes"),
            real_seconds("silence_s", 15.0, _SILENCE, most=LONGEST_S),
        ),
        while_on=ANY,
        once=True,
    ),
    FaultKind(
        "T12",
        "Half-open connection: dead without a word once it was idle",
        half_open,
        (real_seconds("idle_s", 1.0, "idle time after which the next request is reset unread", most=LONGEST_S),),
    ),
    FaultKind(
        "T13",
        "Another certificate is shown",
        other_certificate,
        (
            choice("certificate", "new_key", ("new_key", "expired", "wrong_host"), "what is other about it"),
            real_seconds("seconds", 0.0, "for how long; 0: until the program ends"),
        ),
        once=True,
    ),
    FaultKind(
        "H09",
        "Answer cut short of the length that it says",
        cut,
        (
            whole("bytes", 10, "how much of the body comes"),
            choice("framing", "length", ("length", "chunked"), "how the answer says its length"),
        ),
    ),
    FaultKind(
        "G06",
        "The gateway dies",
        crash,
        (
            choice("at", "before", ("before", "applied", "answer"), "before the call, after it, or in its answer"),
            whole("bytes", 20, "how much of the answer's head and body is sent, with at=answer"),
        ),
        once=True,
    ),
)
