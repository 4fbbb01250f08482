"""One module for each kind of splat file, each with its row; `registry` lists the rows."""
