"""The command line of ``score.py``: pictures from files through the entry script's own run()."""
