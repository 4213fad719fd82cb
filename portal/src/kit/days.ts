/** How a day counts, by the days that the working calendar names; every other day is what its weekday says (A01). */
import type { Sla } from '@/api/client'
import { dayKey } from '@/kit/moment'

export type DayKind = Sla['ListedDay']['kind']
export const KIND_WORDS: Readonly<Record<DayKind, string>> = { working: '工作日', weekend: '休息日', holiday: '放假', make_up: '调休上班' }
type Named = readonly Sla['ListedDay'][]

const DAY = 86_400_000
/** No arrangement has had more days off in a row than nine. */
const LONGEST_REST = 14

export function isWeekend(on: string): boolean {
  return new Date(`${on}T00:00:00Z`).getUTCDay() % 6 === 0
}

export function kindOf(on: string, named: Named): DayKind {
  return named.find((each) => each.on === on)?.kind ?? (isWeekend(on) ? 'weekend' : 'working')
}

/** The first working day after the day of this moment. */
export function nextWorkday(now: number, named: Named): string {
  const days = Array.from({ length: LONGEST_REST }, (_, nth) => dayKey(now + (nth + 1) * DAY))
  return days.find((on) => ['working', 'make_up'].includes(kindOf(on, named))) ?? dayKey(now + DAY)
}
