"""A django-oscar project with one view, for the comparison; runs in an environment of its own."""
