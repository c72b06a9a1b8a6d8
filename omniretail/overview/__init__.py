"""The home page of the roof."""
