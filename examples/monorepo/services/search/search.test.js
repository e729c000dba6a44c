const assert = require("node:assert");
const { test } = require("node:test");

test("search has a name", () => assert.equal(require("./package.json").name, "search"));
