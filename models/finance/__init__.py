"""Money: what the organisations of a footprint earn, spend, owe and own."""
