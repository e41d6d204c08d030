"""What `moderator WORD …` does, one file a word; `cli.py` lists them and imports the one that was asked for."""
