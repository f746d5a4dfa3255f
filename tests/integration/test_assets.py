"""An application's own files: what assets_path may be, and that nothing outside of it is served."""
