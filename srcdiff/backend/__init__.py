"""What turns generated text into something that runs, and keeps it on disk."""
