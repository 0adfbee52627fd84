"""How things are worded and drawn on a page: verdicts, sentences, markdown, diffs. Nothing here reads the database."""
