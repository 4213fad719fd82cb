// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { addWhatIsMissing } from '@/older'
import { inScript, inStyle, type Finding } from '../tools/newer/finding'

const featuresOf = (found: readonly Finding[]) => found.map((each) => each.feature)

it.each([
  ['const last = rows.findLast((row) => row.open)', ['.findLast']],
  ["rows['toSorted']()", ['.toSorted']],
  ['structuredClone(order)', ['structuredClone']],
  ['AbortSignal.timeout(1000)', ['AbortSignal.timeout']],
  ['crypto.randomUUID()', ['.randomUUID']],
  ['navigator.clipboard.writeText(number)', ['.clipboard']],
  ['class Desk { static { Desk.count = 0 } }', ['static {}']],
  ['class Desk { #open; static is(it) { return #open in it } }', ['#private in']],
  ['const found = /(?<year>\\d+)/d', ['/d']],
  ['export const me = await fetch("/me")', ['top-level await']],
  ['const me = async () => await fetch("/me")', []],
  ['request.timeout = 1000', []],
  ['const rows = { findLast: 1, structuredClone: 2 }', []],
  ['text.replaceAll("a", "b"); element.replaceChildren(); Promise.any([]); order?.title ?? ""; order.title ||= ""', []],
  ['document.startViewTransition?.(show)', []],
  ['typeof structuredClone === "function"', []],
])('in the script %s it finds %j', (code, features) => {
  expect(featuresOf(inScript(code))).toEqual(features)
})

it.each([
  ['a:has(b) {}', [':has']],
  ['a:is(b, c) {}', [':is']],
  ['a:not(b, c) {}', [':not(of a list)']],
  ['a:not(b) {} a:focus-visible {} a::placeholder {} li:nth-child(n + 3) {}', []],
  ['a { & b {} }', ['nesting', 'nesting']],
  ['@container (width > 1px) {}', ['@container']],
  ['@layer base {}', ['@layer']],
  ['@media (width <= 600px) {}', ['@media with <']],
  ['@media (max-width: 600px) and (prefers-color-scheme: dark) {}', []],
  ['a { inset: 0 }', ['inset']],
  ['a { aspect-ratio: 1 }', ['aspect-ratio']],
  ['a { height: 100dvh; width: 3cqw; margin: 1lh }', ['dvh', 'cqw', 'lh']],
  ['a { height: 100vh; height: 100dvh }', []],
  ['a { color: color-mix(in srgb, red, blue) }', ['color-mix()']],
  ['a { color: #888; color: color-mix(in srgb, red, blue) }', []],
  ['a { overflow: clip }', ['overflow: clip']],
  ['a { display: grid; gap: 4px; align-content: start; width: min(10ch, 50vw); content-visibility: auto; clip: rect(0 0 0 0) }', []],
  ['a { --mine: color-mix(in srgb, red, blue) }', []],
  ['@keyframes turn { from { opacity: 0 } to { opacity: 1 } }', []],
])('in the style %s it finds %j', (css, features) => {
  expect(featuresOf(inStyle(css))).toEqual(features)
})

/** What is used all the same, and why Chromium 86 is served by it. */
const KNOWN: Readonly<Record<string, string>> = {
  '.at': 'src/older.ts adds it',
  '.hasOwn': 'src/older.ts adds it',
  '.cause': 'a word of ours, no part of an Error',
  '.drop': 'a draft is dropped; no iterator is',
  '.take': 'a recommendation is taken; no iterator is',
  '.detached': 'of a scope of effects, not of a buffer',
  '.isError': 'of a query, not of Error',
  '.toReversed': 'Vue hands it on when somebody calls it',
  '.toSorted': 'Vue hands it on when somebody calls it',
  '.toSpliced': 'Vue hands it on when somebody calls it',
  MathMLElement: 'Vue asks first whether there is one',
  '.startViewTransition': 'the router asks first, and only for those who want it',
  'accent-color': 'the boxes to tick have the colour of the browser',
  'align-self: start': 'in a grid',
}

it('serves nothing that Chromium 86 lacks', () => {
  const dist = new URL('../dist/assets/', import.meta.url)
  const found = readdirSync(dist).flatMap((name) => {
    const text = readFileSync(new URL(name, dist), 'utf8')
    return (name.endsWith('.css') ? inStyle(text) : inScript(text)).map((each) => ({ ...each, name }))
  })
  expect(found.filter((each) => !(each.feature in KNOWN))).toEqual([])
  expect(Object.keys(KNOWN).filter((feature) => !featuresOf(found).includes(feature))).toEqual([])
})

it('adds what the libraries call and Chromium 86 lacks', () => {
  const owners = [Array.prototype, String.prototype, Object] as unknown as Record<string, unknown>[]
  const kept = owners.map((owner, nth) => [owner, ['at', 'at', 'hasOwn'][nth] ?? '', owner[['at', 'at', 'hasOwn'][nth] ?? '']] as const)
  for (const [owner, name] of kept) Reflect.deleteProperty(owner, name)
  // The test's own tools call them, too: nothing else may happen before they are back.
  addWhatIsMissing()
  const places = [0, 1, -1, -2, -3, 2, 1.9, Number.NaN].map((place) => ['一', '二'].at(place))
  const letters = ['工单'.at(-1), '工单'.at(5)]
  const owned = [Object.hasOwn({ unit: null }, 'unit'), Object.hasOwn({}, 'toString')]
  const seen: string[] = []
  // eslint-disable-next-line @typescript-eslint/no-for-in-array -- that an added function is not among them
  for (const name in ['一']) seen.push(name)
  for (const [owner, name, value] of kept) Object.defineProperty(owner, name, { value, writable: true, configurable: true })

  expect(places).toEqual(['一', '二', '二', '一', undefined, undefined, '二', '一'])
  expect(letters).toEqual(['单', undefined])
  expect(owned).toEqual([true, false])
  expect(seen).toEqual(['0'])
})
