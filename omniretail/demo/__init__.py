"""A demo retailer, cut from real data and put to work through the service's own commands."""
