"""Apache Kafka of a fixed version as a process of this machine."""
