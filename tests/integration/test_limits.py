"""Past a bound: a clear reason for the one who crossed it, and nothing for anybody else."""
