"""What is asked of the operating system: child processes, and files that appear whole or not at all."""
