"""From the planner's arithmetic to the simulation, step by step, each step in beds."""
