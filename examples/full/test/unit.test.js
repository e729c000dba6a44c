const assert = require("node:assert");
const { test } = require("node:test");
const { total } = require("./total.js");

test("an order's total is the sum of its lines", () => {
  assert.equal(total([{ cents: 250, count: 2 }, { cents: 99, count: 1 }]), 599);
});
