"""What everything that is written shares: colours and formats, phrases, texts that a cell can hold."""
