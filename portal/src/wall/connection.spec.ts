import { expect, it } from 'vitest'
import { addressOf, next, START, waitOf, type Happened } from '@/wall/connection'

const after = (...happened: Happened[]) => happened.reduce(next, START)

it('goes on after the last id that was heard', () => {
  expect(addressOf('/s', START)).toBe('/s')
  expect(addressOf('/s', after({ what: 'opened' }, { what: 'heard', id: '41' }, { what: 'failed' }))).toBe('/s?after=41')
  expect(addressOf('/s', after({ what: 'heard', id: '41' }, { what: 'heard', id: '' }, { what: 'ended', id: '42' }))).toBe('/s?after=42')
})

it('opens at once when the server ended it, and is not called broken then', () => {
  const ended = after({ what: 'opened' }, { what: 'ended', id: '7' })
  expect(ended.state).toBe('opening')
  expect(waitOf(ended)).toBe(0)
})

it('waits longer after each failure, at most half a minute', () => {
  const failures = (count: number) => after(...Array.from({ length: count }, () => ({ what: 'failed' as const })))
  expect([1, 2, 3, 6, 9].map((count) => waitOf(failures(count)))).toEqual([1_000, 2_000, 4_000, 30_000, 30_000])
  expect(failures(2).state).toBe('broken')
})

it('forgets its failures when it is open again', () => {
  expect(after({ what: 'failed' }, { what: 'failed' }, { what: 'opened' })).toEqual({ state: 'open', after: null, tries: 0 })
})
