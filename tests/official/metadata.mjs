// Reads a chaincode's metadata as Fabric's own Node libraries do.
//
// In: {"metadata": …, "calls": [{"contract", "function", "arguments": ["<as on the wire>"]}]}.
// Out, on the last line, because the library logs to the same place: what is wrong, a list of
// texts: the metadata itself, then each call whose arguments are not what the metadata says.

import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const Bootstrap = require("fabric-shim/lib/contract-spi/bootstrap");
const Marshall = require("fabric-shim/lib/contract-spi/datamarshall");
const { JSONSerializer } = require("fabric-contract-api");

const { metadata, calls } = JSON.parse(readFileSync(0, "utf8"));
const wrong = [whyInvalid(), ...calls.map(whyRefused)].filter((why) => why !== undefined);
process.stdout.write(`\n${JSON.stringify(wrong)}`);

// The library checks a file.
function whyInvalid() {
  const folder = mkdtempSync(join(tmpdir(), "metadata-"));
  try {
    const file = join(folder, "metadata.json");
    writeFileSync(file, JSON.stringify(metadata));
    Bootstrap.loadAndValidateMetadata(file);
    return undefined;
  } catch (error) {
    return error.message;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function whyRefused({ contract, function: name, arguments: given }) {
  const transactions = metadata.contracts[contract].transactions;
  const transaction = transactions.find((transaction) => transaction.name === name);
  const marshall = new Marshall("json", { json: JSONSerializer }, metadata.components.schemas);
  try {
    marshall.handleParameters(transaction, given.map((argument) => Buffer.from(argument)), name);
    return undefined;
  } catch (error) {
    return `${name}(${given.join(", ")}): ${error.message}`;
  }
}
