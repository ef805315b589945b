"""What both services are served with: settings, logs, request records, uploads, an orderly end.

It knows neither service and nothing of the engine: stt-api and web-ui import it, never each other.
"""
