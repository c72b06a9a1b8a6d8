"""A Tryton server with its stock module and one route, for the comparison; has an environment of
its own."""
