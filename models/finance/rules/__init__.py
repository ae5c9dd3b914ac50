"""The rules of money as pure functions: whole pence in, whole pence out, nothing booked.

Each module is one rule: :mod:`contracts` and :mod:`schedule` (what a contract pays, and when), :mod:`spells`,
:mod:`sustainability_fund`, :mod:`control_totals`, :mod:`pooled`, :mod:`loans`, :mod:`cash_support`,
:mod:`public_dividend`, :mod:`capital`, :mod:`step_costs`, :mod:`efficiency`, :mod:`double_running` and :mod:`staffing`.
How amounts are rounded is said in :mod:`amounts`; constants with their sources come from :mod:`settings`.
"""
