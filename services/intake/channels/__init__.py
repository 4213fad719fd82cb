"""The seven upstream platforms: their field names, their signatures, and the requests they have sent."""
