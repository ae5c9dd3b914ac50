"""The money: organisations, a double-entry ledger in whole pence, its invariants, statements and audit.

FINANCE 2.0; F3, F17, F23, F25, F27. ``docs/money.md`` says what is posted when.
"""
