from __future__ import annotations

import csv
import gzip
from math import asin, cos, radians, sin, sqrt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stores import geography
from stores.geography import distance_km, locate_postal_code

POSTCODES = Path(geography.__file__).parent / "data" / "postcodes.csv.gz"
HALF_ROUND = 20_015.115  # km from a point to its antipode

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)


@pytest.mark.parametrize(
    ("here", "there", "km"),
    [
        ((51.5074, -0.1278), (48.8566, 2.3522), 343.6),  # London, Paris
        ((40.7128, -74.006), (34.0522, -118.2437), 3935.7),  # New York, Los Angeles
        ((0.0, 179.5), (0.0, -179.5), 111.2),  # over the date line
        ((90.0, 0.0), (-90.0, 0.0), HALF_ROUND),
        ((51.5, -0.1), (51.5, -0.1), 0.0),
    ],
)
def test_distances(here: tuple[float, float], there: tuple[float, float], km: float) -> None:
    assert distance_km(*here, *there) == pytest.approx(km, rel=1e-3, abs=1e-9)


@settings(deadline=None)
@given(latitudes, longitudes, latitudes, longitudes)
def test_distance_is_the_haversine_whichever_way(
    lat1: float, lng1: float, lat2: float, lng2: float
) -> None:
    phi1, phi2 = radians(lat1), radians(lat2)
    a = sin((phi2 - phi1) / 2) ** 2
    a += cos(phi1) * cos(phi2) * sin(radians(lng2 - lng1) / 2) ** 2
    haversine = 2 * 6371.0088 * asin(sqrt(min(1.0, a)))
    there = distance_km(lat1, lng1, lat2, lng2)
    assert there == distance_km(lat2, lng2, lat1, lng1)
    # Beside its antipode a point is equally far from everything: one millimetre is lost there.
    assert there == pytest.approx(haversine, abs=1e-3)
    assert 0 <= there <= HALF_ROUND


def test_every_code_of_the_file_is_found_where_it_is() -> None:
    with gzip.open(POSTCODES, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 65_564
    for row in rows:
        centre = (float(row["lat"]), float(row["lng"]))
        assert locate_postal_code(row["postcode"], row["country"]) == centre


@pytest.mark.parametrize(
    ("written", "country", "as_if"),
    [
        ("SW1A 1AA", "GB", "SW1A"),
        ("sw1a1aa", "gb", "SW1A"),
        (" SW1A  1AA ", "UK", "SW1A"),
        ("SW1A 1", "GB", "SW1A"),
        ("M1 1AE", "GB", "M1"),
        ("M11AE", "GB", "M1"),
        ("M11 1AE", "GB", "M11"),
        ("M11", "GB", "M11"),
        ("EC1A1BB", "GB", "EC1A"),
        ("W1Z 9XX", "GB", "W1"),
        ("D-10115", "DE", "10115"),
        ("1156", "DE", "01156"),
        ("IT-00184", "IT", "00184"),
        ("10001-1234", "US", "10001"),
        ("501", "US", "00501"),
        ("01310-100", "BR", "01000-000"),  # within the range of São Paulo
        ("01310100", "BR", "01000-000"),
        ("70040-010", "BR", "70000-000"),
    ],
)
def test_codes_as_people_write_them(written: str, country: str, as_if: str) -> None:
    found = locate_postal_code(written, country)
    assert found is not None
    assert found == locate_postal_code(as_if, "GB" if country.upper() == "UK" else country)


@pytest.mark.parametrize(
    ("written", "country"),
    [
        ("", "GB"),
        ("ZZ99 9ZZ", "GB"),
        ("SW1A 1AA SW1A", "GB"),
        ("00000", "US"),
        ("1234567", "US"),
        ("\u0661\u0660\u0661\u0661\u0665", "DE"),
        ("00999-000", "BR"),  # below the first town of its region
        ("75001", "FR"),
        ("10115", ""),
        ("1" * 10_000, "DE"),
        ("SW1A\0", "GB"),
    ],
)
def test_unknown_codes_are_nowhere(written: str, country: str) -> None:
    assert locate_postal_code(written, country) is None


@settings(deadline=None)
@given(st.text(), st.sampled_from(["GB", "BR", "DE", "US", "IT"]) | st.text(max_size=3))
def test_any_text_is_answered(text: str, country: str) -> None:
    found = locate_postal_code(text, country)
    assert found is None or (-90 <= found[0] <= 90 and -180 <= found[1] <= 180)
