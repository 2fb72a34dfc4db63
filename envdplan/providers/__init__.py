"""Edge: one provider per kind of resource; changes in, calls out."""
