const assert = require("node:assert");
const { test } = require("node:test");

test("the shop has an address", () => {
  assert.match(process.env.URL ?? "", /^https:\/\//);
});
