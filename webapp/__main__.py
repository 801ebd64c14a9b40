"""`python -m webapp login-link`: print an address that logs in once. `python -m webapp check`: check the settings."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from trading.errors import ConfigError
from webapp.passwords import load_or_make_password, new_login_link
from webapp.settings import WebSettings, read_web_settings

EXIT_BAD_INPUT = 2


@click.group(help="The dashboard. It is served by: gunicorn -c webapp/gunicorn.conf.py")
def main() -> None:
    """Group the commands."""


@main.command("login-link", help="Print an address that logs in once; it replaces an older one.")
def login_link() -> None:
    """Print the link."""
    click.echo(new_login_link(_settings()))


@main.command("check", help="Check the dashboard's settings and its password.")
def check() -> None:
    """Say that all is well, or what is not."""
    load_or_make_password(_settings())
    click.echo("The dashboard's settings are good.")


def _settings() -> WebSettings:
    # As all commands: those of the folder that one is in.
    return read_web_settings(Path())


if __name__ == "__main__":
    try:
        main(prog_name="python -m webapp", standalone_mode=True)
    except ConfigError as error:
        click.echo(f"webapp: {error}", err=True)
        sys.exit(EXIT_BAD_INPUT)
