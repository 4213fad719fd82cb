import { expect, it } from 'vitest'
import { kindOf, nextWorkday } from '@/kit/days'

// 国办发明电〔2025〕7号, as the calendar lists it: only the days that the notice names.
const NAMED = [
  ...['2026-10-01', '2026-10-02', '2026-10-03', '2026-10-04', '2026-10-05', '2026-10-06', '2026-10-07'].map((on) => ({ on, kind: 'holiday' as const, holiday: '国庆节' })),
  { on: '2026-09-20', kind: 'make_up' as const, holiday: '国庆节' },
  { on: '2026-10-10', kind: 'make_up' as const, holiday: '国庆节' },
]

it.each([
  ['2026-09-30', 'working'],
  ['2026-10-01', 'holiday'],
  ['2026-10-10', 'make_up'],
  ['2026-10-11', 'weekend'],
])('%s is a %s day', (on, kind) => {
  expect(kindOf(on, NAMED)).toBe(kind)
})

it.each([
  ['2026-11-26T23:59:59+08:00', '2026-11-27', 'a Thursday night'],
  ['2026-11-27T00:00:00+08:00', '2026-11-30', 'a Friday'],
  ['2026-09-19T12:00:00+08:00', '2026-09-20', 'a Saturday before a Sunday that is worked'],
  ['2026-09-30T17:00:00+08:00', '2026-10-08', 'the eve of a week off'],
  ['2026-10-09T17:00:00+08:00', '2026-10-10', 'a Friday before a Saturday that is worked'],
])('after %s comes %s: %s', (now, on) => {
  expect(nextWorkday(Date.parse(now), NAMED)).toBe(on)
})
