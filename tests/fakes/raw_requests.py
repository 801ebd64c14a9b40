"""Requests as raw bytes that are nearly right: a good one in which a few things are broken, drawn from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

METHODS = (
    b"GET", b"GET", b"POST", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT", b"PRI", b"get",
    b"G\0T", b"", b"GE T", b"\xff\xfe", b"M" * 200,
)  # fmt: skip
TARGETS = (
    b"/", b"/login", b"/login", b"/logout", b"/halt", b"/resume", b"/static/icon.svg", b"*",
    b"http://localhost/login", b"http://evil.example/", b"https://[::bad/", b"http://[::1]:99999/x", b"//",
    b"///etc/passwd", b"/%00", b"/\0", b"/%", b"/%zz", b"/%ff%fe", b"/\xff", b"/%c0%ae%c0%ae/", b"/..%2f..%2fetc",
    b"/login?token=%00", b"/login?token=" + b"x" * 5000, b"/?" + b"a=1&" * 500, b"/login?a=%ff", b"/login#x",
    b"localhost:80", b"", b"?", b"/static/" + b"../" * 50, b"/api/symbols/%0d%0aX/chart",
    b"/api/requests/" + b"9" * 500, b"/;a=b", b"\\", b"/login//",
)  # fmt: skip
VERSIONS = (
    b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/9.9", b"HTTP/1.10",
    b"http/1.1", b"HTTP/1.1 x", b"HTTP/", b"",
)  # fmt: skip
HOSTS = (
    b"localhost", b"localhost", b"127.0.0.1:1", b"[::1]", b"evil.example", b"", b" ", b"localhost:x", b"localhost:-1",
    b"localhost:99999999999", b"[::", b"[::bad]:1", b"a b", b"user@localhost", b"localhost/x", b"\xff", b"x" * 3000,
    b"localhost, evil.example", b"localhost\0", b"%6c", b"[v1.x]:1", b":", b":80",
)  # fmt: skip
ORIGINS = (
    b"http://localhost", b"null", b"http://[::bad", b"http://[v1.x]:1", b"https://evil.example", b"", b"//",
    b"http://", b"http://localhost http://evil.example", b"http://localhost, null", b"file://", b"http://a:b:c",
    b"\xff", b"http://[", b"http://]", b"http://localhost:99999999", b"x" * 5000, b"http://user:p@localhost",
    b"javascript:1",
)  # fmt: skip
CODINGS = (
    b"chunked", b"chunked", b"chunked", b"Chunked", b"chunked, chunked", b"gzip, chunked", b"gzip", b"identity",
    b"xchunked", b"chunked, identity", b"chunked\0", b" chunked ", b"\tchunked", b"", b",", b"chunked;q=1",
    b"deflate", b"\xff",
)  # fmt: skip
LENGTHS = (
    b"0", b"5", b"-1", b"+5", b"1e3", b"0x5", b"", b" 5 ", b"5, 5", b"5,6", b"9" * 30, b"9" * 5000, b"\xb2",
    b"1048577", b"5\0", b"NaN", b"4.0",
)  # fmt: skip
CHUNKS = (
    b"5\r\nhello\r\n", b"5\r\nhello\r\n", b"-1\r\nx\r\n", b"ffffffffffffffffffff\r\nx\r\n", b"5;ext=1\r\nhello\r\n",
    b"5;e=\"\\\"\r\nhello\r\n", b"5;\x01\r\nhello\r\n", b"zz\r\nhello\r\n", b"0x5\r\nhello\r\n", b"\r\n",
    b"5\nhello\n", b"5\r\nhelloXX", b" 5\r\nhello\r\n", b"+5\r\nhello\r\n", b"5_0\r\nhello\r\n",
    b"5;" + b"x" * 9000 + b"\r\nhello\r\n", b"1\r\n", b"5;a;b;c\r\nhello\r\n", b"\xb25\r\nhello\r\n",
    b"00000000000000005\r\nhello\r\n",
)  # fmt: skip
CHUNK_ENDS = (
    b"0\r\n\r\n", b"0\r\n\r\n", b"", b"0\r\n", b"0\r\nHost: x\r\n\r\n", b"0\r\nbad\r\n\r\n",
    b"0\r\nA: " + b"b" * 9000,
)  # fmt: skip
BODIES = (
    b"password=x", b"password=%ff", b"password=\0", b"token=x", b"a=1&a=2", b"&" * 50, b"password=" + b"x" * 9000,
    b"\xff\xfe", b"{}", b"csrf_token=x&key=y", b"=", b"%", b"password=x&password=y",
)  # fmt: skip
KINDS = (
    b"application/x-www-form-urlencoded", b"application/x-www-form-urlencoded", b"text/plain", b"application/json",
    b"multipart/form-data; boundary=", b"multipart/form-data; boundary=x", b"", b"\xff", b"a/b;c=\"",
    b"application/x-www-form-urlencoded; charset=utf-7",
)  # fmt: skip
COOKIES = (
    b"sid=x", b"sid=\xff; =; ;;;", b"; ".join(b"c%d=%d" % (n, n) for n in range(200)), b"other=" + b"x" * 6000,
    b"sid=" + b"x" * 20000, b"sid=\"\\377\\000\"", b"session=eyJfIjoxfQ.x.y; grafana_session=%ff", b"device=x.y",
    b"device=\0", b"sid", b"=", b"sid=a; sid=b",
)  # fmt: skip
ODD = (
    b"X: \0", b"X: \x01\x7f", b"X\xff: y", b": y", b"X", b" X: y", b"X : y", b"X:\r\n folded", b"X: \rY: z",
    b"X: \nY: z", b"X-Y_Z: 1", b"SCRIPT_NAME: /x", b"X-Forwarded-For: 1.2.3.4", b"X-Forwarded-Proto: https",
    b"Forwarded: for=x", b"X: " + b"y" * 20000, b"Expect: 100-continue", b"Expect: 100-continue", b"Expect: 200-ok",
    b"Connection: close", b"Connection: upgrade\r\nUpgrade: h2c", b"Connection: keep-alive, x", b"Upgrade: websocket",
    b"Range: bytes=9-1", b"Range: bytes=0-" + b"9" * 30, b"If-None-Match: \"", b"If-Modified-Since: \xff",
    b"Accept: \x7f;q=nan", b"Accept: application/json", b"Accept: */*;q=-1, text/html;q=1e999",
    b"Authorization: Bearer \xff", b"Authorization: Basic ====", b"X-Live: 1", b"Sec-Fetch-Site: cross-site",
    b"Sec-Fetch-Site: \xff", b"Content-Encoding: gzip", b"TE: trailers", b"Trailer: Host", b"Date: x",
    b"Accept-Language: " + b"x;q=1," * 300,
)  # fmt: skip


@dataclass(slots=True)
class Drawn:
    """A request in the making: lines of its head, and its body."""

    start: bytes
    lines: list[bytes] = field(default_factory=list)
    body: bytes = b""

    def data(self, end: bytes) -> bytes:
        return end.join([self.start, *self.lines, b"", b""]) + self.body


def malformed_request(draws: random.Random) -> bytes:
    """Return the bytes of one connection: mostly one request with something broken, at times several or half of one."""
    data = b"".join(_one(draws) for _ in range(draws.choice((1, 1, 1, 1, 2, 4))))
    fate = draws.random()
    if fate < 0.05:
        return data[: draws.randrange(len(data) + 1)]
    if fate < 0.15:
        at = draws.randrange(len(data) + 1)
        return (
            data[:at]
            + bytes(draws.randrange(256) for _ in range(draws.randint(1, 4)))
            + data[at + draws.randint(0, 2) :]
        )
    if fate < 0.17:
        return bytes(draws.randrange(256) for _ in range(draws.randint(0, 300)))
    return data


def _one(draws: random.Random) -> bytes:
    def often(good: bytes, all_of_them: tuple[bytes, ...]) -> bytes:
        return good if draws.random() < 0.6 else draws.choice(all_of_them)

    post = draws.random() < 0.5
    method, target = often(b"POST" if post else b"GET", METHODS), often(b"/login", TARGETS)
    request = Drawn(b" ".join((method, target, often(b"HTTP/1.1", VERSIONS))))
    request.lines.append(b"Host: " + often(b"localhost", HOSTS))
    for name, values, chance in ((b"Origin: ", ORIGINS, 0.3), (b"Cookie: ", COOKIES, 0.2), (b"Host: ", HOSTS, 0.03)):
        if draws.random() < chance:
            request.lines.append(name + draws.choice(values))
    request.lines += (draws.choice(ODD) for _ in range(draws.choice((0, 0, 1, 1, 2, 5))))
    if post or draws.random() < 0.1:
        _add_body(request, draws)
    if draws.random() < 0.02:
        request.lines += [b"X-%d: y" % number for number in range(draws.choice((30, 100)))]
    draws.shuffle(request.lines)
    return request.data(b"\r\n" if draws.random() < 0.97 else b"\n")


def _add_body(request: Drawn, draws: random.Random) -> None:
    request.lines.append(b"Content-Type: " + draws.choice(KINDS))
    form = draws.random()
    if form < 0.5:
        codings = draws.choices(CODINGS, k=2 if draws.random() < 0.1 else 1)
        request.lines += [b"Transfer-Encoding: " + coding for coding in codings]
        request.body = b"".join(draws.choices(CHUNKS, k=draws.randint(0, 3))) + draws.choice(CHUNK_ENDS)
        if draws.random() < 0.15:
            request.lines.append(b"Content-Length: " + draws.choice(LENGTHS))
    else:
        request.body = draws.choice(BODIES)
        right = b"%d" % len(request.body)
        request.lines.append(b"Content-Length: " + (right if draws.random() < 0.6 else draws.choice(LENGTHS)))
