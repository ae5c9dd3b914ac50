"""The whole care system of a footprint as one network: every part of care put together, hospital by hospital."""
