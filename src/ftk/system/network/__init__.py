"""The network: by which way a host is asked, how long that may take, and what is said meanwhile."""
