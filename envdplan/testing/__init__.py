"""For tests of those who use envdplan: stand-ins that behave as the real thing was seen to."""
