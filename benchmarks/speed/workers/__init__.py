"""The processes that compute: each obeys orders from its standard input and answers on its standard output."""
