"""The only web3: client, contract, keys, compiler and development chain."""
