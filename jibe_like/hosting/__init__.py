"""What a `Server` consists of: options, what it listens at, controller, procedures, modules, fragments."""
