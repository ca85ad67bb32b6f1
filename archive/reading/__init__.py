"""From the bytes of a page to body and metadata: one decoding, one parse, shared by every step."""
