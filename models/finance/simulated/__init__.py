"""The money of a simulated run: from what an arm did to what every organisation earned and spent, month by month."""
