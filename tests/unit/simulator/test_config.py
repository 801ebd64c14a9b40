from __future__ import annotations

import pytest

from simulator.config import Behaviour, SettingError, apply_settings


def test_settings_are_put_in_by_their_dotted_names() -> None:
    changed = apply_settings(Behaviour(), ("questions.size_limit=0", "slippage_bps=2.5", "child_coid=keep"))
    assert (changed.questions.size_limit, changed.slippage_bps, changed.child_coid) == (0, 2.5, "keep")


@pytest.mark.parametrize(
    "setting", ["nothing=1", "questions=1=2", "questions.nothing=1", "slippage_bps", "slippage_bps.x=1"]
)
def test_unknown_setting_is_named(setting: str) -> None:
    with pytest.raises(SettingError):
        apply_settings(Behaviour(), (setting,))


def test_near_match_of_a_misspelt_setting_is_offered() -> None:
    with pytest.raises(SettingError, match=r"--set idle_timout_s=3: no such setting; idle_timeout_s\?"):
        apply_settings(Behaviour(), ("idle_timout_s=3",))


@pytest.mark.parametrize(
    "setting",
    ["slippage_bps=-1", "acknowledged_after_s=nan", "cancelled_after_s=inf", "questions.ticks_from_market=-1"],
)
def test_value_outside_its_range_is_named(setting: str) -> None:
    with pytest.raises(SettingError, match=setting.partition("=")[0].rpartition(".")[2]):
        apply_settings(Behaviour(), (setting,))


def test_value_of_another_type_is_named() -> None:
    with pytest.raises(SettingError, match="slippage_bps"):
        apply_settings(Behaviour(), ("slippage_bps=low",))


@pytest.mark.parametrize(
    "setting", ["duplicate_coid=never", "child_coid=x", "order_ref_in_orders=x", "session_clock=x"]
)
def test_value_that_is_no_choice_is_refused(setting: str) -> None:
    with pytest.raises(SettingError):
        apply_settings(Behaviour(), (setting,))
