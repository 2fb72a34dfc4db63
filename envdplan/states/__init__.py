"""The three pictures: desired, recorded, observed."""
