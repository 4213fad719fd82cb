/** How a clock ended, in words that fit what it asked for. */
import type { Sla } from '@/api/client'

export type ClockKind = Sla['Clock']['kind']
export type Ended = Exclude<Sla['Clock']['state'], 'running'>

/** Those that end with the order; every other one ends with one step of it. */
const FINAL: ReadonlySet<string> = new Set(['upstream_due', 'final', 'district_final'])

/** The words for a clock that has ended: of a window that closed nobody missed anything. */
export function endedWords(kind: ClockKind, ended: Ended): string {
  if (kind === 'return_window') return ended === 'void' ? '已关闭' : '已申请回退'
  if (ended === 'void') return '不再计时'
  if (ended === 'late') return FINAL.has(kind) ? '已超期办结' : '已超期完成'
  return FINAL.has(kind) ? '按时办结' : '按时完成'
}
