"""What a service keeps of facts that another one owns: the calendar, and who has a part in an order."""
