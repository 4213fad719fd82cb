"""How a request of a platform is received: verified, handed on, answered, or put into quarantine."""
