import { expect, it } from 'vitest'
import { partOf, startWords, titleOf, valueWords } from '@/operations/rules/words'

it.each([
  ['工作日', { count: 3, warning: 1 }, '3 个工作日，剩 1 个工作日时预警'],
  ['工作日', { count: 3, warning: 0 }, '3 个工作日，不预警'],
  ['小时', { count: 24, warning: 50 }, '24 个小时，过 50% 时预警'],
  ['天', 90, '90 天'],
  ['次', 2, '2 次'],
  ['当日', { warn_at: '16:00', cut_off: '17:00', next_day_until: '12:00' }, '当日 24:00，17:00 之后开始的到次日 12:00；16:00 预警'],
  ['当日', { warn_at: '16:00', cut_off: null, next_day_until: '12:00' }, '当日 24:00；16:00 预警'],
  ['是否', 'yes', '是'],
  ['时刻', '08:30', '08:30'],
])('%s %j', (measure, value, words) => {
  expect(valueWords(measure, value)).toBe(words)
})

it('shows a rule that it does not know by its name', () => {
  expect(titleOf('final')).toBe('办结')
  expect(titleOf('newer')).toBe('newer')
  expect(partOf('newer')).toBe('上下班与提醒')
})

it('names the year in which a rule set begins, in Shanghai', () => {
  expect(startWords('2026-12-31T16:00:00Z')).toBe('2027年1月1日 周五 00:00')
})
