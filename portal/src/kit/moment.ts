/** Moments and deadlines in words.  The platform counts working days; nothing is counted anew here. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** Shanghai has had no daylight saving since 1991, so that its days are counted with a fixed offset. */
const SHANGHAI = 8 * HOUR
const WEEKDAYS = ['周日', '周一', '周二', '周三', '周四', '周五', '周六'] as const

export type DueState = 'breach' | 'today' | 'soon' | 'calm' | 'done'

export interface Due {
  state: DueState
  words: string
  /** The exact moment, for the tooltip and for print. */
  exact: string
}

function dayOf(at: number): number {
  return Math.floor((at + SHANGHAI) / DAY)
}

function dateOf(at: number, now?: number): string {
  const day = new Date(at + SHANGHAI)
  const year = now !== undefined && new Date(now + SHANGHAI).getUTCFullYear() !== day.getUTCFullYear() ? `${day.getUTCFullYear()}年` : ''
  return `${year}${day.getUTCMonth() + 1}月${day.getUTCDate()}日`
}

function dayWords(at: number, now?: number): string {
  return `${dateOf(at, now)} ${WEEKDAYS[new Date(at + SHANGHAI).getUTCDay()] ?? ''}`
}

function clockWords(at: number): string {
  const minutes = Math.floor(((((at + SHANGHAI) % DAY) + DAY) % DAY) / MINUTE)
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

/** The day of a moment without its weekday: 11月3日. */
export function dateWords(at: number): string {
  return dateOf(at)
}

/** A moment as the clock on the wall shows it: 11月26日 周四 21:51. */
export function momentWords(at: string | number): string {
  const moment = typeof at === 'number' ? at : Date.parse(at)
  return `${dayWords(moment)} ${clockWords(moment)}`
}

const WRITTEN = /(\d{4}-\d{2}-\d{2})(?:（周.）)?( \d{2}:\d{2})?/g

/** A sentence of the platform with its days as this portal writes them: 2026-11-26 24:00 is 11月26日 周四 24:00. */
export function inWords(text: string, now: number): string {
  return text.replace(WRITTEN, (whole, day: string, time: string | undefined) => {
    const at = Date.parse(`${day}T00:00:00+08:00`)
    return Number.isNaN(at) ? whole : dayWords(at, now) + (time ?? '')
  })
}

/** A moment of the past as people say it: 刚刚, 8 分钟前, 今天 09:12, 昨天 16:40, 11月20日 周五 08:00. */
export function agoWords(at: string, now: number): string {
  const moment = Date.parse(at)
  const passed = now - moment
  if (passed >= 0 && passed < MINUTE) return '刚刚'
  if (passed >= 0 && passed < HOUR) return `${Math.floor(passed / MINUTE)} 分钟前`
  const days = dayOf(now) - dayOf(moment)
  if (days === 0) return `今天 ${clockWords(moment)}`
  if (days === 1) return `昨天 ${clockWords(moment)}`
  return `${dayWords(moment, now)} ${clockWords(moment)}`
}

/** The same for a narrow column: 刚刚, 8 分钟前, 今天 09:12, 昨天 16:40, 11月20日 08:00, 2025年12月31日. */
export function agoShort(at: string, now: number): string {
  const moment = Date.parse(at)
  if (dayOf(now) - dayOf(moment) <= 1) return agoWords(at, now)
  const date = dateOf(moment, now)
  return date.includes('年') ? date : `${date} ${clockWords(moment)}`
}

/** The end of a span: midnight is 24:00 of the day that it ends, as the rules say it. */
export function endWords(at: string): string {
  const end = Date.parse(at)
  return (end + SHANGHAI) % DAY === 0 ? `${dayWords(end - 1)} 24:00` : momentWords(end)
}

/** The end of a span for a narrow column, without its weekday: 12月1日 24:00. */
export function endShort(at: string): string {
  return endWords(at).replace(/ 周./, '')
}

/** A length of time: 45 分钟, 2 小时 10 分, 3 天. */
export function lengthWords(span: number): string {
  if (span < HOUR) return `${Math.max(1, Math.floor(span / MINUTE))} 分钟`
  if (span < DAY) {
    const minutes = Math.floor((span % HOUR) / MINUTE)
    return `${Math.floor(span / HOUR)} 小时${minutes === 0 ? '' : ` ${minutes} 分`}`
  }
  return `${Math.floor(span / DAY)} 天`
}

/** The state and the words of a deadline at `now`; a due moment of 24:00 belongs to the day that it ends. */
export function dueOf(dueAt: string, now: number): Due {
  const due = Date.parse(dueAt)
  const left = due - now
  const days = dayOf(due - 1) - dayOf(now)
  const exact = endWords(dueAt)
  if (left < 0) return { state: 'breach', words: `超期 ${lengthWords(-left)}`, exact }
  if (days === 0) return { state: 'today', words: `剩 ${lengthWords(left)}`, exact }
  if (days === 1) return { state: 'soon', words: `明天 ${exact.slice(-5)}`, exact }
  return { state: 'calm', words: `${days} 天后`, exact }
}

/** The day of a moment in Shanghai, as a date field has it: 2026-11-27. */
export function dayKey(at: number): string {
  return new Date(at + SHANGHAI).toISOString().slice(0, 10)
}

/** The day and the time of a moment in Shanghai, as fields have them; both empty when there is none. */
export function partsOf(moment: string): { day: string; time: string } {
  const at = Date.parse(moment)
  return Number.isNaN(at) ? { day: '', time: '' } : { day: dayKey(at), time: clockWords(at) }
}

/** A date and a time of a form, meant in Shanghai, as the API takes moments. */
export function momentOf(day: string, time: string): string {
  return `${day}T${time}:00+08:00`
}
