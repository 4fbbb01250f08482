"""This room reads and changes glTF documents, their numbers and their nodes. Other rooms interpret them."""
