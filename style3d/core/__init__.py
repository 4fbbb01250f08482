"""The law: image = A_v · θ + b_v. This room knows no file and no style."""
