import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import type { ClockKind, Ended } from '@/kit/clocks'
import DueMark from '@/kit/DueMark.vue'

const NOW = Date.parse('2026-11-26T21:51:00+08:00')
const mark = (dueAt: string, more: { ended?: { kind: ClockKind; as: Ended }; provisional?: boolean } = {}) => mount(DueMark, { props: { dueAt, now: NOW, ...more } })

it.each([
  ['2026-11-26T20:50:59+08:00', 'breach', '▲ 超期 1 小时'],
  ['2026-11-26T20:51:01+08:00', 'breach', '▲ 超期 59 分钟'],
  ['2026-11-26T21:50:59+08:00', 'breach', '▲ 超期 1 分钟'],
  ['2026-11-26T21:51:00+08:00', 'today', '◆ 剩 1 分钟'],
  ['2026-11-26T22:50:59+08:00', 'today', '◆ 剩 59 分钟'],
  ['2026-11-26T22:51:00+08:00', 'today', '◆ 剩 1 小时'],
  ['2026-11-27T00:00:00+08:00', 'today', '◆ 剩 2 小时 9 分'],
  ['2026-11-27T00:00:01+08:00', 'soon', '● 明天 00:00'],
  ['2026-11-28T00:00:00+08:00', 'soon', '● 明天 24:00'],
  ['2026-11-28T00:00:01+08:00', 'calm', '○ 2 天后'],
  ['2026-11-25T21:51:00+08:00', 'breach', '▲ 超期 1 天'],
  ['2026-11-25T21:51:01+08:00', 'breach', '▲ 超期 23 小时 59 分'],
])('a deadline of %s is %s: %s', (dueAt, state, words) => {
  const shown = mark(dueAt)
  expect(shown.text()).toBe(words)
  expect(shown.classes()).toContain(state)
})

it.each([
  ['final', 'met', 'done', '✓ 按时办结'],
  ['final', 'late', 'breach', '▲ 已超期办结'],
  ['accept', 'late', 'breach', '▲ 已超期完成'],
  ['final', 'void', 'calm', '○ 不再计时'],
] as const)('a clock of the kind %s that ended %s is %s, whatever the time', (kind, as, state, words) => {
  const shown = mark('2026-11-20T00:00:00+08:00', { ended: { kind, as } })
  expect(shown.text()).toBe(words)
  expect(shown.classes()).toContain(state)
})

it('tells the exact moment on hover, and that it may still move', () => {
  expect(mark('2026-12-02T00:00:00+08:00').attributes('title')).toBe('截止 12月1日 周二 24:00')
  const shown = mark('2026-12-02T00:00:00+08:00', { provisional: true })
  expect(shown.attributes('title')).toBe('截止 12月1日 周二 24:00（暂定）')
  expect(shown.text()).toBe('○ 5 天后（暂定）')
})

it('hides its shape from screen readers, which hear the words', () => {
  expect(mark('2026-12-02T00:00:00+08:00').get('[aria-hidden]').text()).toBe('○')
})
