"""Reading files that people write: YAML with lines, shapes, faults in plain words, and the sound part of the rest."""
