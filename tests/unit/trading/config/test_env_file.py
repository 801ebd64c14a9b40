"""A `.env` file is read as Compose reads it, and what two readers could take for two things is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.config.env_file import parse_env, read_env_file
from trading.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=b", "b"),
        ("A = b", "b"),
        ("export A=b", "b"),
        ("  A=b c  d ", "b c  d"),
        ("A=b # c", "b"),
        ("A=b#c", "b#c"),
        ("A=b=c;d`e`!*", "b=c;d`e`!*"),
        ("A=b\\n", "b\\n"),
        ("A=b\"c'", "b\"c'"),
        ('A="b # c" # d', "b # c"),
        ('A="b"#c', "b"),
        ("A='b\"$c\\n'", 'b"$c\\n'),
        ('A="it\'s"', "it's"),
        ("A='\u201cb\u201d'", "\u201cb\u201d"),
        ("A=it\u2019s", "it\u2019s"),
        ("A=\N{LATIN SMALL LETTER E WITH ACUTE}", "\N{LATIN SMALL LETTER E WITH ACUTE}"),
        ("# x\n\n\t\nA=b\r\n#A=c\n", "b"),
    ],
)
def test_value_is_what_compose_makes_of_it(text: str, value: str) -> None:
    assert parse_env(text, ".env") == {"A": value}


@pytest.mark.parametrize("text", ["", "A=", "A= ", 'A=""', "A=''", 'A="" # c', "# A=b", "\n\r\n"])
def test_empty_variable_is_none(text: str) -> None:
    assert parse_env(text, ".env") == {}


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ("A", "is not NAME=VALUE: mend it, or put # before it"),
        ("A: b", "is not NAME=VALUE: mend it, or put # before it"),
        ("A.b=c", "is not NAME=VALUE: mend it, or put # before it"),
        ("1A=b", "is not NAME=VALUE: mend it, or put # before it"),
        ("A= # b", "what follows A= would be its value: put the comment on a line of its own"),
        ("A=#b", "what follows A= would be its value: put the comment on a line of its own"),
        ("A=$b", "a $ in A needs single quotes: A='…'"),
        ('A="b$c"', "a $ in A needs single quotes: A='…'"),
        ('A="b\\n"', "a backslash in A needs single quotes: A='…'"),
        ("A='b\\'", "the quotes around the value of A don't match"),
        ("A='b'c'", "the quotes around the value of A don't match"),
        ('A="b', "the quotes around the value of A don't match"),
        ("A='b\" # c", "the quotes around the value of A don't match"),
        ('A="b" c', "the quotes around the value of A don't match"),
        ("A=\u201cb\u201d", "A stands in typographic quotes: type straight ones, or none"),
        ("A=\u2018b c\u2019 # d", "A stands in typographic quotes: type straight ones, or none"),
        ("A=\u00abb\u00bb", "A stands in typographic quotes: type straight ones, or none"),
        ("A=\u201eb", "A stands in typographic quotes: type straight ones, or none"),
        ("A=b\t# c", "a tab before # makes no comment: put a space there"),
        ("A=b\x07", "holds a character that can't be seen: type the line anew"),
        ("A=\xa0b", "holds a character that can't be seen: type the line anew"),
        ("X=y", "X is set on line 1 already: keep one of them"),
    ],
)
def test_line_that_programs_read_in_two_ways_is_refused_with_its_number(line: str, fix: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_env(f"X=y\n\n{line}\n", ".env")
    assert str(caught.value) == f".env line 3: {fix}"


@given(st.text(max_size=300))
def test_whatever_stands_in_it_is_read_or_refused_in_one_short_line(text: str) -> None:
    said = ""
    try:
        assert all(parse_env(text, ".env").values())
    except ConfigError as error:
        said = str(error)
    assert len(said) <= 300
    assert "\n" not in said


def test_file_that_is_not_there_sets_nothing(tmp_path: Path) -> None:
    assert read_env_file(tmp_path / ".env") == {}


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"A=\xff", "is not UTF-8 text (byte 2)"), (b"#" * 1_000_001, "is larger than 1,000,000 bytes"), (None, "read")],
)
def test_file_that_can_not_be_read_is_named(tmp_path: Path, content: bytes | None, problem: str) -> None:
    file = tmp_path / ".env"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_env_file(file)
    assert caught.value.path == str(file)
    assert problem in str(caught.value)


@pytest.mark.parametrize("target", ["nothing/here", ".env"])
def test_link_that_leads_nowhere_is_not_taken_for_no_file(tmp_path: Path, target: str) -> None:
    file = tmp_path / ".env"
    file.symlink_to(target)
    with pytest.raises(ConfigError) as caught:
        read_env_file(file)
    assert caught.value.path == str(file)
    assert "is a link that leads nowhere, so nothing of it would be in force; mend or remove it" in str(caught.value)


def test_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("A=b\n", encoding="utf-8")
    (tmp_path / ".env").symlink_to("mine")
    assert read_env_file(tmp_path / ".env") == {"A": "b"}


@pytest.mark.parametrize("linked", [False, True])
def test_pipe_is_refused_and_not_waited_for(tmp_path: Path, *, linked: bool) -> None:
    file, pipe = tmp_path / ".env", tmp_path / ("pipe" if linked else ".env")
    os.mkfifo(pipe)
    if linked:
        file.symlink_to(pipe)
    with pytest.raises(ConfigError) as caught:
        read_env_file(file)
    assert "is no regular file, but a pipe or a device: copy what it gives to a file" in str(caught.value)


def test_file_from_windows_is_read(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"\xef\xbb\xbfA=1\r\nB=2\r\n")
    assert read_env_file(file) == {"A": "1", "B": "2"}
