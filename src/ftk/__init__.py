"""ftk: from raw text to an encoder you can trust."""

__version__ = "0.1.0"
