/** What in a built file came to Chromium after 86: in a script functions and syntax, in a style sheet all of it. */
import postcss, { type AtRule, type Declaration } from 'postcss'
import selectors from 'postcss-selector-parser'
import { parseSync } from 'vite'
import table from './chrome86.json' with { type: 'json' }

export interface Finding {
  feature: string
  /** The first version of Chromium that has it; Infinity when a page over plain HTTP never has. */
  since: number
}

interface Node {
  type: string
  [part: string]: unknown
}
type Versions = Readonly<Record<string, number>>

const NAMES: Versions = table.js.names
const OWNED: Versions = table.js.owned
const GLOBALS: Versions = table.js.globals
const VALUES: Readonly<Record<string, Versions>> = table.css.values
const PROPERTIES: Versions = table.css.properties
const FUNCTIONS: Versions = table.css.functions
const SELECTORS: Versions = table.css.selectors
const RULES: Versions = table.css.rules
const MEDIA: Versions = table.css.media
/** What Chromium gives to a page over plain HTTP never, whatever its version. */
const SECURE = new Set(['clipboard', 'subtle', 'randomUUID', 'serviceWorker', 'locks', 'wakeLock', 'mediaDevices'])
/** Not in MDN's table by these names. */
const UNITS = /(?<![\w-])\d*\.?\d+(?:([sld]v(?:h|w|i|b|min|max))|(cq(?:h|w|i|b|min|max))|(r?(?:lh|cap|ch|ex|ic)))(?![\w-])/g
const OLD_UNITS = new Set(['ch', 'ex'])

const has = (versions: Versions, name: string): boolean => Object.prototype.hasOwnProperty.call(versions, name)

// --- Scripts ---------------------------------------------------------------------------------------------------------

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'

function* parts(node: Node): Iterable<[name: string, node: Node]> {
  for (const [name, value] of Object.entries(node)) {
    if (isNode(value)) yield [name, value]
    else if (Array.isArray(value)) for (const each of value) if (isNode(each)) yield [name, each]
  }
}

function nameOf(property: Node, computed: unknown): string | undefined {
  if (computed !== true) return property['name'] as string | undefined
  return property.type === 'Literal' && typeof property['value'] === 'string' ? property['value'] : undefined
}

function syntax(node: Node, depth: number): Finding | undefined {
  if (node.type === 'StaticBlock') return { feature: 'static {}', since: 94 }
  if (node.type === 'BinaryExpression' && (node['left'] as Node).type === 'PrivateIdentifier') return { feature: '#private in', since: 91 }
  if (node.type === 'AwaitExpression' && depth === 0) return { feature: 'top-level await', since: 89 }
  if (node.type === 'ImportDeclaration' && (node['attributes'] as unknown[] | undefined)?.length) return { feature: 'import attributes', since: 123 }
  const flags = (node['regex'] as { flags: string } | undefined)?.flags ?? ''
  if (flags.includes('v')) return { feature: '/v', since: 112 }
  if (flags.includes('d')) return { feature: '/d', since: 90 }
  return undefined
}

/** Whatever is newer than Chromium 86 in a module's code, as it is called there. */
export function inScript(code: string): Finding[] {
  const found: Finding[] = []
  const visit = (node: Node, parent: Node | undefined, part: string, depth: number): void => {
    const made = syntax(node, depth)
    if (made !== undefined) found.push(made)
    if (node.type === 'MemberExpression') {
      const name = nameOf(node['property'] as Node, node['computed']) ?? ''
      const owner = node['object'] as Node
      const path = owner.type === 'Identifier' ? `${String(owner['name'])}.${name}` : ''
      // `thing.name?.()` asks first.
      const asks = parent?.type === 'CallExpression' && parent['optional'] === true && part === 'callee'
      if (SECURE.has(name)) found.push({ feature: `.${name}`, since: Infinity })
      else if (!asks && has(NAMES, name)) found.push({ feature: `.${name}`, since: NAMES[name] ?? 0 })
      else if (!asks && has(OWNED, path)) found.push({ feature: path, since: OWNED[path] ?? 0 })
    }
    if (node.type === 'Identifier' && has(GLOBALS, String(node['name']))) {
      const isKey = (parent?.type === 'MemberExpression' && part === 'property') || (part === 'key' && parent?.['computed'] !== true)
      if (!isKey && parent?.['operator'] !== 'typeof') found.push({ feature: String(node['name']), since: GLOBALS[String(node['name'])] ?? 0 })
    }
    const inner = depth + (node.type.includes('Function') ? 1 : 0)
    for (const [name, each] of parts(node)) visit(each, node, name, inner)
  }
  visit(parseSync('built.js', code).program as unknown as Node, undefined, '', 0)
  return found
}

