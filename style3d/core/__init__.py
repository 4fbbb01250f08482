"""This room holds the law, image = A_v · θ + b_v. It knows no file and no style."""
