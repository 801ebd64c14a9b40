"""Ids that look like the broker's and repeat: each a hash of the seed, what it is for and a counter."""

from __future__ import annotations

from hashlib import blake2b


class Identifiers:
    """Makes ids from one seed; a kind and a number always give the same id."""

    def __init__(self, seed: int) -> None:
        """Keep the seed; nothing else is state."""
        self._seed = seed
        self._first_order = 1_000_000_000 + int(self.hexadecimal("orders", 0, 7), 16) % 700_000_000

    def hexadecimal(self, kind: str, number: int, digits: int = 32) -> str:
        """Return `digits` hexadecimal digits."""
        text = f"{self._seed}/{kind}/{number}".encode()
        return blake2b(text, digest_size=(digits + 1) // 2).hexdigest()[:digits]

    def uuid(self, kind: str, number: int) -> str:
        """Return an id in the form of a UUID."""
        text = self.hexadecimal(kind, number)
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def order_id(self, number: int) -> int:
        """Return the id of the order with this number: ten digits, rising, never the same twice."""
        return self._first_order + 7 * number + int(self.hexadecimal("order", number, 4), 16) % 7

    def order_number(self, order_id: int) -> int:
        """Return the number that `order_id` was made from."""
        return (order_id - self._first_order) // 7
