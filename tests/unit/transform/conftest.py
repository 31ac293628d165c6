"""Hypothesis without deadlines: a busy machine is no wrong rule."""

from hypothesis import settings

settings.register_profile("transform", deadline=None)
settings.load_profile("transform")
