import { expect, it } from 'vitest'
import { pauseAfter } from '@/shell/news'

it('waits longer after each failure, and no longer than a minute', () => {
  expect([1, 2, 3, 4, 5, 9].map(pauseAfter)).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000])
})
