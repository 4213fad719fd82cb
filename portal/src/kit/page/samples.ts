/** What the developers' page shows: made up, at one moment, so that two pictures of it can be compared. */
import { QueryClient } from '@tanstack/vue-query'
import type { Sla } from '@/api/client'
import { Refusal } from '@/api/refusal'
import type { ClockKind, Ended } from '@/kit/clocks'
import { isWeekend } from '@/kit/days'

const HOUR = 3_600_000
export const NOW = Date.parse('2026-11-26T21:51:00+08:00')

export const UNITS = [
  { value: 'zhujian', name: '区住房和城乡建设局' },
  { value: 'shuiwu', name: '区水务局' },
  { value: 'chengguan', name: '区综合行政执法局' },
  { value: 'huanghailu', name: '黄海路街道办事处' },
]

export const DEADLINES: readonly { dueAt: string; ended?: { kind: ClockKind; as: Ended }; provisional?: boolean }[] = [
  { dueAt: at(-3 * 24 * HOUR) },
  { dueAt: at(-60_000) },
  { dueAt: at(2 * HOUR) },
  { dueAt: '2026-11-28T00:00:00+08:00' },
  { dueAt: '2026-12-02T00:00:00+08:00', provisional: true },
  { dueAt: at(0), ended: { kind: 'final', as: 'met' } },
  { dueAt: at(0), ended: { kind: 'final', as: 'late' } },
  { dueAt: at(0), ended: { kind: 'accept', as: 'late' } },
  { dueAt: at(0), ended: { kind: 'final', as: 'void' } },
]

export const REFUSED = new Refusal(409, 'return_window_closed', '回退时限已过，请按答复程序办理')
export const UNREACHABLE = new Refusal(0, 'unreachable', '连不上平台，请检查网络后再试；已填写的内容仍在。')

export interface SampleRow {
  nth: number
  unit: string
  orders: number
  rate: number | null
  dueAt: string
}

export function rows(count: number): SampleRow[] {
  return Array.from({ length: count }, (_, nth) => ({
    nth: nth + 1,
    unit: UNITS[nth % UNITS.length]?.name ?? '',
    orders: (nth * 7_919) % 997,
    rate: nth % 11 === 0 ? null : ((nth * 31) % 1_000) / 10,
    dueAt: at((((nth * 37) % 200) - 40) * HOUR),
  }))
}

export const CLOCK_ID = 'sample'

/** Answers to what the controls ask, so that the page needs neither a platform nor a sign-in. */
export function answers(): QueryClient {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, gcTime: Infinity, retry: false } } })
  for (const year of [2025, 2026, 2027]) client.setQueryData(['calendar', String(year)], calendar(year))
  client.setQueryData(['proof', CLOCK_ID], PROOF)
  return client
}

function at(after: number): string {
  return new Date(NOW + after).toISOString()
}

function calendar(year: number): Sla['CalendarYear'] {
  const holidays = [
    { on: `${year}-01-01`, kind: 'holiday' as const, holiday: '元旦' },
    ...['01', '02', '03'].map((day) => ({ on: `${year}-10-${day}`, kind: 'holiday' as const, holiday: '国庆节' })),
  ]
  return { year, published: year < 2027, source_notice: null, workdays: 250, days: holidays, calendar: 'sample' }
}

const LAST = 3
const PROOF: Sla['Explanation'] = {
  clock: {
    id: CLOCK_ID,
    order_id: 'sample',
    kind: 'final',
    title: '办结',
    unit: 'zhujian',
    state: 'running',
    started_at: '2026-11-26T02:10:00Z',
    due_at: '2026-12-01T16:00:00Z',
    original_due_at: '2026-11-30T16:00:00Z',
    provisional: false,
    breached_at: null,
    excused: false,
    stopped_at: null,
    late_by_seconds: null,
    late_by_seconds_of_original: null,
    warnings: [],
    lapse: 'breach',
    clause: '二(二)3',
    rules: 'circular-2022',
    calendar: 'sample',
  },
  span: 'workdays',
  amount: LAST,
  document: '示例文号',
  started_reason: '交办',
  stopped_reason: null,
  lines: Array.from({ length: 6 }, (_, nth) => `2026-${nth < 5 ? `11-${26 + nth}` : '12-01'}`).reduce<Sla['Line'][]>((lines, on) => {
    const counted = lines.filter((line) => line.ordinal !== null).length
    const kind = isWeekend(on) ? 'weekend' : 'working'
    const ordinal = kind === 'working' && lines.length > 0 ? counted + 1 : null
    const words = lines.length === 0 ? '当日不计' : ordinal === null ? '休息日，不计' : `第 ${ordinal} 个工作日`
    return [...lines, { text: `${on} ${words}`, on, kind, ordinal, known: true }]
  }, []),
  changes: [{ changed_at: '2026-11-26T06:00:00Z', was_due_at: '2026-11-30T16:00:00Z', due_at: '2026-12-01T16:00:00Z', reason: '示例：日历有变', calendar: 'sample', excused_breach_at: null }],
}
