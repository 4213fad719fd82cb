import { describe, expect, it } from 'vitest'
import { agoShort, agoWords, dateWords, dayKey, dueOf, endShort, endWords, inWords, momentOf, momentWords, partsOf } from '@/kit/moment'

const at = (text: string) => Date.parse(`${text}+08:00`)

describe('a deadline in words', () => {
  const NOW = at('2026-11-26T21:51:00')
  it.each([
    ['2026-11-26T21:50:59+08:00', 'breach', '超期 1 分钟'],
    ['2026-11-26T21:51:00+08:00', 'today', '剩 1 分钟'],
    ['2026-11-27T00:00:00+08:00', 'today', '剩 2 小时 9 分'],
    ['2026-11-27T00:00:01+08:00', 'soon', '明天 00:00'],
    ['2026-11-28T00:00:00+08:00', 'soon', '明天 24:00'],
    ['2026-12-01T00:00:00+08:00', 'calm', '4 天后'],
    ['2026-11-23T21:51:00+08:00', 'breach', '超期 3 天'],
  ])('%s is %s: %s', (dueAt, state, words) => {
    expect(dueOf(dueAt, NOW)).toMatchObject({ state, words })
  })

  it('ends at 24:00 of its last day, not at 00:00 of the next', () => {
    expect(endWords('2026-12-02T00:00:00+08:00')).toBe('12月1日 周二 24:00')
    expect(endWords('2026-12-01T16:00:00Z')).toBe('12月1日 周二 24:00')
  })
})

describe('a moment of the past', () => {
  const NOW = at('2026-01-02T00:30:00')
  it.each([
    ['2026-01-02T00:29:30+08:00', '刚刚'],
    ['2026-01-02T00:02:00+08:00', '28 分钟前'],
    ['2026-01-01T23:00:00+08:00', '昨天 23:00'],
    ['2025-12-31T09:00:00+08:00', '2025年12月31日 周三 09:00'],
  ])('%s was %s', (moment, words) => {
    expect(agoWords(moment, NOW)).toBe(words)
  })

  it.each([
    ['2026-01-02T00:29:30+08:00', '刚刚'],
    ['2026-01-01T23:00:00+08:00', '昨天 23:00'],
    ['2025-12-31T09:00:00+08:00', '2025年12月31日'],
  ])('in a narrow column %s was %s', (moment, words) => {
    expect(agoShort(moment, NOW)).toBe(words)
  })

  it('has no weekday in a narrow column', () => {
    expect(agoShort('2026-11-20T08:00:00+08:00', at('2026-11-27T09:00:00'))).toBe('11月20日 08:00')
    expect(endShort('2026-12-02T00:00:00+08:00')).toBe('12月1日 24:00')
    expect(dateWords(at('2026-11-03T23:59:59'))).toBe('11月3日')
  })
})

it.each([
  ['2026-11-23T00:51:00Z', { day: '2026-11-23', time: '08:51' }],
  ['2026-11-23T08:51:00+08:00', { day: '2026-11-23', time: '08:51' }],
  ['2026-11-22T16:00:00Z', { day: '2026-11-23', time: '00:00' }],
  ['', { day: '', time: '' }],
])('shows the moment %s of a record as the clock on the wall', (moment, parts) => {
  expect(partsOf(moment)).toEqual(parts)
})

it('writes the days of a sentence as it writes all others', () => {
  const now = Date.parse('2026-11-27T12:00:00+08:00')
  expect(inWords('“办结”时限起算，2026-11-30 24:00 截止。', now)).toBe('“办结”时限起算，11月30日 周一 24:00 截止。')
  expect(inWords('应于 2027-01-05（周二）前完成。', now)).toBe('应于 2027年1月5日 周二前完成。')
  expect(inWords('收到上级平台工单 YT2026-11-9（市级）。', now)).toBe('收到上级平台工单 YT2026-11-9（市级）。')
})

it('counts days in Shanghai, wherever the machine is', () => {
  expect(dayKey(Date.parse('2026-11-26T16:30:00Z'))).toBe('2026-11-27')
  expect(momentWords('2026-11-26T23:30:00Z')).toBe('11月27日 周五 07:30')
  expect(momentOf('2026-11-27', '08:05')).toBe('2026-11-27T08:05:00+08:00')
})
