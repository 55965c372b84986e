"""The countries: one file each, found by its name."""
