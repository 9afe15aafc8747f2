"""Findings about the way files of text and tables are written."""

from ftk.contracts.finding_kinds.making import error, fact, info, warning

# One kind in one or two lines, so that the table can be read as one.
# fmt: off

# Text files
ENCODING_FOUND = warning("encoding-found", "{file|files} without a byte order mark that {is|are} not UTF-8",
    "read as {encoding} (data.encoding={encoding})")

ODD_ENCODING = warning("odd-encoding", "{file|files} with words that look wrong in {encoding}: {read!r}",
    "read so all the same (data.encoding={encoding}); {other} would read {better!r}")

# CSV, TSV and spreadsheets
TABLE_DELIMITER = fact("table-delimiter", "{file}: cells are separated by the {delimiter} ({how}).")
SPACE_AFTER_DELIMITER = fact("space-after-delimiter",
    "{file}: a space follows each {delimiter}; it is no part of the cells.")
TABLE_QUOTES = fact("table-quotes", "{file}", "cells are in quotation marks",
    backslash="marks and separators inside of cells have a backslash before them (data.quoting=backslash)",
    single="cells are in single quotation marks (data.quoting=single)")
FEW_LINES_DECIDE = fact("few-lines-decide",
    "{file}: the first {lines} lines decide how cells are separated and quoted, because no further one had come; "
    "data.delimiter and data.quoting say it for all lines.")
TABLE_ENDS_AT_CR = fact("table-ends-at-cr", "{file}: lines end at a carriage return (CR).")
BLANK_ABOVE_TABLE = info("blank-above-table", "blank {line|lines} above the table", "skipped")
ROW_WIDTH = error("row-width", "{row|rows} with more or fewer cells than the table has columns", "{hint}")
REPEATED_HEADER = warning("repeated-header", "header {line|lines} that {comes|come} again below the first one",
    "left out")
QUOTES_AS_CHARACTERS = warning("quotes-as-characters", "{line|lines} with quotation marks",
    "read as characters, because only then each line has {cells} cells (data.quoting=none)")
CELL_OF_SEVERAL_LINES = info("cell-of-several-lines", "{row|rows} whose lines could each be a row",
    "read as one row with a quoted cell of several lines; data.quoting=none reads each line as a row")
OTHER_SHEETS = warning("other-sheets", "{sheet|sheets} of {file} that {is|are} not the first one ({names})", "not read")
SPREADSHEET_ERROR = warning("spreadsheet-error", "{cell|cells} with the error of a formula", "read as its text")

# JSON
OBJECTS_OVER_LINES = fact("objects-over-lines",
    "{file}: not one JSON object per line (line {line}); read object by object.")
ROWS_INSIDE_FILE = fact("rows-inside-file", "{file}: {how}; read: {read}.")
SPLIT_INSIDE_FILE = fact("split-inside-file", "{file}: {how}; read: {read}; not read here: {left}.")
# fmt: on
