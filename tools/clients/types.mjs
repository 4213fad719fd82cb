// node types.mjs SERVICE.json SERVICE.ts ... : TypeScript types from each API document, in one process.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const files = process.argv.slice(2);
for (let at = 0; at < files.length; at += 2) {
  const document = JSON.parse(await readFile(files[at], "utf8"));
  await writeFile(files[at + 1], astToString(await openapiTS(document, { silent: true })));
}
