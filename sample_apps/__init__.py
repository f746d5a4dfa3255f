"""Sample applications, one idea to a file. Run one with `python -m sample_apps.counter`; `gallery` shows them all."""
