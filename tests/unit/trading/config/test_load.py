from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.config import OPTIONS, Settings, load_settings, with_overrides
from trading.config.load import IGNORED_WHEN_LIVE, near
from trading.config.options import Option
from trading.errors import ConfigError
from trading.strategies.discovery import make_strategy


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text("{}", encoding="utf-8")
    return path


def load(config: Path, environ: dict[str, str], document: object = None) -> Settings:
    if document is not None:
        config.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return load_settings(environ, config)


def refused(config: Path, environ: dict[str, str], document: object = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load(config, environ, document)
    line = str(caught.value)
    assert "\n" not in line
    assert len(line) < 400
    return line


def problem_of(environ: dict[str, str], path: Path) -> str | None:
    """Return the line that a person gets to read, None when the settings and the strategy can be made."""
    try:
        make_strategy(load_settings(environ, path))
    except ConfigError as error:
        return str(error)
    return None


def assert_one_line(line: str | None) -> None:
    assert line is None or ("\n" not in line and len(line) < 400)


def test_nothing_set_gives_the_defaults(config: Path) -> None:
    assert load(config, {}) == Settings()


def test_file_is_over_defaults_and_environment_over_the_file(config: Path) -> None:
    document = {"risk": {"max_positions": 7, "max_exposure": 0.5, "risk_per_trade": 0.02}}
    assert load(config, {}, document).risk.max_positions == 7
    settings = load(config, {"MAX_POSITIONS": "3"}, document)
    assert (settings.risk.max_positions, settings.risk.max_exposure) == (3, 0.5)
    assert settings.sizing.risk_per_trade == 0.02


def test_empty_variable_counts_as_absent(config: Path) -> None:
    environ = {option.env: " \r" for option in OPTIONS if option.env}
    assert load(config, environ) == Settings()


def test_foreign_variables_are_left_alone(config: Path) -> None:
    assert load(config, {"MAX_POSITION": "9", "PATH": "/bin", "RISK": "x"}) == Settings()


def test_carriage_return_and_blanks_around_a_variable_do_not_matter(config: Path) -> None:
    assert load(config, {"MAX_POSITIONS": " 4\r"}).risk.max_positions == 4


def test_bom_and_windows_line_ends_in_the_file_do_not_matter(config: Path) -> None:
    config.write_bytes(b'\xef\xbb\xbf{\r\n"risk": {\r\n"max_positions": 4}}\r\n')
    assert load(config, {}).risk.max_positions == 4


def test_simulated_gateway_is_a_world_of_its_own(config: Path) -> None:
    environ = {
        "GATEWAY": "simulated",
        "IBKR_ACCOUNT_ID": "not an account",
        "TICKERS": "&&&",
        "LIVE_TRADING": "yes",
        "STATE_DIR": "here",
    }
    settings = load(config, environ)
    assert settings.simulated
    assert settings.state_dir == Path("here/simulated")
    assert (settings.account_id, settings.live_trading, settings.tickers) == ("DU1234567", "", ())
    assert load(config, {**environ, "SIM_TICKERS": "msft,aapl"}).tickers == ("AAPL", "MSFT")
    assert "SIM_TICKERS" in refused(config, {**environ, "SIM_TICKERS": "?"})


def test_live_gateway_does_not_look_at_the_simulators_symbols(config: Path) -> None:
    assert load(config, {"SIM_TICKERS": "?", "TICKERS": "A"}).tickers == ("A",)


def test_live_trading_names_the_account_once_more(config: Path) -> None:
    both = {"IBKR_ACCOUNT_ID": "U1234567", "LIVE_TRADING": "U1234567"}
    assert load(config, both).live_trading == "U1234567"
    line = refused(config, {**both, "LIVE_TRADING": "U7654321"})
    assert "IBKR_ACCOUNT_ID" in line
    assert "U7654321" not in line


def test_secret_comes_from_a_file(config: Path, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("correct horse\n", encoding="utf-8")
    password = load(config, {"DASHBOARD_PASSWORD_FILE": str(secret)}).dashboard.password
    assert password is not None
    assert password.reveal() == "correct horse"
    assert load(config, {"IBKR_ACCOUNT_ID_FILE": ""}) == Settings()


def test_secret_from_two_places_or_from_no_file_is_refused(config: Path, tmp_path: Path) -> None:
    assert "together" in refused(config, {"METRICS_TOKEN": "a", "METRICS_TOKEN_FILE": "b"})
    assert "can't be read" in refused(config, {"METRICS_TOKEN_FILE": str(tmp_path / "none")})
    assert "can't be read" in refused(config, {"METRICS_TOKEN_FILE": str(tmp_path)})
    assert "can't be seen" in refused(config, {"METRICS_TOKEN_FILE": "a\0b"})
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    assert "empty" in refused(config, {"METRICS_TOKEN_FILE": str(tmp_path / "empty")})
    (tmp_path / "latin").write_bytes(b"\xe9")
    assert "UTF-8" in refused(config, {"METRICS_TOKEN_FILE": str(tmp_path / "latin")})


def test_secret_in_the_file_is_refused_without_showing_it(config: Path) -> None:
    line = refused(config, {}, {"dashboard": {"password": "swordfish"}})
    assert "DASHBOARD_PASSWORD" in line
    assert "swordfish" not in line


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"risk": {"max_positons": 3}}, "risk.max_positons: no such setting; did you mean risk.max_positions?"),
        ({"rsk": {}}, "config.json: rsk: no such setting; did you mean risk?"),
        ({"risk": {"slippage_bps": 3}}, "did you mean execution.slippage_bps?"),
        ({"risk": 3}, "config.json: risk = 3: must be an object"),
        ({"strategy": {"trend_mean_reversion": 3}}, "strategy.trend_mean_reversion"),
        ({"risk": {"max_positions": "10"}}, "risk.max_positions = '10': must be a whole number from 0 to 1,000"),
        ({"risk": {"profile": "strict"}}, "must be one of standard, strategy"),
        ({"execution": {"require_realtime": 1}}, "must be true or false"),
        ({"risk": {"sectors": {"A": 1}}}, "must be an object of texts"),
        ({"execution": {"allowed_questions": "o163"}}, "must be a list of texts"),
        ({"execution": {"send_until_s": 3600}}, "must be below execution.pre_open_s"),
        ({"risk": {"min_stop_distance": 0.3}}, "must be below risk.max_stop_distance"),
        ('{"risk": {"max_positions": 1, "max_positions": 2}}', "'max_positions' stands there twice"),
        ('{"risk": {"max_exposure": NaN}}', "NaN is no number"),
        ('{"risk": {"max_exposure": -Infinity}}', "-Infinity is no number"),
        ('{"risk": {"max_exposure": 1e309}}', "risk.max_exposure = inf: must be a number from 0 to 4"),
        ('{"risk": {"max_positions": ' + "9" * 5000 + "}}", "is not usable JSON"),
        ("[" * 100_000, "is not usable JSON"),
        ("[]", "must hold one object"),
        ("", "is not JSON: line 1 column 1"),
        ('{"risk": {}', "is not JSON: line 1 column 12"),
        ('{"risk": {},}', "is not JSON"),
        ("{} // comment", "is not JSON"),
        (" " * 1_000_001, "is larger than 1,000,000 bytes"),
    ],
)
def test_unusable_file_is_one_line_that_says_what_to_do(config: Path, document: object, message: str) -> None:
    assert message in refused(config, {}, document)


