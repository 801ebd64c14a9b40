"""start.sh as supervisor, with stand-ins for the parts: readiness, deaths, stopping."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.start_run import Run, alive

UP = r"^start    \| dashboard: http"
BEGUN = r"(web begins(?s:.)*trader begins|trader begins(?s:.)*web begins)"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(tmp_path)
    yield made
    made.close()


def test_everything_starts_once_the_gateway_answers_and_each_line_names_its_part(run: Run) -> None:
    run.begin().see(UP)
    run.see(r"^trader   \| trader begins$")
    output = run.see(r"^web      \| web begins$")
    assert output.index("gateway: up after") < output.index("trader begins")
    assert (run.checkout / "state/simulated/waiting").read_text(encoding="utf-8") == "it begins\n"
    assert f"nobody is logged in; log in at https://localhost:{run.gateway_port}" in output
    assert all(
        line[:11] in {f"{p:8} | " for p in ("start", "gateway", "web", "trader")} for line in output.splitlines()
    )
    assert run.stop() == 0
    assert "gateway begins" in (run.checkout / "logs/gateway.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_ends_every_process_and_grandchild_with_exit_code_0(run: Run, number: signal.Signals) -> None:
    run.begin().see(BEGUN)
    began = time.monotonic()
    assert run.stop(number) == 0
    assert time.monotonic() - began < 10
    assert run.left_over() == []
    assert list(run.folder.glob("tmp.*")) == []
    assert "stopped; orders at the broker stay as they are" in run.output()


def test_signal_before_the_gateway_answers_ends_it_too(run: Run) -> None:
    run.begin(PART_GATEWAY="silent").see("gateway begins")
    assert run.stop() == 0
    assert run.left_over() == []


def test_ctrl_c_in_a_terminal_stops_it_in_order(run: Run) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve("/bin/sh", ["sh", "-c", f"trap : INT; {run.checkout}/start.sh; echo code $?"], run.environment)  # noqa: S606
    output = b""
    while b"trader begins" not in output or b"web begins" not in output:
        output += os.read(terminal, 4096)
    os.write(terminal, b"\x03")
    while b"code 0" not in output:
        output += os.read(terminal, 4096)
    os.waitpid(pid, 0)
    os.close(terminal)
    assert b"stopped; orders at the broker stay as they are" in output
    assert run.left_over() == []


def test_second_signal_does_not_wait(run: Run) -> None:
    run.begin(PART_TRADER="ignores TERM").see(BEGUN)
    run.send(signal.SIGINT)
    run.see("stopping")
    time.sleep(0.5)
    assert any(alive(pid) for pid, _ in run.starts("trader"))
    began = time.monotonic()
    assert run.stop(signal.SIGINT) == 0
    assert time.monotonic() - began < 10
    assert run.left_over() == []


@pytest.mark.parametrize("part", ["gateway", "web", "trader"])
def test_killed_part_is_started_again_and_what_it_left_behind_is_ended(run: Run, part: str) -> None:
    run.begin().see(BEGUN)
    process, grandchild = run.starts(part)[0]
    os.kill(process, signal.SIGKILL)
    output = run.see(f"{part} begins", times=2)
    assert f"start    | {part} ended (exit 137); starting it again in 1 s" in output
    assert not alive(grandchild)
    others = {"gateway", "web", "trader"} - {part}
    assert all(len(run.starts(other)) == 1 for other in others)
    assert "line" not in output, "bash's own notes about its jobs"
    assert run.stop() == 0
    assert run.left_over() == []


def test_part_that_keeps_dying_is_given_up_after_five_restarts(run: Run) -> None:
    code, output = run.finished(PART_TRADER="exits 1", RESTART_SECONDS="0")
    assert code == 1
    assert len(run.starts("trader")) == 6
    assert "trader ended (exit 1), 6 times within an hour: giving up" in output
    assert run.left_over() == []


def test_each_further_restart_comes_later(run: Run) -> None:
    run.begin(PART_WEB="exits 1").see(r"web ended \(exit 1\); starting it again in 4 s")
    waits = [line.split()[-2] for line in run.output().splitlines() if "starting it again" in line]
    assert waits == ["1", "2", "4"]
    assert run.stop() == 0


def test_trading_waits_for_a_file_that_cannot_be_used_for_now_and_ends_nothing(run: Run) -> None:
    run.begin(PART_TRADER="exits 4").see(r"trader can't run for now \(exit 4, .*\); the next attempt is in 30 s")
    note = run.checkout / "state/simulated/waiting"
    told = "trading waits for its files, which can't be used for now"
    until_told(note, told)
    assert len(run.starts("web")) == len(run.starts("gateway")) == 1
    assert run.stop() == 0
    assert not note.exists()


def until_told(note: Path, words: str) -> None:
    limit = time.monotonic() + 10
    while not (note.exists() and words in note.read_text(encoding="utf-8")):
        assert time.monotonic() < limit, words
        time.sleep(0.05)


def test_trading_that_died_is_said_to_be_started_again_at_once_and_for_as_long_as_that_takes(run: Run) -> None:
    run.begin(RESTART_SECONDS="3").see(BEGUN)
    note = run.checkout / "state/simulated/waiting"
    note.unlink()  # as the real one does
    os.kill(run.starts("trader")[0][0], signal.SIGKILL)
    run.see("trader ended")
    until_told(note, "it ended (exit 137); it is started again in 3 s")
    until_told(note, "it ended (exit 137); it is started again in 1 s")
    until_told(note, "it begins")
    assert run.stop() == 0
    assert not note.exists()


def test_note_of_the_start_is_kept_fresh_until_the_trading_process_takes_it_away_and_never_made_again(run: Run) -> None:
    run.begin().see(BEGUN)
    note = run.checkout / "state/simulated/waiting"
    until_told(note, "it begins")
    os.utime(note, (1_700_000_000.0, 1_700_000_000.0))
    limit = time.monotonic() + 15
    while note.stat().st_mtime == 1_700_000_000.0:
        assert time.monotonic() < limit
        time.sleep(0.1)
    note.unlink()
    time.sleep(7)
    assert not note.exists()
    assert run.stop() == 0


@pytest.mark.parametrize("gone", ["before it is looked for", "after it was looked for"])
def test_note_that_was_just_taken_away_is_not_made_again(run: Run, gone: str) -> None:
    # The worst moment: the trading process takes it away between the look and the renewal.
    before, within = ("rm -f waiting", "") if gone == "before it is looked for" else (":", "rm -f waiting;")
    script = (
        f"source deploy/supervise.sh; RUN_STATE=. SECONDS=100; note 'it begins'; SECONDS=110; {before}; "
        f"touch() {{ {within} command touch $*; }}; renew_note; [[ -e waiting ]] && echo there || echo gone"
    )
    done = subprocess.run(["/bin/bash", "-c", script], cwd=run.checkout, capture_output=True, text=True, check=True)
    assert done.stdout == "gone\n"


def test_each_start_begins_with_its_note_also_within_one_second(run: Run) -> None:
    script = (
        "source deploy/supervise.sh; RUN_STATE=. SECONDS=100; part_trader() { rm -f waiting; }; OUTPUT_trader=1; "
        "launch trader; wait; [[ -e waiting ]] || echo gone; part_trader() { :; }; launch trader; wait; cat waiting"
    )
    done = subprocess.run(["/bin/bash", "-c", script], cwd=run.checkout, capture_output=True, text=True, check=True)
    assert done.stdout == "gone\nit begins\n"


@pytest.mark.parametrize(("part", "code"), [("trader", 2), ("trader", 3), ("gateway", 2)])
def test_bad_setting_or_second_instance_ends_everything_with_that_exit_code(run: Run, part: str, code: int) -> None:
    result, output = run.finished(**{f"PART_{part.upper()}": f"exits {code}"})
    assert result == code
    assert f"{part} says why it ends" in output
    assert f"{part} can't run (exit {code}, see its line above)" in output
    assert run.left_over() == []


def test_gateway_that_never_opens_its_port_is_started_again(run: Run) -> None:
    run.begin(PART_GATEWAY="silent", GATEWAY_DEADLINE_SECONDS="2", GATEWAY_WAIT_SECONDS="60")
    output = run.see("gateway has not opened its port for 2 s .*; starting it again in 1 s")
    run.see("gateway begins", times=2)
    assert "its certificate" in output
    assert not any(alive(pid) for pid in run.starts("gateway")[0])
    assert run.stop() == 0


def test_dashboard_starts_at_once_and_is_told_what_trading_waits_for(run: Run) -> None:
    run.begin(PART_GATEWAY="hangs", GATEWAY_WAIT_SECONDS="12").see("web begins")
    assert run.starts("trader") == []
    with socket.create_connection(("127.0.0.1", run.dashboard_port), timeout=5):
        pass
    note = run.checkout / "state/simulated/waiting"
    run.see("runs, but IBKR's servers don't answer it within 3 s")
    time.sleep(1.5)
    assert "waiting for the gateway (runs, but IBKR's servers" in note.read_text(encoding="utf-8")
    output = run.see("trader begins")
    assert "gateway has not answered for 12 s" in output
    assert "the trading loop starts and waits for it" in output
    assert note.read_text(encoding="utf-8") == "it begins\n"
    assert len(run.starts("gateway")) == 1, "the program itself is well"
    assert run.stop() == 0


@pytest.mark.parametrize(
    ("how", "starts", "said"),
    [("exits 1", 6, "6 times within an hour; the next attempt is in 15"), ("exits 2", 1, "the next attempt is in 15")],
)
def test_dashboard_that_keeps_dying_never_stops_trading(run: Run, how: str, starts: int, said: str) -> None:
    run.begin(PART_WEB=how, RESTART_SECONDS="0").see(said)
    run.see("trader begins")
    assert len(run.starts("web")) == starts
    assert len(run.starts("trader")) == 1
    assert run.stop() == 0
    assert run.left_over() == []


def test_gateway_that_stops_answering_is_started_again_while_the_dashboard_stays(run: Run) -> None:
    run.begin(GATEWAY_LIVENESS_SECONDS="1").see(BEGUN)
    (run.folder / "mute").touch()
    run.see(r"gateway has stopped to answer \(no answer within 3 s\); starting it again")
    (run.folder / "mute").unlink()
    run.see("gateway: up after", times=2)
    assert len(run.starts("web")) == len(run.starts("trader")) == 1
    assert run.stop() == 0
    assert run.left_over() == []


def test_live_gateway_is_tried_again_slowly_while_the_dashboard_stays(run: Run) -> None:
    run.begin(PART_GATEWAY="dies 2", GATEWAY_LIVENESS_SECONDS="60", RESTART_SECONDS="0").see(BEGUN)
    run.see("gateway ended .exit 1., 6 times within an hour; the next attempt is in 15 minutes")
    assert len(run.starts("gateway")) == 6
    assert len(run.starts("web")) == len(run.starts("trader")) == 1
    assert run.stop() == 0


def test_output_that_nobody_reads_does_not_end_the_system(run: Run) -> None:
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [str(run.checkout / "start.sh")], env=run.environment, stdout=writer, stderr=writer, start_new_session=True
    )
    run.process = process
    os.close(writer)
    output = b""
    while b"trader begins" not in output or b"web begins" not in output:
        output += os.read(reader, 65536)
    os.close(reader)
    os.kill(run.starts("web")[0][0], signal.SIGKILL)
    limit = time.monotonic() + 20
    while len(run.starts("web")) < 2 and time.monotonic() < limit:
        time.sleep(0.1)
    assert len(run.starts("web")) == 2
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert run.left_over() == []


def test_secrets_of_the_dashboard_are_kept_from_the_gateway(run: Run) -> None:
    run.begin(DASHBOARD_PASSWORD="correct horse battery", METRICS_TOKEN="a token").see(BEGUN)
    assert "correct horse" in run.seen_by("web")
    assert "correct horse" not in run.seen_by("gateway")
    assert "METRICS_TOKEN" not in run.seen_by("gateway")
    assert run.stop() == 0


def test_login_link_is_printed_once_unless_the_user_has_a_password(run: Run) -> None:
    run.begin().see(BEGUN)
    os.kill(run.starts("web")[0][0], signal.SIGKILL)
    output = run.see("web begins", times=2)
    assert output.count("web      | log in once with: http://localhost/login?token=once") == 1
    assert run.stop() == 0
    run.begin(DASHBOARD_PASSWORD="correct horse battery").see("web begins")
    assert "log in once" not in run.output()
    assert run.stop() == 0


def test_api_is_left_to_the_trading_loop_once_that_runs(run: Run) -> None:
    run.begin(GATEWAY_LIVENESS_SECONDS="0").see(BEGUN)
    calls = (run.folder / "calls").read_text(encoding="utf-8")
    assert set(calls.split()) == {"/v1/api/tickle"}
    time.sleep(2)
    assert (run.folder / "calls").read_text(encoding="utf-8") == calls
    assert run.stop() == 0


@pytest.mark.parametrize(("shown", "kept"), [(100, 100), (101, 101), (159, 159), (3700, 100), (-3500, 100)])
def test_clock_that_was_set_by_an_hour_makes_nothing_late_or_due(run: Run, shown: int, kept: int) -> None:
    script = f"source deploy/supervise.sh; LAST=100; SECONDS={shown}; keep_time; echo $SECONDS $LAST"
    done = subprocess.run(["/bin/bash", "-c", script], cwd=run.checkout, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(kept)] * 2
