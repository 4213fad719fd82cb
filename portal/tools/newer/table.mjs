// Writes chrome86.json: what came to Chromium after 86, from MDN's browser-compat-data.  Only the table is part of the
// project; to make it again: npm install --no-save @mdn/browser-compat-data, then node tools/newer/table.mjs.
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const OURS = 86
const from = fileURLToPath(import.meta.resolve('@mdn/browser-compat-data'))
const data = JSON.parse(await readFile(from, 'utf8'))

/** The version of Chromium that has a feature without a flag; undefined when none has, Infinity when it is not known. */
function since(feature) {
  const statements = [feature?.__compat?.support?.chrome ?? []].flat()
  const versions = statements
    .filter((each) => !each.flags && !each.prefix && !each.alternative_name && each.version_added && each.version_added !== 'preview')
    .map((each) => Number.parseInt(String(each.version_added).replace('≤', ''), 10))
  return versions.length > 0 ? Math.min(...versions) : undefined
}
const children = (feature) => Object.entries(feature ?? {}).filter(([name]) => name !== '__compat')
const isNewer = (version) => version !== undefined && version > OURS

/** The members of a tree that are newer, by name. */
function newer(tree, nameOf = (name) => name) {
  return Object.fromEntries(children(tree).map(([name, feature]) => [nameOf(name), since(feature)]).filter(([, version]) => isNewer(version)))
}

// --- JavaScript and the browser's interfaces -------------------------------------------------------------------------

/** Whose members are looked for by their name alone.  Of all others, names such as `run` and `move` are anybody's. */
const COMMON = new Set(
  `Window WorkerGlobalScope Document DocumentFragment Node Element HTMLElement HTMLInputElement HTMLTextAreaElement HTMLSelectElement HTMLFormElement
  HTMLButtonElement HTMLImageElement HTMLTemplateElement HTMLDialogElement SVGElement DOMTokenList DOMRect Range Selection CharacterData Text Attr
  Event EventTarget UIEvent MouseEvent PointerEvent KeyboardEvent InputEvent CompositionEvent FocusEvent WheelEvent ClipboardEvent DragEvent SubmitEvent
  AbortController AbortSignal Request Response Headers FormData Blob File URL URLSearchParams EventSource WebSocket ReadableStream TextDecoder TextEncoder
  Crypto SubtleCrypto Navigator History Location Performance Storage Screen MediaQueryList ResizeObserver IntersectionObserver MutationObserver
  CSS CSSStyleSheet CSSStyleDeclaration StyleSheet Clipboard DataTransfer Notification`.split(/\s+/),
)
const builtins = [...children(data.javascript.builtins), ...children(data.javascript.builtins.Intl)]
for (const [name] of builtins) COMMON.add(name)

const owners = [...builtins, ...children(data.api)]
const old = new Set()
const names = new Map()
const statics = {}
const globals = {}
for (const [owner, feature] of owners) {
  const version = since(feature)
  if (isNewer(version)) globals[owner] = version
  else if (version !== undefined) old.add(owner)
  for (const [member, its] of children(feature)) {
    if (member.endsWith('_event')) continue
    const name = member.replace(/_static$/, '')
    const known = since(its)
    if (known === undefined) continue
    if (isNewer(known)) {
      // What has a new owner is found by that owner, except for what came to every iterator.
      if (COMMON.has(owner) && (!isNewer(version) || owner === 'Iterator')) names.set(name, Math.min(names.get(name) ?? Infinity, known))
      statics[`${owner}.${name}`] = known
    } else old.add(name)
  }
}
for (const name of old) names.delete(name)
// A name that nothing had is enough; one that something had needs its owner: AbortSignal.timeout is new, a request's timeout is not.
const owned = Object.fromEntries(Object.entries(statics).filter(([path]) => !names.has(path.split('.')[1]) && !(path.split('.')[0] in globals)))

// --- CSS -------------------------------------------------------------------------------------------------------------

const values = {}
for (const [property, feature] of children(data.css.properties)) {
  const found = newer(feature)
  if (!isNewer(since(feature)) && Object.keys(found).length > 0) values[property] = found
}
const functions = {}
const collect = (tree) => {
  for (const [name, feature] of children(tree)) {
    const version = since(feature)
    if (isNewer(version)) functions[name] = Math.min(functions[name] ?? Infinity, version)
    collect(feature)
  }
}
collect(data.css.types)
const selectors = newer(data.css.selectors)
if (isNewer(since(data.css.selectors.not?.selector_list))) selectors['not()'] = since(data.css.selectors.not.selector_list)

const sorted = (object) => Object.fromEntries(Object.entries(object).sort(([one], [other]) => (one < other ? -1 : 1)))
const table = {
  from: `@mdn/browser-compat-data ${data.__meta.version}`,
  js: { names: sorted(Object.fromEntries(names)), owned: sorted(owned), globals: sorted(Object.fromEntries(Object.entries(globals).filter(([name]) => !old.has(name)))) },
  css: { properties: sorted(newer(data.css.properties)), values: sorted(values), functions: sorted(functions), selectors: sorted(selectors), rules: sorted(newer(data.css['at-rules'])), media: sorted(newer(data.css['at-rules'].media)) },
}
await writeFile(new URL('./chrome86.json', import.meta.url), `${JSON.stringify(table, null, 1)}\n`)
