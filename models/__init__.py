"""Health and care: footprints and their observed figures, demand, settings, plans, the verdict and the command."""
