"""Other tools' reports of gains, one file each with `LAYOUT = Layout(...)`: which of its columns tells what."""
