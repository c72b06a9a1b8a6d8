"""Where places are: distances, and the centre of a postal code.

Postal codes come from GeoNames (data/ATTRIBUTION.md): Brazil, Germany, Great Britain (by outward
code), Italy, the United States. They are read at the first call and kept in 0.8 MB of arrays.
"""

from __future__ import annotations

import csv
import gzip
import re
from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from math import asin, cos, dist, radians, sin
from pathlib import Path

EARTH_RADIUS_KM = 6371.0088


def distance_km(lat1: float, lng1: float, lat2: float, lng2: float) -> float:
    """Great-circle distance in kilometres between two points in degrees.

    The haversine distance, reached through the chord between two points of the unit sphere:
    locations come back with every order, so their trigonometry is done once and kept.
    """
    half_chord = dist(_on_unit_sphere(lat1, lng1), _on_unit_sphere(lat2, lng2)) / 2
    # Rounding can carry it just above 1 for antipodes, where asin has no value.
    return 2 * EARTH_RADIUS_KM * asin(half_chord if half_chord < 1.0 else 1.0)


@lru_cache(maxsize=16_384)
def _on_unit_sphere(lat: float, lng: float) -> tuple[float, float, float]:
    phi, lam = radians(lat), radians(lng)
    return cos(phi) * cos(lam), cos(phi) * sin(lam), sin(phi)


_POSTCODES = Path(__file__).parent / "data" / "postcodes.csv.gz"
_LONGEST = 16  # no postal code is longer; more is not worth looking at

# SW1A 1AA; the inward half may be missing. "M11AE" is M1 1AE, so it must be looked for first.
_GB = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]?)(?:[0-9][A-Z]{2})?")
_GB_SECTOR = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]?) [0-9]")
_FIVE_DIGITS = re.compile(r"(?:(?:DE?|IT?|US)-?)?([0-9]{3,5})(?:-?[0-9]{4})?")
_CEP = re.compile(r"([0-9]{5})-?([0-9]{3})")


def locate_postal_code(postal_code: str, country: str) -> tuple[float, float] | None:
    """The centre of a postal code as (latitude, longitude) in degrees, or None if not known.

    `country` is an ISO 3166 code (UK is taken for GB). Spaces and letter case do not matter.
    """
    country = country.strip().upper()
    text = "".join(postal_code.upper().split())
    if len(text) > _LONGEST:
        return None
    if country in ("GB", "UK"):
        return _locate_british(" ".join(postal_code.upper().split()), text)
    if country == "BR":
        return _locate_brazilian(text)
    if country in ("DE", "IT", "US"):
        return _locate_five_digits(country, text)
    return None


def _locate_british(spaced: str, text: str) -> tuple[float, float] | None:
    match = _GB.fullmatch(text) or _GB_SECTOR.fullmatch(spaced)
    if not match:
        return None
    outward = match[1]
    # Central London: W1Z is unknown, W1 around it is not.
    return _gazetteer("GB").find(int(outward, 36)) or (
        _gazetteer("GB").find(int(outward[:-1], 36)) if outward[-1].isalpha() else None
    )


def _locate_brazilian(text: str) -> tuple[float, float] | None:
    """A town's range runs from its first code to that of the next town, within the region."""
    match = _CEP.fullmatch(text)
    return _gazetteer("BR").find_range(int(match[1] + match[2]), 10_000_000) if match else None


def _locate_five_digits(country: str, text: str) -> tuple[float, float] | None:
    """Also D-10115, a ZIP+4, and codes that lost their leading zeros in a spreadsheet."""
    match = _FIVE_DIGITS.fullmatch(text)
    return _gazetteer(country).find(int(match[1])) if match else None


@dataclass(slots=True)
class _Gazetteer:
    """One country: sorted codes as numbers, and their centres in ten-thousandths of a degree."""

    codes: array[int] = field(default_factory=lambda: array("I"))
    latitudes: array[int] = field(default_factory=lambda: array("i"))
    longitudes: array[int] = field(default_factory=lambda: array("i"))

    def find(self, code: int) -> tuple[float, float] | None:
        return self.find_range(code, 1)

    def find_range(self, code: int, width: int) -> tuple[float, float] | None:
        """The nearest listed code at or below `code` in the same block of `width` codes."""
        at = bisect_right(self.codes, code) - 1
        if at < 0 or self.codes[at] // width != code // width:
            return None
        return self.latitudes[at] / 10_000, self.longitudes[at] / 10_000


def _gazetteer(country: str) -> _Gazetteer:
    return _gazetteers()[country]


@lru_cache(maxsize=1)
def _gazetteers() -> dict[str, _Gazetteer]:
    centres: dict[str, list[tuple[int, int, int]]] = {}
    with gzip.open(_POSTCODES, "rt", encoding="ascii", newline="") as file:
        for country, postcode, lat, lng in list(csv.reader(file))[1:]:
            code = int(postcode, 36) if country == "GB" else int(postcode.replace("-", ""))
            centre = (code, round(float(lat) * 10_000), round(float(lng) * 10_000))
            centres.setdefault(country, []).append(centre)
    gazetteers = {country: _Gazetteer() for country in centres}
    for country, rows in centres.items():
        for code, latitude, longitude in sorted(rows):
            gazetteers[country].codes.append(code)
            gazetteers[country].latitudes.append(latitude)
            gazetteers[country].longitudes.append(longitude)
    return gazetteers
