"""What comes in and goes out over HTTP: the platforms' requests, and the views of the API."""
