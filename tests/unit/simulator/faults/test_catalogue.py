from __future__ import annotations

import json

from simulator.faults import KINDS
from simulator.faults.catalogue import listing, page_text
from simulator.faults.reading import SELECTORS
from tests.unit.simulator.faults.support import client

AREAS = {
    "T": (17, {2, 14, 16, 17}),
    "H": (18, set()),
    "G": (13, set()),
    "O": (29, set()),
    "C": (11, set()),
    "M": (15, set()),
}
ALL = [
    f"{area}{number:02d}"
    for area, (last, absent) in AREAS.items()
    for number in range(1, last + 1)
    if number not in absent
]


def test_every_fault_of_the_simulators_is_there_in_order() -> None:
    assert list(KINDS) == ALL
    assert len(ALL) == 99


def test_catalogue_is_shown_over_http() -> None:
    shown = json.loads(client().call("GET", "/sim/faults", query="catalogue").body)
    assert [row["id"] for row in shown["faults"]] == ALL
    assert [row["name"] for row in shown["selector"]] == [parameter.name for parameter in SELECTORS]
    [slices] = [row for row in shown["faults"] if row["id"] == "O10"]
    assert slices["parameters"][0] == {
        "name": "slices",
        "default": 3,
        "allowed": "a whole number from 1 to 1,000",
        "meaning": "how many parts",
    }
    assert "goes on with the reply where a question comes first" in slices["notes"]


def test_listing_and_page_name_everything() -> None:
    for text in (listing(), page_text()):
        assert [kind.id for kind in KINDS.values() if kind.id not in text or kind.title not in text] == []
        assert [parameter.name for parameter in SELECTORS if parameter.name not in text] == []


def test_page_keeps_its_stars() -> None:
    assert "/iserver/account/\\*/orders" in page_text()
