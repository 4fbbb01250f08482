"""Each kind of splat file has a module with a row; `registry` lists the rows."""
