// Copies the service to dist/.
const fs = require("node:fs");

fs.cpSync("src", "dist", { recursive: true });
console.log(`built ${fs.readdirSync("dist").length} files`);
