"""Export of the whole ledger for analysis: a folder of files by table and range of blocks, or one stream of JSON lines.

A run adds parts to what is there. A part is written whole, then named in the manifest: what a run that was stopped left
behind counts for nothing and is written again, byte for byte, as parts are cut where the blocks alone say. The last
block's hash stands with each part, so that after a reorganisation those that no longer hold are known and made anew.
"""
