"""What the trading process needs on disk, looked at before it begins: what is of no use ends it at once."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from trading.config import Settings
from trading.config.options import shortened
from trading.errors import ConfigError


def check_places(settings: Settings) -> None:
    """Refuse a place of the log that can be no folder, and certificates with which no gateway could be trusted.

    Raises: ConfigError, one can't be used.
    """
    _check_folder("LOG_DIR", settings.log_dir)
    bundle = settings.gateway.ca_bundle
    # The one of a gateway that start.sh starts is made by it, perhaps only now.
    if bundle is not None and not settings.simulated and bundle.absolute() != settings.made_certificate.absolute():
        _check_bundle("GATEWAY_CA_BUNDLE", bundle)


def _check_folder(name: str, folder: Path) -> None:
    there = next((place for place in (folder, *folder.parents) if os.path.lexists(place)), None)
    if there is not None and not there.is_dir():
        what = "is" if there == folder else f"can't be made: {str(shortened(str(there)))!r} is"
        raise ConfigError(name, shortened(str(folder)), f"{what} no folder; give one that this user may write to")


def _check_bundle(name: str, bundle: Path) -> None:
    fix = "give the gateway's certificate in PEM form, or leave it empty"
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with bundle.open("rb"):
            context.load_verify_locations(bundle)
    except ssl.SSLError:
        raise ConfigError(name, shortened(str(bundle)), f"holds no usable certificate: {fix}") from None
    except OSError as error:
        raise ConfigError(name, shortened(str(bundle)), f"can't be read: {error.strerror}; {fix}") from None
    if not context.cert_store_stats()["x509"]:
        raise ConfigError(name, shortened(str(bundle)), f"holds no certificate: {fix}")
