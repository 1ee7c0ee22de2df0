"""For plugin authors: stand-ins that behave, and misbehave, exactly as told."""

from nstbench.testing.fakes import FakeBackend

__all__ = ["FakeBackend"]
