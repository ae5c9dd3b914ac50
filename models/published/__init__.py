"""Published models that come with Carebridge: run, and set beside what was published and what is exact."""
