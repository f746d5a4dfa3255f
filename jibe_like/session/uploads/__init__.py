"""Files that pages send to widgets: who may, what of them is let in, and where it is kept."""
