import { expect, it } from 'vitest'
import { percentOf, rateWords } from '@/figures/rates'

it.each([
  [null, '—', null],
  [0, '0.0%', 0],
  [0.8333, '83.3%', 83.3],
  [1, '100.0%', 100],
])('a rate of %s is %s', (rate, words, percent) => {
  expect(rateWords(rate)).toBe(words)
  expect(percentOf(rate)).toBe(percent)
})
