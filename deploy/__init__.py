"""What stands beside the platform: images, manifests, brokers."""
