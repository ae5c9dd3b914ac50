"""Systems whose exact answers are known, and the rule by which a simulated figure agrees with one."""