def test_unreadable_files_are_named(config: Path, tmp_path: Path) -> None:
    config.write_bytes(b'{"risk": "\xff"}')
    assert "is not UTF-8 text (byte 10)" in refused(config, {})
    assert "no such file" in refused(tmp_path / "none.json", {})
    assert "no such file" in refused(tmp_path, {})


def broken_variants() -> list[tuple[str, dict[str, str], object]]:
    """Return (name, environment, document), each of which can't be used."""
    texts = (
        "abc",
        "-1",
        "1e309",
        "nan",
        "inf",
        "--5",
        "1,000",
        "0x10",
        "1 2",
        "10%",
        "\uff19",
        "true",
        "null",
        "1" * 400,
    )
    wrong: tuple[object, ...] = ("x", -1, 1e12, None, [], {}, True, "1")
    found: list[tuple[str, dict[str, str], object]] = []
    for option in OPTIONS:
        if option.kind in {int, float}:
            if option.env:
                gateway = {"GATEWAY": "simulated"} if option.env in IGNORED_WHEN_LIVE else {}
                found += [(f"{option.env}={text[:12]}", {option.env: text, **gateway}, {}) for text in texts]
            group, _, field = option.key.partition(".")
            for value in wrong:
                found.append((f"{option.key}={value!r}", {}, {group: {field: value}}))
        elif option.env and not option.sensitive and option.meta.pattern is not None:
            found.append((f"{option.env} pattern", {option.env: "?? ??"}, {}))
    words = {"GATEWAY": "Live", "LOG_LEVEL": "loud", "TICKERS": "A;B", "LIVE_TRADING": "true", "IBKR_ACCOUNT_ID": "1"}
    found += [(name, {name: text}, {}) for name, text in words.items()]
    urls = ("http://localhost:5055", "localhost:5055", "https://", "https://user:pw@host", "ftp://x", "https://a b")
    found += [(url, {"GATEWAY_URL": url}, {}) for url in urls]
    return found


