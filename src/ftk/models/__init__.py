"""Models and tokenizers: loading, architectures, fine-tuning options, and ways to run them."""
