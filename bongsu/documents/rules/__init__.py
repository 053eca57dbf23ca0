"""Pure parts of documents: `markdown`, `chart`, `content`, `review`, `paper`."""
