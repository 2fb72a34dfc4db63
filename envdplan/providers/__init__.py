"""Resource kinds: changes to calls."""
