const assert = require("node:assert");
const { mkdirSync } = require("node:fs");
const { test } = require("node:test");

mkdirSync("reports", { recursive: true });

test("the API has an address", () => {
  assert.match(process.env.API_URL ?? "", /^https:\/\//);
});
