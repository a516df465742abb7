// The official client against a network, used as an application uses it.
//
// In: {"organizations": "<the exported folder>", "channel": "…"}.
// Out: a line per case; see suite.mjs.

import { events } from "./gateway/events.mjs";
import { offline } from "./gateway/offline.mjs";
import { refusals } from "./gateway/refusals.mjs";
import { transactions } from "./gateway/transactions.mjs";
import { suite } from "./suite.mjs";

await suite({ ...transactions, ...events, ...offline, ...refusals });
