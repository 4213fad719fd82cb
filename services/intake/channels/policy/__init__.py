"""The seven channels, one module for each platform, and what every request is held to."""
