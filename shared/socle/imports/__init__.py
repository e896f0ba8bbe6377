"""Files of lines: a file comes in, a job applies it line by line, each fate can be read back."""
