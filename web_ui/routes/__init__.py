"""The JSON API and what pages fetch: a file for each surface."""
