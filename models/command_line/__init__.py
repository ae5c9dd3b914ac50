"""What all commands share: words, keys that were meant, folders that may be written, and the look at the machine."""
