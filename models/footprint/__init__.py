"""A footprint: an area, its hospitals, its published figures, and the observed tables beside them."""
