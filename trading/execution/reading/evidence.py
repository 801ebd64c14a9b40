"""What is kept as evidence, so that a restart doesn't begin anew: under a prefix, and since when something is so."""

from __future__ import annotations

from datetime import datetime

from trading.ports import Evidence


def kept_under(evidence: Evidence, prefix: str) -> frozenset[str]:
    """Return the subjects under a prefix that there is evidence about, without the prefix."""
    return frozenset(each.removeprefix(prefix) for each in evidence.subjects() if each.startswith(prefix))


def drop_under(evidence: Evidence, prefix: str, before: datetime) -> None:
    """Forget the subjects under a prefix about which the newest evidence is older than `before`."""
    subjects = [f"{prefix}{each}" for each in kept_under(evidence, prefix)]
    evidence.forget([subject for subject in subjects if evidence.of(subject)[-1].at < before])


_PREFIX = "since:"


def since_of(what: str, subject: str) -> str:
    """Return the name under which it is kept since when something has been so."""
    return f"{_PREFIX}{what}:{subject}"


class Since:
    """One for each reading: what was not seen again in it is forgotten at the end."""

    def __init__(self, evidence: Evidence, now: datetime) -> None:
        """Look at the evidence as it is before the reading."""
        self._evidence = evidence
        self._now = now
        self._known = {subject for subject in evidence.subjects() if subject.startswith(_PREFIX)}
        self._seen: set[str] = set()

    def seconds(self, what: str, subject: str) -> float:
        """Return for how long it has been so; 0.0 when it is seen for the first time."""
        key = since_of(what, subject)
        self._seen.add(key)
        if key not in self._known:
            self._known.add(key)
            self._evidence.record(key, what, self._now)
            return 0.0
        return (self._now - self._evidence.of(key)[0].at).total_seconds()

    def was(self, what: str, subject: str) -> bool:
        """Return whether it has been so, and keep that; nothing begins here."""
        key = since_of(what, subject)
        if key in self._known:
            self._seen.add(key)
        return key in self._known

    @property
    def any(self) -> bool:
        """Return whether anything odd was seen."""
        return bool(self._seen)

    def close(self) -> None:
        """Forget what is not so any more."""
        self._evidence.forget(self._known - self._seen)
