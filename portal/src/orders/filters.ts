/** What the order library shows, as it stands in the address: shareable, and back and forward work. */
import { momentOf } from '@/kit/moment'
import type { Filter } from '@/order/list'

export interface Wanted {
  status: string[]
  group: string | null
  unit: string | null
  platform: string | null
  urgent: 'yes' | 'no' | null
  urged: 'yes' | 'no' | null
  category: string
  street: string
  /** Days in Shanghai, both included. */
  from: string
  to: string
  /** The most pressing deadline is on this day or earlier. */
  due: string
  sort: 'received' | 'pressing'
}

type Query = Readonly<Record<string, unknown>>

const DAY = /^\d{4}-\d{2}-\d{2}$/
const CODE = /^[A-Za-z0-9_-]{1,64}$/

function textOf(value: unknown): string {
  const one: unknown = Array.isArray(value) ? value[0] : value
  return typeof one === 'string' ? one : ''
}
function dayOf(value: unknown): string {
  const text = textOf(value)
  return DAY.test(text) && !Number.isNaN(Date.parse(text)) ? text : ''
}
function codeOf(value: unknown): string | null {
  const text = textOf(value)
  return CODE.test(text) ? text : null
}
function answerOf(value: unknown): 'yes' | 'no' | null {
  const text = textOf(value)
  return text === 'yes' || text === 'no' ? text : null
}

/** The filters of an address; what is malformed there is left out, so that an old link still opens. */
export function wantedOf(query: Query, statuses: readonly string[], groups: readonly string[]): Wanted {
  const group = codeOf(query['group'])
  return {
    status: textOf(query['status']).split(',').filter((each) => statuses.includes(each)),
    group: group !== null && groups.includes(group) ? group : null,
    unit: codeOf(query['unit']),
    platform: codeOf(query['platform']),
    urgent: answerOf(query['urgent']),
    urged: answerOf(query['urged']),
    category: textOf(query['category']),
    street: textOf(query['street']),
    from: dayOf(query['from']),
    to: dayOf(query['to']),
    due: dayOf(query['due']),
    sort: textOf(query['sort']) === 'pressing' ? 'pressing' : 'received',
  }
}

/** The same as part of an address; what is not filtered by does not stand there. */
export function addressOf(wanted: Wanted): Record<string, string> {
  const parts: Record<string, string | null> = {
    ...wanted,
    status: wanted.status.join(','),
    category: wanted.category.trim(),
    street: wanted.street.trim(),
    sort: wanted.sort === 'received' ? null : wanted.sort,
  }
  return Object.fromEntries(Object.entries(parts).filter((part): part is [string, string] => part[1] !== null && part[1] !== ''))
}

/** The day after, which ends a span that includes its last day. */
export function dayAfter(day: string): string {
  return new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10)
}

/** The same as the API takes it. */
export function filterOf(wanted: Wanted): Filter {
  const filter: Record<string, unknown> = {
    sort: wanted.sort,
    status: wanted.status.length > 0 ? wanted.status : null,
    group: wanted.group,
    unit: wanted.unit,
    platform: wanted.platform,
    urgent: wanted.urgent === null ? null : wanted.urgent === 'yes',
    urged: wanted.urged === null ? null : wanted.urged === 'yes',
    category: wanted.category.trim() || null,
    street: wanted.street.trim() || null,
    received_from: wanted.from === '' ? null : momentOf(wanted.from, '00:00'),
    received_before: wanted.to === '' ? null : momentOf(dayAfter(wanted.to), '00:00'),
    // A deadline of 24:00 belongs to the day that it ends.
    due_before: wanted.due === '' ? null : momentOf(dayAfter(wanted.due), '00:00'),
  }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== null))
}

export type Kind = 'number' | 'words' | 'phone'

/** What someone means by what he typed: an order id or a platform's number, a telephone number, or words. */
export function kindOf(typed: string): Kind {
  const text = typed.trim()
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)) return 'number'
  // Mobile and land-line numbers with area code have at most 12 digits; numbers of platforms have more, or letters.
  if (/^\+?[\d\-() ]+$/.test(text)) {
    const digits = text.replace(/\D/g, '').replace(/^86(?=1\d{10}$)/, '')
    return digits.length >= 7 && digits.length <= 12 ? 'phone' : 'number'
  }
  return /^[A-Za-z0-9_-]*\d[A-Za-z0-9_-]*$/.test(text) ? 'number' : 'words'
}
