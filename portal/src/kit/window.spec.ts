import { expect, it } from 'vitest'
import { windowOf } from '@/kit/window'

it.each([
  ['the top', 0, { first: 0, end: 32 }],
  ['a pixel below the top', 1, { first: 0, end: 32 }],
  ['the middle', 5_000 * 30, { first: 4_988, end: 5_032 }],
  ['the end', 10_000 * 30 - 600, { first: 9_968, end: 10_000 }],
  ['beyond the end, because rows have gone', 20_000 * 30, { first: 9_968, end: 10_000 }],
  ['above the top, as a touch screen bounces', -80, { first: 0, end: 32 }],
])('at %s only the rows around what is seen are drawn', (_, scrolled, rows) => {
  expect(windowOf(10_000, 30, scrolled, 600)).toEqual(rows)
})

it.each([0, 1, 19])('of %i rows, fewer than fit, all are drawn', (count) => {
  expect(windowOf(count, 30, 0, 600)).toEqual({ first: 0, end: count })
})
