from dataclasses import dataclass


@dataclass
class Stored:
    pass


@dataclass
class Checked:
    pass
