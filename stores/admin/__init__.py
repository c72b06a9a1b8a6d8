"""Locations, channels and bins, which people edit."""

from stores.admin import floor_plan, network

__all__ = ["floor_plan", "network"]
