"""The main job: business as usual and the plan on every timeline, run, judged and written down."""
