import { describe, expect, it } from 'vitest'
import { dayAsked, dayStep, mondayOf, spanWords, weekAsked, weekOf, weekStep, weeksUntil } from '@/figures/periods'

describe('ISO weeks', () => {
  it.each([
    ['2026-11-23', '2026-W48'],
    ['2026-11-29', '2026-W48'],
    ['2026-11-30', '2026-W49'],
    ['2026-12-31', '2026-W53'],
    ['2027-01-03', '2026-W53'],
    ['2027-01-04', '2027-W01'],
    ['2024-12-30', '2025-W01'],
  ])('%s is in %s', (day, week) => {
    expect(weekOf(day)).toBe(week)
  })

  it.each([
    ['2026-W48', '2026-11-23'],
    ['2026-W53', '2026-12-28'],
    ['2025-W53', undefined],
    ['2026-W00', undefined],
    ['2026-W54', undefined],
    ['soon', undefined],
  ])('%s begins on %s', (week, monday) => {
    expect(mondayOf(week)).toBe(monday)
  })

  it('step over the end of a year', () => {
    expect(weekStep('2026-W53', 1)).toBe('2027-W01')
    expect(weekStep('2027-W01', -1)).toBe('2026-W53')
    expect(weeksUntil('2027-W02', 4)).toEqual(['2026-W52', '2026-W53', '2027-W01', '2027-W02'])
    expect(dayStep('2027-01-01', -1)).toBe('2026-12-31')
  })
})

describe('what an address asks for', () => {
  const TODAY = '2026-11-27'
  it.each([
    ['2026-W40', '2026-W40'],
    ['2026-W48', '2026-W48'],
    ['2026-W49', '2026-W48'],
    ['2025-W53', '2026-W48'],
    [undefined, '2026-W48'],
    [['2026-W40'], '2026-W48'],
  ])('week %s is shown as %s', (asked, shown) => {
    expect(weekAsked(asked, TODAY)).toBe(shown)
  })

  it.each([
    ['2026-11-27', '2026-11-27'],
    ['2026-11-28', '2026-11-27'],
    ['2026-02-31x', '2026-11-27'],
    ['2025-01-05', '2025-01-05'],
  ])('day %s is shown as %s', (asked, shown) => {
    expect(dayAsked(asked, TODAY)).toBe(shown)
  })
})

it('says a span in words', () => {
  expect(spanWords('2026-11-23', '2026-11-29')).toBe('11月23日—11月29日')
  expect(spanWords('2026-11-03', '2026-11-03')).toBe('11月3日')
})
