"""web-ui: the pages, over stt-api's HTTP."""

__version__ = "0.1.0"
