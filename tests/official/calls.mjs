// Calls contracts through Fabric's own client, as it is told, one call after another.
//
// In, a line of JSON each: first {"channel": …, "users": {"<name>": {"mspid", "endpoint", "override",
// "tls_root", "cert", "key"}}}, the last three being files; then calls {"user", "chaincode",
// "function", "args", "transient", "organizations", "evaluate"}, with arguments and transient values
// in base64, or {"block": <number>}.
// Out, a line for each but the first: {"payload", "tx", "block", "code"}, {"refused": …} or
// {"bytes": …}, bytes in base64.

import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import { connect, GatewayError, signers } from "@hyperledger/fabric-gateway";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async () => JSON.parse((await lines.next()).value ?? "null");
const { channel, users } = await next();
const networks = Object.fromEntries(
  Object.entries(users).map(([name, user]) => [name, through(user).getNetwork(channel)]),
);
for (let asked = await next(); asked !== null; asked = await next()) {
  const answer = asked.block === undefined ? await call(asked) : await block(asked.block);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);

function through({ mspid, endpoint, override, tls_root, cert, key }) {
  const roots = grpc.credentials.createSsl(readFileSync(tls_root));
  const client = new grpc.Client(endpoint, roots, { "grpc.ssl_target_name_override": override });
  const identity = { mspId: mspid, credentials: readFileSync(cert) };
  const signer = signers.newPrivateKeySigner(createPrivateKey(readFileSync(key)));
  return connect({ client, identity, signer });
}

async function call({ user, chaincode, function: name, evaluate, ...asked }) {
  const contract = networks[user].getContract(chaincode);
  const options = {
    arguments: asked.args.map(bytes),
    transientData: Object.fromEntries(
      Object.entries(asked.transient).map(([name, value]) => [name, bytes(value)]),
    ),
  };
  if (asked.organizations.length > 0) options.endorsingOrganizations = asked.organizations;
  try {
    if (evaluate) return { payload: base64(await contract.evaluate(name, options)) };
    const commit = await contract.submitAsync(name, options);
    const { code, blockNumber } = await commit.getStatus();
    const payload = base64(commit.getResult());
    return { payload, tx: commit.getTransactionId(), block: Number(blockNumber), code };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const details = error.details.map(({ message }) => message);
    return { refused: details[0] ?? error.message };
  }
}

async function block(number) {
  const [network] = Object.values(networks);
  const blocks = await network.getBlockEvents({ startBlock: BigInt(number) });
  try {
    for await (const found of blocks) return { bytes: base64(found.serializeBinary()) };
  } finally {
    blocks.close();
  }
}

function bytes(text) {
  return Buffer.from(text, "base64");
}

function base64(bytes) {
  return Buffer.from(bytes).toString("base64");
}
