from __future__ import annotations

from simulator.identifiers import Identifiers


def test_order_ids_rise_and_lead_back_to_their_numbers() -> None:
    identifiers = Identifiers(7)
    ids = [identifiers.order_id(number) for number in range(200)]
    assert ids == sorted(set(ids))
    assert [identifiers.order_number(order_id) for order_id in ids] == list(range(200))


def test_ids_depend_on_the_seed_and_nothing_else() -> None:
    assert Identifiers(1).uuid("reply", 1) == Identifiers(1).uuid("reply", 1)
    assert Identifiers(1).uuid("reply", 1) != Identifiers(2).uuid("reply", 1)


def test_uuid_has_the_form_of_one() -> None:
    assert [len(part) for part in Identifiers(1).uuid("reply", 1).split("-")] == [8, 4, 4, 4, 12]
