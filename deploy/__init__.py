"""Programs around the services: cluster, gateway, broker, images."""
