"""The work on transcripts: a durable queue in the database, and the workers that empty it."""
