"""Speed of the product beside a floor or a peer: `make bench`. Never a test: it prints ratios and passes."""
