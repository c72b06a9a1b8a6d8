"""A demo retailer, made from an extract of real data by the service's own commands."""
