// solhint on the deployed contracts (not on contracts/test): every recommended rule, or the reason why not.
module.exports = {
  extends: "solhint:recommended",
  rules: {
    "compiler-version": ["error", "^0.8.37"],
    "func-visibility": ["error", { ignoreConstructors: true }],
    "function-max-lines": ["error", 60],
    "no-inline-assembly": "error",
    "immutable-vars-naming": "off", // an immutable is a getter of the interface, and named as one
    "max-line-length": "off", // forge fmt lays out code; the signed type strings are longer than any line
    "no-empty-blocks": "off", // an empty `try` block says that success needs nothing more
    "one-contract-per-file": "off", // the libraries of constants of one vocabulary stand together
    "no-complex-fallback": "off", // the P-256 verifier answers raw calls, as the precompile it stands in for
    "not-rely-on-time": "off", // windows of block time, minutes to days wide, are the rule
    "use-natspec": "off", // the interfaces are documented; a tag that repeats its name says nothing
    "gas-increment-by-one": "off", // the optimizer does it
    "gas-indexed-events": "off", // what is indexed is what is looked up
    "gas-small-strings": "off", // type strings are as long as EIP-712 makes them
    "gas-strict-inequalities": "off", // a bound reads as it is meant
    "gas-struct-packing": "off", // signed structs keep the order of their typed data
  },
};
