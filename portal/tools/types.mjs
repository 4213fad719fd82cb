// Writes src/api/types/<service>.ts from the committed API documents.  The type check needs them, the build does not.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import openapiTS, { astToString } from 'openapi-typescript'

const documents = new URL('../../contracts/openapi/', import.meta.url)
const folder = new URL('../src/api/types/', import.meta.url)
await mkdir(folder, { recursive: true })
for (const name of (await readdir(documents)).filter((each) => each.endsWith('.json'))) {
  const text = astToString(await openapiTS(new URL(name, documents), { alphabetize: true }))
  const file = new URL(name.replace('.json', '.ts'), folder)
  // An unchanged file keeps its time, so that tools that cache by time have nothing to do.
  if ((await readFile(file, 'utf8').catch(() => '')) !== text) await writeFile(file, text)
}
