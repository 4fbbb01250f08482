"""glTF as a file format: documents, their numbers and nodes, and changing them; what is in them is for others."""
