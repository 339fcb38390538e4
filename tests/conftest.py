"""Hypothesis draws the same examples in every run; ``--hypothesis-profile=explore`` looks for new ones."""

from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("repeatable")
