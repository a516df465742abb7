// A chaincode as a service, by the official library: `notes` for the tests to call.
//
// CHAINCODE_ID and CHAINCODE_SERVER_ADDRESS as everywhere; CHAINCODE_TLS_KEY and CHAINCODE_TLS_CERT
// name files, if it is to speak TLS. Ends when its input does.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import shim from "fabric-shim";

const functions = {
  put: (stub, key, value) => stub.putState(key, Buffer.from(value)),

  get: (stub, key) => stub.getState(key),

  remove: (stub, key) => stub.deleteState(key),

  // As many keys as no single message of a range holds.
  async fill(stub, prefix, count) {
    for (let i = 0; i < Number(count); i++) {
      await stub.putState(`${prefix}${String(i).padStart(4, "0")}`, Buffer.from(`${i}`));
    }
  },

  range: async (stub, start, end) => lines(stub.getStateByRange(start, end), entry),

  async page(stub, start, end, size, bookmark) {
    const page = stub.getStateByRangeWithPagination(start, end, Number(size), bookmark);
    const entries = await lines(page, entry);
    const { metadata } = await page;
    return `${entries}\n${metadata.fetchedRecordsCount} until ${metadata.bookmark}`;
  },

  index: (stub, ...parts) => stub.putState(stub.createCompositeKey("by", parts), Buffer.from("1")),

  indexed: async (stub, ...parts) =>
    lines(stub.getStateByPartialCompositeKey("by", parts), ({ key }) =>
      stub.splitCompositeKey(key).attributes.join("/"),
    ),

  history: async (stub, key) =>
    lines(stub.getHistoryForKey(key), ({ txId, isDelete, value }) =>
      [txId, isDelete ? "deleted" : value.toString()].join(" "),
    ),

  emit: (stub, name, payload) => stub.setEvent(name, Buffer.from(payload)),

  // What came beside the arguments stays off the ledger; its digest does not.
  async seal(stub, key) {
    const digest = createHash("sha256").update(stub.getTransient().get("value")).digest("hex");
    await stub.putState(key, Buffer.from(digest));
    return digest;
  },

  async call(stub, chaincode, ...args) {
    const { status, message, payload } = await stub.invokeChaincode(chaincode, args, "");
    if (status !== 200) throw new Error(`${chaincode} answered ${status}: ${message}`);
    return payload;
  },

  // Asks the registry what a payload says, and keeps what stands for it.
  async observe(stub, registry, id, payload) {
    const recording = { channel: stub.getChannelID(), device: "node", tx_id: stub.getTxID() };
    const args = ["normalise", id, payload, JSON.stringify(recording)];
    const said = JSON.parse(await functions.call(stub, registry, ...args));
    await stub.putState(`graph-${id}`, Buffer.from(said.graph_sha256));
    return said.nquads;
  },

  circumstances: (stub) =>
    [stub.getChannelID(), stub.getTxID(), stub.getCreator().mspid].join(" "),

  refuse(_stub, message) {
    throw new Error(message);
  },

  // Not an answer but an end.
  crash: () => process.exit(1),
};

// A line for each item of a range or history.
async function lines(iterator, line) {
  const found = [];
  for await (const item of iterator) found.push(line(item));
  return found.join("\n");
}

const entry = ({ key, value }) => `${key}=${value}`;

const chaincode = {
  Init: async () => shim.success(),

  async Invoke(stub) {
    const { fcn, params } = stub.getFunctionAndParameters();
    try {
      if (!Object.hasOwn(functions, fcn)) throw new Error(`no function ${fcn}`);
      return shim.success(Buffer.from((await functions[fcn](stub, ...params)) ?? ""));
    } catch (error) {
      return shim.error(error.message);
    }
  },
};

const { CHAINCODE_ID, CHAINCODE_SERVER_ADDRESS, CHAINCODE_TLS_KEY, CHAINCODE_TLS_CERT } =
  process.env;
const tlsProps = CHAINCODE_TLS_KEY && {
  key: readFileSync(CHAINCODE_TLS_KEY),
  cert: readFileSync(CHAINCODE_TLS_CERT),
};
process.stdin.on("end", () => process.exit(0)).resume();
await shim
  .server(chaincode, { ccid: CHAINCODE_ID, address: CHAINCODE_SERVER_ADDRESS, tlsProps })
  .start();
