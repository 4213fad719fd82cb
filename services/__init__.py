"""The five services of Gongdan, each with its own database; no service imports another."""
