// Writes internal/local/slack/blockkit.schema.json.gz from the types that Slack
// publishes as @slack/types. Descriptions are dropped: they are Slack's prose,
// and nothing reads them. Run: npm install && npm run generate
"use strict";

const fs = require("fs");
const path = require("path");
const zlib = require("zlib");
const { createGenerator } = require("ts-json-schema-generator");

const target = path.join(__dirname, "../../internal/local/slack/blockkit.schema.json.gz");
const schema = createGenerator({
  path: path.join(path.dirname(require.resolve("@slack/types")), "index.d.ts"),
  type: "KnownBlock",
  skipTypeCheck: true,
}).createSchema("KnownBlock");

const json = JSON.stringify(schema, (key, value) =>
  (key === "description" || key === "deprecated") && typeof value !== "object" ? undefined : value);
// A fixed time in the header keeps the file the same from run to run.
fs.writeFileSync(target, zlib.gzipSync(json, { level: 9 }));
console.log(`${target}: ${json.length} bytes before compression`);
