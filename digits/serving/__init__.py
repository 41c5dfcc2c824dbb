"""The project's own server: ``python -m digits.serving``."""
