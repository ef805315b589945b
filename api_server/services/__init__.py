"""What the service calls out to."""
