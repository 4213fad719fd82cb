"""The upstream copy of every order: stored, listed, shown, and kept up to date with what the other services tell."""
