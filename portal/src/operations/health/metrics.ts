/** What the services tell of themselves (Prometheus text), in the few numbers that a person acts on. */
import type { Service } from '@/session/session'

export interface Sample {
  name: string
  labels: Readonly<Record<string, string>>
  value: number
}

export interface Vitals {
  /** Events in the outbox, not yet on the bus, and the age of the oldest in seconds. */
  outbox: number | undefined
  oldest: number | undefined
  parked: number | undefined
  busThere: boolean | undefined
  /** Events on the bus that the service has not yet read, by topic. */
  behind: { topic: string; events: number }[]
  published: number | undefined
  consumed: number | undefined
}

const LINE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g

export function samplesOf(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const found = LINE.exec(line)
    if (found === null) return []
    const labels = Object.fromEntries([...(found[2] ?? '').matchAll(LABEL)].map((label) => [label[1] ?? '', label[2] ?? '']))
    return [{ name: found[1] ?? '', labels, value: Number(found[3]) }]
  })
}

export function vitalsOf(service: Service, text: string): Vitals {
  const samples = samplesOf(text)
  const all = (name: string) => samples.filter((sample) => sample.name === `gongdan_${service}_${name}`)
  const sum = (name: string) => {
    const found = all(name)
    return found.length === 0 ? undefined : found.reduce((total, sample) => total + sample.value, 0)
  }
  const there = sum('bus_there')
  const behind = new Map<string, number>()
  for (const sample of all('consumer_lag_events')) {
    const topic = sample.labels['topic'] ?? ''
    behind.set(topic, (behind.get(topic) ?? 0) + sample.value)
  }
  return {
    outbox: sum('outbox_waiting_events'),
    oldest: sum('outbox_oldest_seconds'),
    parked: sum('events_parked'),
    busThere: there === undefined ? undefined : there > 0,
    behind: [...behind].map(([topic, events]) => ({ topic, events })),
    published: sum('events_published_total'),
    consumed: sum('events_consumed_total') ?? 0,
  }
}

export const FAULTS: Readonly<Record<string, string>> = {
  closing: '正在停止',
  starting: '正在启动',
  database: '连不上数据库，不接收请求',
  relay: '事件发不出去，先存在待发里，恢复后补发',
  bus: '连不上事件总线，事件先存在待发里，恢复后补发',
  consumer: '没有在读事件，其他服务的变化暂时不到',
  unreachable: '没有应答',
}
/** With these the service takes no requests. */
export const CLOSED: readonly string[] = ['closing', 'starting', 'database', 'unreachable']
