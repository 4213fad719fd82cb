/** Weeks and days of the figures, as the address and the API have them: 2026-W48, 2026-11-27. */
const DAY = 86_400_000
const WEEK = 7 * DAY

const at = (day: string) => Date.parse(`${day}T00:00:00Z`)
const dayOf = (moment: number) => new Date(moment).toISOString().slice(0, 10)

/** The Monday of the first ISO week of a year: of the week that has January 4. */
function firstMonday(year: number): number {
  const fourth = Date.UTC(year, 0, 4)
  return fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * DAY
}

/** The ISO week of a day. */
export function weekOf(day: string): string {
  const monday = at(day) - ((new Date(at(day)).getUTCDay() + 6) % 7) * DAY
  const year = new Date(monday + 3 * DAY).getUTCFullYear()
  return `${year}-W${String(Math.round((monday - firstMonday(year)) / WEEK) + 1).padStart(2, '0')}`
}

/** The Monday of an ISO week; nothing for a week that does not exist. */
export function mondayOf(week: string): string | undefined {
  const [, year, number] = /^(20\d{2})-W(\d{2})$/.exec(week) ?? []
  if (year === undefined || number === undefined || Number(number) < 1) return undefined
  const monday = dayOf(firstMonday(Number(year)) + (Number(number) - 1) * WEEK)
  return weekOf(monday) === week ? monday : undefined
}

export function weekStep(week: string, by: number): string {
  return weekOf(dayOf(at(mondayOf(week) ?? dayOf(0)) + by * WEEK))
}

export function dayStep(day: string, by: number): string {
  return dayOf(at(day) + by * DAY)
}

/** The weeks up to one, the earliest first. */
export function weeksUntil(week: string, count: number): string[] {
  return Array.from({ length: count }, (_, place) => weekStep(week, place - count + 1))
}

const short = (day: string) => `${Number(day.slice(5, 7))}月${Number(day.slice(8))}日`

/** 11月23日—11月29日; the year when it is not this one's. */
export function spanWords(first: string, last: string): string {
  return first === last ? short(first) : `${short(first)}—${short(last)}`
}

/** 第 48 周. */
export function weekWords(week: string): string {
  return `第 ${Number(week.slice(6))} 周`
}

/** The week of an address, when it exists and has begun. */
export function weekAsked(asked: unknown, today: string): string {
  const monday = typeof asked === 'string' ? mondayOf(asked) : undefined
  return typeof asked === 'string' && monday !== undefined && monday <= today ? asked : weekOf(today)
}

/** The day of an address, when it exists and has come. */
export function dayAsked(asked: unknown, today: string): string {
  if (typeof asked !== 'string' || !/^20\d{2}-\d{2}-\d{2}$/.test(asked) || Number.isNaN(Date.parse(asked))) return today
  return asked <= today ? asked : today
}
