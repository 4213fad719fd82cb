"""The clocks of the district: every deadline of the circular, its proof, its warnings and its breach."""
