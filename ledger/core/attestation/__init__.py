"""What administrations and conformity bodies attest off the chain: who is trusted, who may certify, what is certified."""
