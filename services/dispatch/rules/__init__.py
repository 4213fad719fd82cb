"""The rules of dispatch: pure functions of facts, time and calendar."""
