// Describes the messages of Fabric's own Node package, and passes encoded ones through them.
//
// In: {"messages": {"<full name>": ["<hex>", …]}}, to decode and encode again.
// Out: {"messages": {"<full name>": {"fields": …, "echoes": …, "samples": …}}, "enums": …}.
//
// The package carries code and no definitions, so each field is found out by letting the decoder
// of its message read from a recorder.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(import.meta.url);
const jspb = require("google-protobuf");
require("@hyperledger/fabric-protos");

// How deep messages nest within a sample; some contain themselves.
const SAMPLE_DEPTH_MAX = 3;

const given = JSON.parse(readFileSync(0, "utf8"));
const { messages, enums } = collect(globalThis.proto);
const nameOf = new Map(Object.entries(messages).map(([name, type]) => [type, name]));
const report = { messages: {}, enums };
for (const [name, type] of Object.entries(messages)) {
  const fields = fieldsOf(type);
  report.messages[name] = {
    fields: fields.map(({ number, name, kind }) => ({ number, name, kind })),
    echoes: (given.messages[name] ?? []).map((hex) => echo(type, hex)),
    samples: samples(type, fields),
  };
}
process.stdout.write(JSON.stringify(report));

// All messages and enums under a tree of packages. The tree's root also repeats some of them without
// their package; those are left out, as are Google's own.
function collect(root) {
  const found = { messages: {}, enums: {} };
  for (const [name, value] of Object.entries(root)) {
    if (isNamespace(value)) collectInto(found, name, value);
  }
  return found;
}

function collectInto(found, path, parent) {
  if (path === "google.protobuf") return;
  for (const [key, value] of Object.entries(parent)) {
    const name = `${path}.${key}`;
    if (isMessage(value)) {
      found.messages[name] = value;
      collectInto(found, name, value);
    } else if (isEnum(value)) {
      found.enums[name] = value;
    } else if (isNamespace(value)) {
      collectInto(found, name, value);
    }
  }
}

function isMessage(value) {
  return typeof value === "function" && typeof value.deserializeBinaryFromReader === "function";
}

// Oneofs leave objects like enums behind; they alone have a member for "none".
function isEnum(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length > 0 &&
    entries.every(([, number]) => typeof number === "number") &&
    !entries.some(([key]) => key.endsWith("_NOT_SET"))
  );
}

function isNamespace(value) {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).some((member) => isMessage(member) || isNamespace(member))
  );
}

// Fields by number, each with the accessor that the decoder used.
function fieldsOf(type) {
  const decoder = type.deserializeBinaryFromReader.toString();
  const numbers = [...decoder.matchAll(/\bcase (\d+):/g)].map((match) => Number(match[1]));
  return numbers.map((number) => fieldOf(type, number));
}

function fieldOf(type, number) {
  const seen = {};
  withMapRecorder(seen, () =>
    type.deserializeBinaryFromReader(recordingMessage(seen), recordingReader(seen, number)),
  );
  const [, verb, rest] = /^(set|add|get)(.+)$/.exec(seen.accessor);
  // A dollar sign tells a field apart from a method of all messages.
  const plain = rest.replace(/\$$/, "");
  const name = (verb === "get" ? plain.replace(/Map$/, "") : plain).toLowerCase();
  const kind = verb === "add" ? `repeated ${seen.kind}` : seen.kind;
  return { number, name, kind, verb, accessor: seen.accessor, type: seen.type, map: seen.map };
}

// Stands in for the message and notes which accessor is called.
function recordingMessage(seen) {
  const record = (accessor) => () => {
    seen.accessor = accessor;
  };
  return new Proxy({}, { get: (_, accessor) => record(accessor) });
}

// Stands in for the reader, offers one field, and notes how it is read.
function recordingReader(seen, number) {
  let offered = false;
  const known = {
    nextField: () => !offered && (offered = true),
    getFieldNumber: () => number,
    isEndGroup: () => false,
    isDelimited: () => true,
    readMessage: (value, decode) => {
      if (value === undefined) return decode(value);
      seen.type = value.constructor;
      seen.kind = typeName(value.constructor);
    },
  };
  const read = (method) => () => {
    seen.kind = scalarName(method);
    return [0];
  };
  return new Proxy(known, { get: (known, method) => known[method] ?? read(method) });
}

function withMapRecorder(seen, run) {
  const original = jspb.Map.deserializeBinary;
  jspb.Map.deserializeBinary = (_map, _reader, readKey, readValue, _decode, _key, value) => {
    const scalar = scalarName(methodName(readValue));
    const isMessage = scalar === "message";
    seen.map = { key: scalarName(methodName(readKey)), value: scalar };
    seen.type = isMessage ? value.constructor : undefined;
    seen.kind = `map<${seen.map.key}, ${isMessage ? typeName(seen.type) : scalar}>`;
  };
  try {
    run();
  } finally {
    jspb.Map.deserializeBinary = original;
  }
}

function methodName(method) {
  const reader = jspb.BinaryReader.prototype;
  return Object.getOwnPropertyNames(reader).find(
    (name) => name.startsWith("read") && reader[name] === method,
  );
}

function scalarName(method) {
  return /^read(?:Packed)?(.+)$/.exec(method)[1].toLowerCase();
}

function typeName(type) {
  return nameOf.get(type) ?? googleName(type);
}

function googleName(type) {
  const google = Object.entries(globalThis.proto.google.protobuf);
  const [name] = google.find(([, candidate]) => candidate === type);
  return `google.protobuf.${name}`;
}

function echo(type, hex) {
  return encode(type.deserializeBinary(Buffer.from(hex, "hex")));
}

function encode(message) {
  return Buffer.from(message.serializeBinary()).toString("hex");
}

// One sample per field, each with that field set last, so that every member of a oneof survives once.
function samples(type, fields) {
  const count = Math.max(fields.length, 1);
  return Array.from({ length: count }, (_, turn) => {
    const turned = [...fields.slice(turn), ...fields.slice(0, turn)];
    return encode(fill(type, turned, 0));
  });
}

function fill(type, fields, depth) {
  const message = new type();
  for (const field of fields) {
    if (field.type === undefined || depth < SAMPLE_DEPTH_MAX) fillField(message, field, depth);
  }
  return message;
}

function fillField(message, field, depth) {
  const value = (salt) =>
    field.type === undefined
      ? scalar(field.map?.value ?? field.kind.replace("repeated ", ""), field.number + salt)
      : fill(field.type, fieldsOf(field.type), depth + 1);
  if (field.map !== undefined) {
    const map = message[field.accessor]();
    for (const salt of [1, 2]) map.set(scalar(field.map.key, salt), value(salt));
    return;
  }
  const salts = field.verb === "add" ? [1, 2] : [0];
  for (const salt of salts) message[field.accessor](value(salt));
}

// Negative, wide and non-ASCII values where the kind allows.
function scalar(kind, salt) {
  const values = {
    bool: () => true,
    bytes: () => Uint8Array.from([salt, 0, 255]),
    enum: () => 1,
    int32: () => -salt,
    int64: () => -(2 ** 40) - salt,
    string: () => `ä${salt}`,
    uint32: () => 2 ** 32 - salt,
    uint64: () => 2 ** 52 + salt,
  };
  return values[kind]();
}
