"""HTTP and HTML only: parse, call one verb, render."""