// --- Style sheets ----------------------------------------------------------------------------------------------------

/** Whether an earlier line of the same rule says the same property in a way that old browsers keep. */
function hasFallback(declaration: Declaration): boolean {
  const siblings = declaration.parent?.nodes ?? []
  return siblings.slice(0, siblings.indexOf(declaration)).some((each) => each.type === 'decl' && each.prop === declaration.prop && ofValue(each).length === 0)
}

const inGrid = (declaration: Declaration): boolean => declaration.parent?.some((each) => each.type === 'decl' && each.prop === 'display' && each.value.endsWith('grid')) ?? false

function ofValue(declaration: Declaration): Finding[] {
  const { prop, value } = declaration
  const found: Finding[] = []
  // `clip: rect()` is older than all functions of that name.
  for (const [, name = ''] of value.matchAll(/([\w-]+)\(/g)) if (has(FUNCTIONS, name) && prop !== 'clip') found.push({ feature: `${name}()`, since: FUNCTIONS[name] ?? 0 })
  for (const [whole, view, container, font] of value.matchAll(UNITS)) if (font === undefined || !OLD_UNITS.has(font)) found.push({ feature: whole.replace(/^[\d.]+/, ''), since: view !== undefined ? 108 : container !== undefined ? 105 : 109 })
  const newer = VALUES[prop] ?? {}
  // The table means boxes of one line; in a grid they are as old as grids.
  const known = inGrid(declaration) ? ['start', 'end'] : []
  for (const word of value.split(/[\s,()/]+/)) if (has(newer, word) && !known.includes(word)) found.push({ feature: `${prop}: ${word}`, since: newer[word] ?? 0 })
  return found
}

function ofSelector(selector: string): Finding[] {
  const found: Finding[] = []
  selectors((root) => {
    root.walkPseudos((pseudo) => {
      const name = pseudo.value.replace(/^:+/, '')
      if (has(SELECTORS, name)) found.push({ feature: pseudo.value, since: SELECTORS[name] ?? 0 })
      if (name === 'not' && pseudo.nodes.length > 1) found.push({ feature: ':not(of a list)', since: SELECTORS['not()'] ?? 88 })
    })
    root.walkNesting(() => {
      found.push({ feature: 'nesting', since: 112 })
    })
  }).processSync(selector)
  return found
}

function ofAtRule({ name, params }: AtRule): Finding[] {
  const found = has(RULES, name) ? [{ feature: `@${name}`, since: RULES[name] ?? 0 }] : []
  if (name !== 'media') return found
  if (/[<>=]/.test(params)) found.push({ feature: '@media with <', since: MEDIA['range_syntax'] ?? 104 })
  for (const [, feature = ''] of params.matchAll(/\(\s*([\w-]+)/g)) if (has(MEDIA, feature)) found.push({ feature: `@media (${feature})`, since: MEDIA[feature] ?? 0 })
  return found
}

/** Whatever is newer than Chromium 86 in a style sheet and has no older line before it. */
export function inStyle(css: string): Finding[] {
  const found: Finding[] = []
  postcss.parse(css).walk((node) => {
    if (node.type === 'atrule') found.push(...ofAtRule(node))
    if (node.type === 'rule') {
      const frames = node.parent?.type === 'atrule' && (node.parent as AtRule).name.endsWith('keyframes')
      if (!frames) found.push(...ofSelector(node.selector))
      if (node.parent?.type === 'rule') found.push({ feature: 'nesting', since: 112 })
    }
    if (node.type !== 'decl' || node.prop.startsWith('--')) return
    if (has(PROPERTIES, node.prop)) found.push({ feature: node.prop, since: PROPERTIES[node.prop] ?? 0 })
    else if (!hasFallback(node)) found.push(...ofValue(node))
  })
  return found
}
