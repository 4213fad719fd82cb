/** A year as twelve months of weeks, each day with how it counts. */
import type { Sla } from '@/api/client'
import { isWeekend, kindOf, type DayKind } from '@/kit/days'

export { KIND_WORDS } from '@/kit/days'
export type { DayKind }

export interface YearDay {
  on: string
  day: number
  kind: DayKind
  holiday: string | undefined
  /** A workday from Monday to Friday that is off, or a weekend that is worked: moved by the notice. */
  moved: boolean
}

export interface Month {
  number: number
  /** Empty places before the first day, Monday first. */
  before: number
  days: YearDay[]
}

/** What stands in a day beside its number, so that nobody needs the colour. */
export const KIND_MARKS: Readonly<Record<DayKind, string>> = { working: '', weekend: '', holiday: '休', make_up: '班' }

export function monthsOf(year: number, listed: readonly Sla['ListedDay'][]): Month[] {
  return Array.from({ length: 12 }, (_, month) => {
    const first = new Date(Date.UTC(year, month, 1))
    const count = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
    return {
      number: month + 1,
      before: (first.getUTCDay() + 6) % 7,
      days: Array.from({ length: count }, (__, nth) => {
        const at = new Date(Date.UTC(year, month, nth + 1))
        const on = at.toISOString().slice(0, 10)
        const kind = kindOf(on, listed)
        return { on, day: nth + 1, kind, holiday: listed.find((each) => each.on === on)?.holiday ?? undefined, moved: isWeekend(on) ? kind === 'make_up' : kind === 'holiday' }
      }),
    }
  })
}

/** A date as people write it: 2月14日 周六. */
export function dayWords(on: string): string {
  const at = new Date(`${on}T00:00:00Z`)
  return `${at.getUTCMonth() + 1}月${at.getUTCDate()}日 周${'日一二三四五六'[at.getUTCDay()] ?? ''}`
}