def test_each_of_several_hundred_broken_variants_is_one_line(config: Path) -> None:
    variants = broken_variants()
    assert len(variants) >= 200
    accepted = []
    for name, environ, document in variants:
        config.write_text(json.dumps(document), encoding="utf-8")
        line = problem_of(environ, config)
        if line is None:
            accepted.append(name)
        else:
            assert_one_line(line)
    assert accepted == []


@given(st.binary(max_size=200))
def test_any_bytes_are_settings_or_one_error(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "config.json"
    path.write_bytes(raw)
    assert_one_line(problem_of({}, path))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([option.key for option in OPTIONS]), VALUES, max_size=4), VALUES)
def test_any_values_are_settings_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, object], strategy: object
) -> None:
    document: dict[str, dict[str, object] | object] = {}
    for key, value in values.items():
        group, dot, field = key.partition(".")
        if dot:
            part = document.setdefault(group, {})
            assert isinstance(part, dict)
            part[field] = value
        else:
            document[group] = value
    path = tmp_path_factory.mktemp("any") / "config.json"
    path.write_text(json.dumps({**document, "strategy": {"trend_mean_reversion": strategy}}), encoding="utf-8")
    assert_one_line(problem_of({}, path))


@given(st.dictionaries(st.sampled_from([option.env or "SIM_TICKERS" for option in OPTIONS]), st.text(max_size=30)))
def test_any_texts_are_settings_or_one_error(tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str]) -> None:
    path = tmp_path_factory.getbasetemp() / "empty.json"
    path.write_text("{}", encoding="utf-8")
    assert_one_line(problem_of(environ, path))


@pytest.mark.parametrize(
    ("assignment", "path", "value"),
    [
        ("risk.max_exposure=0.5", "risk.max_exposure", 0.5),
        ("max_exposure=0.5", "risk.max_exposure", 0.5),
        ("MAX_POSITIONS=3", "risk.max_positions", 3),
        ("risk.risk_per_trade=0.02", "sizing.risk_per_trade", 0.02),
        ("sizing.risk_per_trade=0.02", "sizing.risk_per_trade", 0.02),
        ("slippage_bps = 7", "execution.slippage_bps", 7),
        ("risk.profile=strategy", "risk.profile", "strategy"),
    ],
)
def test_one_run_can_set_any_name(assignment: str, path: str, value: object) -> None:
    settings = with_overrides(Settings(), [assignment])
    group, _, field = path.partition(".")
    assert getattr(getattr(settings, group), field) == value


