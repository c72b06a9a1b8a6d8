"""Walking through a building from bin to bin."""
