"""Systems with exact answers, and published models, beside what is simulated: ``carebridge verify``."""
