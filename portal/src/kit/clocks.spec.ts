import { expect, it } from 'vitest'
import { endedWords, type ClockKind } from '@/kit/clocks'

const FINAL: readonly ClockKind[] = ['upstream_due', 'final', 'district_final']
const STEPS: readonly ClockKind[] = [
  'same_day_dispatch',
  'accept',
  'first_contact',
  'caller_reply',
  'first_reply',
  'progress_note',
  'next_contact',
  'co_task',
  'consult',
  'review_turnaround',
  'chain_step',
  'plan',
  'revisit',
  'supervise_case',
  'rectify_promise',
]

it.each(FINAL)('%s ends with the order', (kind) => {
  expect((['met', 'late', 'void'] as const).map((ended) => endedWords(kind, ended))).toEqual(['按时办结', '已超期办结', '不再计时'])
})

it.each(STEPS)('%s ends with one step, and no order is finished by it', (kind) => {
  expect((['met', 'late', 'void'] as const).map((ended) => endedWords(kind, ended))).toEqual(['按时完成', '已超期完成', '不再计时'])
})

it('says of the window for a return that it was used or has closed, and that nobody was late', () => {
  expect((['met', 'void'] as const).map((ended) => endedWords('return_window', ended))).toEqual(['已申请回退', '已关闭'])
})
