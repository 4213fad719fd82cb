"""What a service keeps of facts that another one owns: the calendar, rule sets, units, and the parts of orders."""
