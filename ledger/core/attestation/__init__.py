"""What is attested off the chain: who is trusted, which body may certify what, and what it certified."""
