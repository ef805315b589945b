"""stt-api: speech to text over HTTP."""

__version__ = "0.1.0"
