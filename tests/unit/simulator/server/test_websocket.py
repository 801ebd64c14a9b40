from __future__ import annotations

import pytest

from simulator.server.websocket import FrameReader, Opcode, ProtocolViolation, encode, handshake, is_upgrade


def masked(payload: bytes, opcode: int = Opcode.TEXT, *, final: bool = True) -> bytes:
    mask = b"\x01\x02\x03\x04"
    body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
    head = encode(payload, opcode)[: -len(payload) or None]
    return bytes([head[0] if final else head[0] & 0x7F, head[1] | 0x80]) + head[2:] + mask + body


def test_manual_actionshake_answers_the_key_as_the_standard_shows() -> None:
    headers = {"upgrade": "websocket", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="}
    assert is_upgrade(headers)
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in handshake(headers)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 300, 65_000])
def test_frames_of_every_length_are_read_however_they_are_cut(size: int) -> None:
    reader = FrameReader()
    data = masked(b"x" * size) + masked(b"sor+{}")
    frames = [frame for at in range(0, len(data), 1000) for frame in reader.feed(data[at : at + 1000])]
    assert [frame.payload for frame in frames] == [b"x" * size, b"sor+{}"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (encode(b"unmasked"), 1002),
        (b"\xc1\x80\0\0\0\0", 1002),
        (masked(b"x" * 70_000), 1009),
        (masked(b"x" * 40_000, final=False) + masked(b"x" * 40_000, Opcode.CONTINUATION), 1009),
        (masked(b"", Opcode.BINARY), 1003),
        (masked(b"", 7), 1002),
        (masked(b"x", Opcode.CONTINUATION), 1002),
        (masked(b"x", final=False) + masked(b"y"), 1002),
        (masked(b"x" * 126, Opcode.PING), 1002),
        (masked(b"x", Opcode.PING, final=False), 1002),
    ],
)
def test_violations_of_the_protocol_are_named_by_their_code(data: bytes, code: int) -> None:
    with pytest.raises(ProtocolViolation) as raised:
        FrameReader().feed(data)
    assert raised.value.code == code


def test_message_in_parts_is_put_together_with_a_ping_between_them() -> None:
    parts = (
        masked(b"so", final=False),
        masked(b"x", Opcode.PING),
        masked(b"r+", Opcode.CONTINUATION, final=False),
        masked(b"{}", Opcode.CONTINUATION),
    )
    frames = FrameReader().feed(b"".join(parts))
    assert [(frame.opcode, frame.payload) for frame in frames] == [(Opcode.PING, b"x"), (Opcode.TEXT, b"sor+{}")]
