/** The numbers of a rule set as text fields hold them, and back as the API takes them. */
import { isCounted, isSameDay } from '@/operations/rules/words'

export interface Typed {
  count: string
  warning: string
  warn_at: string
  cut_off: string
  next_day_until: string
  one: string
}
const EMPTY: Typed = { count: '', warning: '', warn_at: '', cut_off: '', next_day_until: '', one: '' }

export function typedOf(value: unknown): Typed {
  if (isSameDay(value)) return { ...EMPTY, warn_at: value.warn_at, cut_off: value.cut_off ?? '', next_day_until: value.next_day_until }
  if (isCounted(value)) return { ...EMPTY, count: String(value.count), warning: String(value.warning) }
  return { ...EMPTY, one: String(value) }
}

/** What was typed, in the shape of the value that it takes the place of; what is no number goes out as it is, to be refused. */
export function valueOf(typed: Typed, shape: unknown): unknown {
  if (isSameDay(shape)) return { warn_at: typed.warn_at, cut_off: typed.cut_off === '' ? null : typed.cut_off, next_day_until: typed.next_day_until }
  if (isCounted(shape)) return { count: whole(typed.count), warning: whole(typed.warning) }
  return typeof shape === 'number' ? whole(typed.one) : typed.one
}

function whole(text: string): number | string {
  return /^-?\d{1,9}$/.test(text.trim()) ? Number(text) : text
}
