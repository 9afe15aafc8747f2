"""Lines of text out of bytes: compression, encodings, line ends."""
