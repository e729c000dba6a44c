// Puts the service's code into dist/.
const fs = require("node:fs");

fs.mkdirSync("dist", { recursive: true });
fs.copyFileSync("test/total.js", "dist/total.js");
