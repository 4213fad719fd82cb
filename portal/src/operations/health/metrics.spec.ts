import { expect, it } from 'vitest'
import { samplesOf, vitalsOf } from '@/operations/health/metrics'

const TEXT = `# HELP gongdan_sla_bus_there 1 while the event bus answers
# TYPE gongdan_sla_bus_there gauge
gongdan_sla_bus_there 1.0
gongdan_sla_outbox_waiting_events 3.0
gongdan_sla_outbox_oldest_seconds 12.5
gongdan_sla_events_parked 2.0
gongdan_sla_events_published_total 40.0
gongdan_sla_events_consumed_total{type="order.assigned.v1"} 5.0
gongdan_sla_events_consumed_total{type="a \\"quoted\\" one"} 2.0
gongdan_sla_consumer_lag_events{partition="0",topic="orders"} 1.0
gongdan_sla_consumer_lag_events{partition="1",topic="orders"} 4.0
gongdan_sla_consumer_lag_events{partition="0",topic="directory"} 0.0
gongdan_intake_events_parked 9.0
`

it('reads the numbers of one service among others', () => {
  expect(vitalsOf('sla', TEXT)).toEqual({
    outbox: 3,
    oldest: 12.5,
    parked: 2,
    busThere: true,
    behind: [
      { topic: 'orders', events: 5 },
      { topic: 'directory', events: 0 },
    ],
    published: 40,
    consumed: 7,
  })
})

it('says nothing of what is not exposed', () => {
  expect(vitalsOf('review', TEXT)).toMatchObject({ outbox: undefined, parked: undefined, busThere: undefined, behind: [] })
})

it('passes over what it does not understand', () => {
  expect(samplesOf('nonsense\n\n# x\na{b="c\\"d"} 1e3')).toEqual([{ name: 'a', labels: { b: 'c\\"d' }, value: 1000 }])
})
