// Tokenises whole files: no token may be `invalid`, every region that begins must end, and every
// character of code must be known to the grammar. Files: the arguments, or what the repository has.
import { readFileSync, readdirSync, existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { createRequire } from "node:module";

const require = createRequire(process.env.APHEX_NODE_MODULES ?? import.meta.url);
const oniguruma = require("vscode-oniguruma");
const textmate = require("vscode-textmate");

const extension = join(dirname(new URL(import.meta.url).pathname), "..");
const repository = process.env.APHEX_REPOSITORY ?? join(extension, "../..");
const grammarPath = join(extension, "syntaxes/aphex.tmLanguage.json");

const wasm = readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"));
await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async () => textmate.parseRawGrammar(readFileSync(grammarPath, "utf8"), grammarPath),
});
const grammar = await registry.loadGrammar("source.aphex");

function find(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".aphex"))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

// The language suite marks what is refused with `//~`; those may hold syntax errors.
const isAccepted = (path) => !/\/\/~/.test(readFileSync(path, "utf8"));
const given = process.argv.slice(2);
const files = given.length
  ? given
  : [
      ...find(join(repository, "examples")),
      ...find(join(repository, "stdlib")),
      ...find(join(repository, "tests/language")).filter(isAccepted),
      ...find(join(extension, "tests")),
    ];

let faults = 0;
const fault = (path, line, message) => {
  faults += 1;
  console.error(`${relative(repository, path)}:${line}: ${message}`);
};

for (const path of files) {
  let stack = textmate.INITIAL;
  const lines = readFileSync(path, "utf8").split(/\r?\n/);
  lines.forEach((text, index) => {
    const result = grammar.tokenizeLine(text, stack);
    for (const token of result.tokens) {
      const piece = text.slice(token.startIndex, token.endIndex);
      if (token.scopes.some((scope) => scope.startsWith("invalid"))) {
        fault(path, index + 1, `\`${piece}\` is ${token.scopes.at(-1)}`);
      } else if (token.scopes.length === 1 && piece.trim() !== "") {
        fault(path, index + 1, `\`${piece}\` has no scope`);
      }
    }
    stack = result.ruleStack;
  });
  if (stack.depth !== 1) fault(path, lines.length, "something that begins in this file does not end");
}
if (files.length === 0) faults += 1;
console.log(`${files.length} files, ${faults} faults`);
process.exit(faults === 0 ? 0 : 1);
