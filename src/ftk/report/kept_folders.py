"""The model folders that a finished run keeps, and how large they are."""

from pathlib import Path

from ftk.config.choices import Keep
from ftk.report.run_folder import RunFolder
from ftk.system.atomic import flush, old_name, remove


def keep_only(folder: RunFolder, keep: Keep) -> str:
    """Remove the model folders that a finished run does not need.

    A kill at any moment leaves each folder whole or without its name: a folder loses its name first.

    Args:
        folder: of the run; all its results are written.
        keep: what stays beside ``best/``.

    Returns:
        What is kept, with the size of each folder, as a sentence.
    """
    for path in (folder.previous, *([folder.last] if keep is Keep.best else [])):
        if path.is_dir():
            unnamed = old_name(path)
            remove(unnamed)
            path.rename(unnamed)
            flush(path.parent)
        remove(old_name(path))
    kept = [path for path in (folder.best, folder.last) if path.is_dir()]
    sizes = ", ".join(f"{path.name}/ ({in_bytes(size_of(path))})" for path in kept)
    if keep is Keep.best:
        return f"kept: {sizes}; the state to resume from is removed (run.keep=best)"
    return f"kept: {sizes}; run.keep=best keeps best/ alone"


def size_of(folder: Path) -> int:
    """The bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def in_bytes(size: int) -> str:
    """A number of bytes with its unit: 4.2 MB."""
    if size < 1_000_000:
        return f"{size / 1e3:,.0f} kB"
    return f"{size / 1e6:,.1f} MB" if size < 1_000_000_000 else f"{size / 1e9:,.1f} GB"
