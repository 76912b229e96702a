// Hash and check the typed-data vectors with ethers. Reads the file on standard input; writes one JSON list:
// {name, domain_separator, struct_hash, digest, signer} a case, `signer` as recovered from the account's signature.
import { readFileSync } from "node:fs";
import { TypedDataEncoder, verifyTypedData } from "ethers";

const { types, cases } = JSON.parse(readFileSync(0, "utf8"));

const results = cases.map(({ name, domain, type, message, signatures }) => {
  const known = { [type]: types[type] };
  return {
    name,
    domain_separator: TypedDataEncoder.hashDomain(domain),
    struct_hash: TypedDataEncoder.from(known).hash(message),
    digest: TypedDataEncoder.hash(domain, known, message),
    signer: verifyTypedData(domain, known, message, signatures[0].signature).toLowerCase(),
  };
});
process.stdout.write(JSON.stringify(results));
