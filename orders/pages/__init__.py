"""The pages on which people work on orders."""
