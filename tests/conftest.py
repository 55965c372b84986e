"""For all tests: the same random ledgers on every machine and every run.

`pytest --hypothesis-profile thorough` draws many more, and new ones each time.
"""

from hypothesis import settings

settings.register_profile("taxsync", derandomize=True, deadline=None, database=None, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=3000)
settings.load_profile("taxsync")
