from __future__ import annotations

from trading.config import Secret, Settings
from trading.config.annotations import option


def test_secret_shows_itself_only_when_asked() -> None:
    secret = Secret("swordfish")
    assert secret.reveal() == "swordfish"
    for text in (repr(secret), str(secret), f"{secret}", repr(Settings().dashboard)):
        assert "swordfish" not in text
    assert secret == Secret("swordfish")


def test_annotation_holds_what_is_given_and_no_bound_that_is_not() -> None:
    meta = option("most positions", env="MAX_POSITIONS", ge=0, le=10)
    assert (meta.description, meta.ge, meta.le, meta.gt, meta.pattern) == ("most positions", 0, 10, None, None)
    assert meta.extra is not None
    assert (meta.extra["env"], meta.extra["key"], meta.extra["sensitive"]) == ("MAX_POSITIONS", None, False)
