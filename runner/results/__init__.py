"""Records: kept, sealed, found, compared, carried elsewhere."""
