"""Whatever a page sends: one warning, no error, and no effect on anybody else."""
