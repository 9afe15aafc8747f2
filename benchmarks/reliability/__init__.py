"""What a run folder survives: kills, signals, broken numbers, too little memory, broken inputs, and what it costs."""
