"""What verbs share on the terminal: tables, bars, streams, and the text of their answers."""
