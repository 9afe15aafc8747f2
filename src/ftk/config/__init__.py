"""From the command line and YAML to checked dataclasses; torch is never imported here."""
