"""Lotproof: a provenance ledger for vaccines and protective equipment."""
