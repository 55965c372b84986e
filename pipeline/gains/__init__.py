"""The core: from transactions and prices to disposals, lots and income. Read `derive` first."""
