"""The care system in parts: each setting says which sources, stations and pools it brings, and where its people go."""
