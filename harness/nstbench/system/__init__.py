"""What is asked of the operating system: child processes, reading files, writing them whole or not at all."""
