"""What is computed from the kept facts, and the thin shell around it."""

__version__ = "0.1.0"
