/** What the wall has heard: breaches and warnings, the newest on top, each once; what was taken back leaves it. */
export interface Alarm {
  /** A clock is breached at most once for each due moment, and warned once at each rung. */
  key: string
  kind: 'breach' | 'warning'
  clockId: string
  orderId: string
  clockKind: string
  unit: string | null
  dueAt: string
  at: string
  provisional: boolean
  /** It came while the wall was watching, and is shown as new. */
  live: boolean
}

interface Clock {
  id: string
  order_id: string
  kind: string
  unit: string | null
  due_at: string
  breached_at: string | null
  provisional: boolean
}

export const KEPT = 60

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

function alarmOf(kind: Alarm['kind'], fields: Record<string, unknown>, unit: unknown, at: unknown): Alarm | undefined {
  const clockId = textOf(fields['clock_id'])
  const dueAt = textOf(fields['due_at'])
  if (clockId === '' || dueAt === '' || textOf(at) === '') return undefined
  return {
    key: `${kind} ${clockId} ${kind === 'breach' ? Date.parse(dueAt) : textOf(fields['rung'])}`,
    kind,
    clockId,
    orderId: textOf(fields['order_id']),
    clockKind: textOf(fields['kind']),
    unit: typeof unit === 'string' ? unit : null,
    dueAt,
    at: textOf(at),
    provisional: fields['provisional'] === true,
    live: true,
  }
}

/** The breach of a clock of a list. */
export function ofClock(clock: Clock): Alarm | undefined {
  const alarm = alarmOf('breach', { ...clock, clock_id: clock.id }, clock.unit, clock.breached_at)
  return alarm === undefined ? undefined : { ...alarm, live: false }
}

/** The alarms with some more: the newest on top, none twice. */
export function withAlarms(alarms: readonly Alarm[], more: readonly Alarm[]): Alarm[] {
  const known = new Set(alarms.map((alarm) => alarm.key))
  const fresh = more.filter((alarm) => !known.has(alarm.key) && known.add(alarm.key))
  // A breach says more than the warning of the same clock before it.
  const breached = new Set(fresh.filter((alarm) => alarm.kind === 'breach').map((alarm) => alarm.clockId))
  const left = alarms.filter((alarm) => alarm.kind === 'breach' || !breached.has(alarm.clockId))
  return [...left, ...fresh].sort((one, other) => Date.parse(other.at) - Date.parse(one.at)).slice(0, KEPT)
}

/** The alarms after one event of a stream; what is not understood changes nothing. */
export function heard(alarms: readonly Alarm[], event: string, data: string): Alarm[] {
  let fields: unknown
  try {
    fields = JSON.parse(data)
  } catch {
    return [...alarms]
  }
  if (!isRecord(fields)) return [...alarms]
  if (event === 'clock.breach_excused.v1') {
    const { clock_id, due_at } = fields
    return alarms.filter((alarm) => !(alarm.kind === 'breach' && alarm.clockId === clock_id && Date.parse(alarm.dueAt) === Date.parse(textOf(due_at))))
  }
  const { unit, warned_at } = fields
  const more =
    event === 'clock.breached.v1'
      ? [alarmOf('breach', fields, unit, fields['breached_at'])]
      : event === 'clock.warned.v1'
        ? [alarmOf('warning', fields, unit, warned_at)]
        : event === 'clock.warnings_digested.v1' && Array.isArray(fields['warnings'])
          ? fields['warnings'].filter(isRecord).map((each) => alarmOf('warning', each, unit, warned_at))
          : []
  return withAlarms(alarms, more.filter((alarm) => alarm !== undefined))
}

/** The clocks on a board: whatever is due until then and is not on it has ended. */
export interface Open {
  ids: ReadonlySet<string>
  until: number
}

/** The alarms whose clock still runs, by the latest breaches as they stand now, and by the board of today where it was read. */
export function stillOpen(alarms: readonly Alarm[], breaches: readonly { id: string; state: string }[], today: Open | undefined): Alarm[] {
  const ended = new Set(breaches.filter((clock) => clock.state !== 'running').map((clock) => clock.id))
  const isOff = (alarm: Alarm) => alarm.kind === 'warning' && today !== undefined && Date.parse(alarm.dueAt) <= today.until && !today.ids.has(alarm.clockId)
  return alarms.filter((alarm) => !ended.has(alarm.clockId) && !isOff(alarm))
}

export const EVENTS = ['clock.breached.v1', 'clock.breach_excused.v1', 'clock.warned.v1', 'clock.warnings_digested.v1'] as const
