"""What sla's API answers and takes: clocks and their proof, the calendar, the rules."""
