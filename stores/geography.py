"""Where places are: distances, and the centre of a postal code."""

from __future__ import annotations

from functools import lru_cache
from math import asin, cos, dist, radians, sin

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
