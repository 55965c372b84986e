"""The only place where network, database, clock and core meet: one file per thing a person does."""
