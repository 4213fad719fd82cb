"""A pinned Apache Kafka as a process of this machine."""
