"""What pages need to know of the place at which a person works."""
