"""Analytics: what the facts add up to, per unit, day and week; it proposes and computes, and decides nothing (S3.2)."""
