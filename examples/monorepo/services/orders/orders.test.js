const assert = require("node:assert");
const { test } = require("node:test");

test("orders has a name", () => assert.equal(require("./package.json").name, "orders"));
