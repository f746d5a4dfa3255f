"""Who the user is: sign-ins, what they hold, and how they are kept."""
