import { expect, it } from 'vitest'
import { dayWords, monthsOf } from '@/operations/calendar/year'

const months = monthsOf(2026, [
  { on: '2026-01-01', kind: 'holiday', holiday: '元旦' },
  { on: '2026-01-03', kind: 'holiday', holiday: '元旦' },
  { on: '2026-01-04', kind: 'make_up', holiday: '元旦' },
])
const day = (month: number, nth: number) => months[month - 1]?.days[nth - 1]

it('begins the weeks on Monday', () => {
  expect(months).toHaveLength(12)
  expect(months.map((month) => month.before)).toEqual([3, 6, 6, 2, 4, 0, 2, 5, 1, 3, 6, 1])
  expect(months.map((month) => month.days.length)).toEqual([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
})

it('counts days that no notice names by their weekday', () => {
  expect(day(1, 5)).toMatchObject({ kind: 'working', moved: false })
  expect(day(1, 10)).toMatchObject({ kind: 'weekend', moved: false })
})

it('marks the days that the notice moves', () => {
  expect(day(1, 1)).toMatchObject({ kind: 'holiday', holiday: '元旦', moved: true })
  expect(day(1, 3)).toMatchObject({ kind: 'holiday', moved: false })
  expect(day(1, 4)).toMatchObject({ kind: 'make_up', moved: true })
})

it('writes a date with its weekday', () => {
  expect(dayWords('2026-02-14')).toBe('2月14日 周六')
})
