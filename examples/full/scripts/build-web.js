// Builds the web page against the API that was just deployed.
const fs = require("node:fs");

fs.mkdirSync("web/dist", { recursive: true });
const page = fs.readFileSync("web/index.html", "utf8");
fs.writeFileSync("web/dist/index.html", page.replace("API_URL", process.env.VITE_API ?? ""));
