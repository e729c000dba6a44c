// Copies the site to dist/ and stamps it with the commit.
const fs = require("node:fs");

fs.cpSync("site", "dist", { recursive: true });
const page = fs.readFileSync("dist/index.html", "utf8");
fs.writeFileSync("dist/index.html", page.replace("COMMIT", process.env.COMMIT ?? "unknown"));
