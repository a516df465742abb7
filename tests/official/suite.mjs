// What the scripts share that speak for an application: cases, and connections as Fabric's sample
// applications make them.

import assert from "node:assert/strict";
import { createHash, createPrivateKey } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { connect, signers } from "@hyperledger/fabric-gateway";

// How long a case may take. Generous: it only has to end the ones that hang.
const CASE_MILLISECONDS_MAX = 60_000;

// Runs cases one after another, and writes one line of JSON for each: {"case": "<name>"}, with a
// "why" if it failed. Ends the process, whatever is still open.
export async function suite(cases) {
  for (const [name, run] of Object.entries(cases)) {
    const why = await failure(run);
    process.stdout.write(`${JSON.stringify({ case: name, why })}\n`);
  }
  process.stdout.write("", () => process.exit(0));
}

async function failure(run) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("took too long")), CASE_MILLISECONDS_MAX);
  });
  try {
    await Promise.race([run(), late]);
    return undefined;
  } catch (error) {
    return [error.stack, ...(error.details ?? []).map(told)].join("\n  ");
  } finally {
    clearTimeout(timer);
  }
}

const told = ({ address, mspId, message }) => `${address} ${mspId}: ${message}`;

// What {organizations: "<the exported folder>", channel: "…"} leads to.
export class Place {
  constructor({ organizations, channel }) {
    this.folder = join(organizations, "peerOrganizations");
    this.channel = channel;
  }

  // Certificate and key of a user, from where an application finds them.
  user(domain, name = "User1") {
    const msp = join(this.folder, domain, "users", `${name}@${domain}`, "msp");
    const only = (folder) => readFileSync(join(msp, folder, readdirSync(join(msp, folder))[0]));
    return { credentials: only("signcerts"), key: createPrivateKey(only("keystore")) };
  }

  // A connection to an organisation's first peer, of whose TLS root the profile tells.
  client({ domain, name, roots, override = true }) {
    const profile = this.#profile(domain, name);
    const [host] = profile.organizations[name].peers;
    const peer = profile.peers[host];
    const credentials = grpc.credentials.createSsl(Buffer.from(roots ?? peer.tlsCACerts.pem));
    const options = override
      ? { "grpc.ssl_target_name_override": peer.grpcOptions["ssl-target-name-override"] }
      : {};
    return new grpc.Client(new URL(peer.url).host, credentials, options);
  }

  roots({ domain, name }) {
    const profile = this.#profile(domain, name);
    return Object.values(profile.peers)[0].tlsCACerts.pem;
  }

  // A gateway at `at`, for the user of `as`; further options are the SDK's.
  gateway({ at = ORG1, as = at, mspId = `${as.name}MSP`, ...options } = {}) {
    const { credentials, key } = this.user(as.domain);
    return connect({
      client: options.client ?? this.client(at),
      identity: { mspId, credentials },
      signer: signers.newPrivateKeySigner(key),
      hash: sha256,
      ...options,
    });
  }

  #profile(domain, name) {
    const file = join(this.folder, domain, `connection-${name.toLowerCase()}.json`);
    return JSON.parse(readFileSync(file, "utf8"));
  }
}

export const ORG1 = { name: "Org1", domain: "org1.example.com" };
export const ORG2 = { name: "Org2", domain: "org2.example.com" };

export function input() {
  return JSON.parse(readFileSync(0, "utf8"));
}

export function sha256(bytes) {
  return createHash("sha256").update(bytes).digest();
}

export const text = (bytes) => Buffer.from(bytes).toString("utf8");

// The first items of a stream, which is closed afterwards.
export async function take(stream, count) {
  const items = [];
  try {
    for await (const item of stream) {
      items.push(item);
      if (items.length === count) return items;
    }
  } finally {
    stream.close();
  }
  throw new Error(`the stream ended after ${items.length} items`);
}

// The error that a promise ends with; its kind, gRPC code and text are as expected.
export async function refused(promise, { kind, code, message = /./, details }) {
  const error = await promise.then(
    () => assert.fail("must be refused"),
    (error) => error,
  );
  assert.ok(error instanceof kind, `not a ${kind.name}: ${error.stack}`);
  assert.equal(error.code, code, error.stack);
  assert.match(error.message, message);
  if (details !== undefined) {
    const told = error.details.map(({ mspId, message }) => [mspId, message]);
    assert.equal(told.length, details.length, `${error.message}: ${JSON.stringify(told)}`);
    details.forEach(([mspId, pattern], i) => {
      assert.equal(told[i][0], mspId);
      assert.match(told[i][1], pattern);
    });
  }
  return error;
}
