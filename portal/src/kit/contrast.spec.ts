// @vitest-environment node
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const TEXT = 4.5
const MARK = 3
const GROUNDS = ['page', 'surface', 'raised', 'hover', 'chosen']
const PAIRS: [ink: string, ground: string, least: number][] = [
  ...['text', 'text-soft', 'accent-text', 'breach'].flatMap((ink) => GROUNDS.map((ground): [string, string, number] => [ink, ground, TEXT])),
  ...['breach', 'today', 'soon', 'calm', 'done'].map((state): [string, string, number] => [state, `${state}-fill`, TEXT]),
  ['on-accent', 'accent', TEXT],
  ...['line-strong', 'focus', 'accent'].flatMap((mark) => ['page', 'surface', 'chosen'].map((ground): [string, string, number] => [mark, ground, MARK])),
]

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((place) => Number.parseInt(colour.slice(place, place + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (lighter + 0.05) / (darker + 0.05)
}

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8')

it.each(['light', 'dark'])('every pair of the %s theme can be read (WCAG AA)', (theme) => {
  const block = new RegExp(`data-theme='${theme}'\\]\\s*{(.*?)}`, 's').exec(css)?.[1] ?? ''
  const colours = new Map([...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/g)].map((found) => [found[1], found[2]]))
  const missed = PAIRS.filter(([ink, ground, least]) => contrast(colours.get(ink) ?? '', colours.get(ground) ?? '') < least)
  expect(colours.size).toBeGreaterThan(20)
  expect(missed).toEqual([])
})