def test_one_run_can_set_a_strategys_parameters_in_any_order() -> None:
    settings = with_overrides(
        Settings(), ["stop_atr=3", "strategy.name=donchian_breakout", "strategy.trend_mean_reversion.entry_atr=1"]
    )
    assert settings.strategy_name == "donchian_breakout"
    assert settings.strategies == {"donchian_breakout": {"stop_atr": 3}, "trend_mean_reversion": {"entry_atr": 1}}


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("max_exposure", "must be NAME=VALUE"),
        ("=3", "must be NAME=VALUE"),
        ("risk.max_exposre=1", "did you mean risk.max_exposure?"),
        ("MAX_POSITION=1", "did you mean MAX_POSITIONS?"),
        ("risk.max_exposure=x", "must be a number from 0 to 4"),
        ("DASHBOARD_PASSWORD=x", "is set in the environment"),
        ("GATEWAY=simulated", "is set in the environment"),
        ("STATE_DIR=elsewhere", "is set in the environment"),
        ("IBKR_ACCOUNT_ID=U1234567", "is set in the environment"),
        ("strategy.x=1", "no such setting"),
    ],
)
def test_unusable_assignment_is_refused(assignment: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_overrides(Settings(), [assignment])
    assert message in str(caught.value)


def test_hint_finds_the_place_of_a_right_name() -> None:
    assert near("max_exposure", ["execution.slippage_bps", "risk.max_exposure"]) == "; did you mean risk.max_exposure?"
    assert near("zzz", ["risk.max_exposure"]) == ""


def test_bundled_file_holds_the_defaults(project_root: Path) -> None:
    settings = load_settings({}, project_root / "config.json")
    plain = with_overrides(Settings(), [])
    assert settings.risk == plain.risk
    assert settings.execution == plain.execution
    assert settings.sizing == plain.sizing
    made = make_strategy(settings)
    assert getattr(made, "parameters") == type(made).Parameters()  # noqa: B009 - each class has its own


def test_addresses_come_from_the_variable_or_its_file_one_a_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "urls").write_text("json://a/x\n\njsons://b/y\n", encoding="utf-8")
    by_file = load_settings({"NOTIFY_URLS_FILE": str(tmp_path / "urls")}, tmp_path / "config.json")
    assert by_file.notify.urls is not None
    assert by_file.notify.urls.reveal().split() == ["json://a/x", "jsons://b/y"]
    assert load_settings({}, tmp_path / "config.json").notify.urls is None


@pytest.mark.parametrize("name", ["NOTIFY_URLS", "NOTIFY_URLS_FILE"])
def test_bad_address_is_refused_by_its_variable_and_never_repeated(tmp_path: Path, name: str) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "urls").write_text("json://a/x\nhttps://b/s3cret", encoding="utf-8")
    text = "json://a/x https://b/s3cret" if name == "NOTIFY_URLS" else str(tmp_path / "urls")
    with pytest.raises(ConfigError) as caught:
        load_settings({name: text}, tmp_path / "config.json")
    assert str(caught.value) == (
        "NOTIFY_URLS: address 2 of 2 begins with https://: a webhook begins with jsons:// here"
    )


def test_addresses_have_no_place_in_config_json(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"notify": {"urls": "json://a/s3cret"}}', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings({}, tmp_path / "config.json")
    assert "is a secret: set NOTIFY_URLS, or NOTIFY_URLS_FILE" in str(caught.value)
    assert "s3cret" not in str(caught.value)


PATHS = [option for option in OPTIONS if option.kind is Path]


@pytest.mark.parametrize("option", PATHS, ids=lambda option: option.key)
def test_no_path_is_taken_for_one_that_a_shell_would_understand(config: Path, option: Option) -> None:
    assert option.env is not None
    around = {"GATEWAY": "simulated"} if option.path.startswith("simulator.") else {}
    line = refused(config, {**around, option.env: "~/there"})
    assert line.startswith(f"{option.env} = '~/there': nothing replaces ~ here")
    assert "nothing replaces $ here" in refused(config, {**around, option.env: "$HOME/there"})


@pytest.mark.parametrize("option", [option for option in OPTIONS if option.sensitive], ids=lambda option: option.key)
def test_neither_is_that_of_a_secret(config: Path, option: Option) -> None:
    name = f"{option.env}_FILE"
    assert refused(config, {name: "~/secret"}).startswith(f"{name} = '~/secret': nothing replaces ~ here")


@pytest.mark.parametrize("option", PATHS, ids=lambda option: option.key)
def test_path_that_no_disk_can_have_is_refused_in_one_short_line(config: Path, option: Option) -> None:
    assert option.env is not None
    around = {"GATEWAY": "simulated"} if option.path.startswith("simulator.") else {}
    for text in ("a\x1b[31mb", "\u201cstate\u201d", "x" * 256, "\u00e9" * 128, "a/" * 3000, "y" * 900_000):
        line = refused(config, {**around, option.env: text})
        assert line.startswith(f"{option.env} = ")
        assert len(line) <= 300
        assert line.isprintable()
    assert isinstance(load(config, {**around, option.env: "x" * 255}), Settings)
