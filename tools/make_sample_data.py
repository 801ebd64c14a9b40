"""Make `data/us_daily.csv.gz`, the bundled bars, from the whole file of S&P 500 bars.

    python tools/make_sample_data.py FULL_FILE.csv.gz data/us_daily.csv.gz

The output is the same to the byte whenever it is made from the same input with the same zlib.
"""

import argparse
import csv
import gzip
import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

BARS_OF_EVERY_SESSION = 1259

RENAMED = {"FB": "META"}
"""Symbols of 2018 under the name that they trade by today, where it is the same stock."""

SECTORS = {
    "Communication": "CMCSA DIS META GOOGL NFLX T VZ",
    "Consumer discretionary": "AMZN F GM HD LOW MCD NKE SBUX TGT",
    "Consumer staples": "COST KO PEP PG WMT",
    "Energy": "COP CVX SLB XOM",
    "Financials": "AXP BAC C GS JPM MS WFC",
    "Health care": "ABBV AMGN GILD JNJ MRK PFE UNH",
    "Industrials": "BA CAT DAL GE HON UNP",
    "Materials, real estate, utilities": "AMT DUK FCX NEM",
    "Technology": "AAPL ADBE AMD CSCO IBM INTC MSFT MU NVDA QCOM V",
}
"""The choice: among the most traded of each sector, so that a demo has rising, falling and quiet stocks."""

COLUMNS = ("symbol", "date", "open", "high", "low", "close", "volume")


def chosen_rows(full_file: Path) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the chosen symbols under today's names, in the order of the file."""
    chosen = {symbol for names in SECTORS.values() for symbol in names.split()}
    with gzip.open(full_file, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            symbol = RENAMED.get(row["symbol"], row["symbol"])
            if symbol in chosen:
                yield (symbol, *(row[column] for column in COLUMNS[1:]))


def incomplete(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the chosen symbols that lack a bar of some session."""
    counts = {symbol: 0 for names in SECTORS.values() for symbol in names.split()}
    for symbol, *_ in rows:
        counts[symbol] += 1
    return sorted(symbol for symbol, count in counts.items() if count != BARS_OF_EVERY_SESSION)


def write_compressed(rows: Sequence[tuple[str, ...]], path: Path) -> str:
    """Write the rows and return the SHA-256 of the text; neither name nor time of writing goes into the file."""
    text = "".join(",".join(row) + "\n" for row in [COLUMNS, *rows]).encode()
    with path.open("wb") as file, gzip.GzipFile("", "wb", compresslevel=9, fileobj=file, mtime=0) as packed:
        packed.write(text)
    return hashlib.sha256(text).hexdigest()


def main() -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(description="Make the bundled bars from the whole file.")
    parser.add_argument("full_file", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()

    rows = sorted(chosen_rows(arguments.full_file))
    if missing := incomplete(rows):
        sys.stderr.write(f"make_sample_data: no complete history of {', '.join(missing)}\n")
        return 1
    digest = write_compressed(rows, arguments.output)
    sys.stdout.write(f"{arguments.output}: {len(rows)} bars, text sha256 {digest}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
