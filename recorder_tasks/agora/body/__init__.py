"""What is sent: one module a concern, all fields of facts 2 with their ranges and defaults."""
