"""Parts of the readers of tables: how a file is written, what its quotation marks mean, its header, spreadsheets."""
