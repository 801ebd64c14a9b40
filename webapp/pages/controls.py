"""Halt and resume: a form each, a row for the trading process, and a page that waits for its answer."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, jsonify, make_response, redirect, request, url_for
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response as BaseResponse

from trading.errors import InvariantBroken
from trading.model.decision_words import title
from trading.model.mode import NOTHING_SEEN, Seen
from trading.model.operator_request import OperatorVerb
from webapp.attempts import session_guesser
from webapp.frame import make_frame, render
from webapp.pages.login import too_many_attempts
from webapp.parameters import accepts, idempotency_key
from webapp.security import address, own_session
from webapp.services import services

blueprint = Blueprint("controls", __name__)

RESUME_WORD = "RESUME"
# Half a second is what it takes; a person who waits longer than this has to know another way.
LATE_AFTER_S = 10.0
_MAX_ID_DIGITS = 12


@blueprint.get("/halt")
@accepts()
def halt_page() -> str:
    """Ask once more before halting."""
    return _form("halt.html")


@blueprint.post("/halt")
@accepts(form=("key",))
def halt() -> BaseResponse:
    """Ask the trading process to halt; never needs more than this one confirmation, nor a sound controls.db."""
    try:
        return _request(OperatorVerb.HALT)
    except InvariantBroken as problem:
        file = _make_halt_file(problem.detail)
    return make_response(_halted_by_file(f"The request could not be stored. The file {file} was made", 0))


@blueprint.get("/resume")
@accepts()
def resume_page() -> str:
    """Ask for the password and the word."""
    return _form("resume.html")


@blueprint.post("/resume")
@accepts(form=("key", "password", "word", "seen", "seen_latched"))
def resume() -> BaseResponse:
    """Ask the trading process to resume; the password is typed in this very form, so it is never older than that."""
    made = services()
    # By session, never by address: nobody else's wrong passwords can keep the operator from resuming.
    who = session_guesser(own_session().name)
    wait_s = made.attempts.begin(who)
    if wait_s is not None:
        made.audit.noise("resume_throttled", actor="operator", address=address())
        return too_many_attempts(wait_s, "Five wrong passwords within a minute. Trading goes on meanwhile.")
    if not made.password.matches(request.form.get("password", "")):
        made.audit.write("resume_denied", actor="operator", address=address(), cause="password")
        return _refused("That is not the password.")
    made.attempts.succeed(who)
    if request.form.get("word") != RESUME_WORD:
        made.audit.write("resume_denied", actor="operator", address=address(), cause="word")
        return _refused(f"Type the word {RESUME_WORD} in capital letters.")
    halt, latched = (_number(request.form.get(name, ""), name) for name in ("seen", "seen_latched"))
    return _request(OperatorVerb.RESUME, seen=Seen(halt, latched))


@blueprint.get("/requests/<control_id>")
@accepts()
def request_page(control_id: str) -> str:
    """Show whether the trading process has answered."""
    number = _number(control_id)
    kind = _kind_of(number)
    progress = services().controls.progress(number)
    if progress is None and kind == OperatorVerb.HALT and not _was_answered(number):
        return _halt_again(number)
    if progress is None:
        raise _gone()
    if progress.answer is not None and not _was_answered(number):
        own_session().remember(_answered(number), number)
    late = not progress.taken_up and (progress.age_s is None or progress.age_s > LATE_AFTER_S)
    return render("request.html", make_frame(), result=progress.answer, late=late, control_id=number, kind=kind)


@blueprint.get("/api/requests/<control_id>")
@accepts()
def request_state(control_id: str) -> Response:
    """Return the answer to a request, null while there is none."""
    number = _number(control_id)
    _kind_of(number)
    progress = services().controls.progress(number)
    if progress is None:
        raise _gone()
    return jsonify(id=number, taken_up=progress.taken_up, result=progress.answer)


def _halt_again(number: int) -> str:
    """Halt by the file where a request to halt is gone, which nobody may have seen; once, however often it is asked."""
    session = own_session()
    key = f"file:{number}"
    with session.lock:
        if key not in session.requests:
            _make_halt_file("the request is gone")
            session.remember(key, number)
    return _halted_by_file("The file of requests was deleted or replaced. The file HALT was made beside it", number)


def _answered(number: int) -> str:
    return f"answered:{number}"


def _was_answered(number: int) -> bool:
    """Return whether this session was shown the answer: what is done is not done again where its record is gone."""
    return _answered(number) in own_session().requests


def _make_halt_file(cause: str) -> Path:
    made = services()
    file = made.controls.make_halt_file("halted on the dashboard")
    made.audit.write("halt_file_made", actor="operator", address=address(), cause=cause)
    return file


def _halted_by_file(what: str, number: int) -> str:
    text = f"{what}, which halts as well: look at the mode above; else use TWS or the phone."
    return render("request.html", make_frame(), result=text, late=False, control_id=number, kind="halt")


def _form(template: str, problem: str = "") -> str:
    frame = make_frame()
    latched = frame.mode.latched.codes if frame.mode is not None and frame.mode.latched is not None else ()
    titles = ", ".join(title(code).lower() for code in latched)
    return render(template, frame, word=RESUME_WORD, problem=problem, latched=titles)


def _refused(problem: str) -> Response:
    response = make_response(_form("resume.html", problem))
    response.status_code = 403
    return response


def _request(kind: OperatorVerb, *, seen: Seen = NOTHING_SEEN) -> BaseResponse:
    """Store the request once for each key and go to the page that waits for the answer; it names what was `seen`."""
    made = services()
    session = own_session()
    key = f"{kind}:{idempotency_key(request.form.get('key', ''))}"
    with session.lock:
        control_id = session.requests.get(key)
        if control_id is None:
            control_id = made.controls.request(kind, "", "dashboard", made.clock.now(), seen=seen)
            session.forget(control_id)
            session.remember(key, control_id)
            made.audit.write(f"{kind}_requested", actor="operator", address=address(), control_id=control_id)
    return redirect(url_for("controls.request_page", control_id=control_id), code=303)


def _number(text: str, name: str = "id") -> int:
    if text.isascii() and text.isdigit() and len(text) <= _MAX_ID_DIGITS:
        return int(text)
    raise BadRequest(description=f"{name}: use a whole number")


def _gone() -> NotFound:
    """Return what is said where somebody put the file with the requests away."""
    return NotFound(description="There is no such request any more.")


def _kind_of(control_id: int) -> str:
    """Return the kind of a request that this session made.

    Raises: NotFound, it made no such request.
    """
    for key, made_id in own_session().requests.items():
        if made_id == control_id:
            return key.partition(":")[0]
    raise NotFound(description="This session made no such request.")
