const assert = require("node:assert");
const { test } = require("node:test");

test("payments has a name", () => assert.equal(require("./package.json").name, "payments"));
