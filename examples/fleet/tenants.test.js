const assert = require("node:assert");
const { test } = require("node:test");

test("no tenant stands twice in one region", () => {
  const rows = require("./tenants.json").map((row) => `${row.tenant} ${row.region}`);
  assert.equal(new Set(rows).size, rows.length);
});
