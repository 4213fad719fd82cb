import { describe, expect, it } from 'vitest'
import { heard, KEPT, ofClock, stillOpen, withAlarms, type Alarm } from '@/wall/feed'

const breach = (clock: string, at: string, due = '2026-11-27T16:00:00+08:00') =>
  JSON.stringify({ order_id: `order of ${clock}`, clock_id: clock, kind: 'accept', unit: 'zhujian', due_at: due, breached_at: at, provisional: false })
const warning = (clock: string, at: string, rung = 'red') =>
  JSON.stringify({ order_id: `order of ${clock}`, clock_id: clock, kind: 'accept', unit: null, rung, due_at: '2026-11-27T18:00:00+08:00', warned_at: at, provisional: true })
const after = (...events: [string, string][]) => events.reduce<Alarm[]>((alarms, [event, data]) => heard(alarms, event, data), [])
const shown = (alarms: Alarm[]) => alarms.map((alarm) => `${alarm.kind} ${alarm.clockId}`)

describe('the wall', () => {
  it('has the newest on top', () => {
    expect(shown(after(['clock.breached.v1', breach('a', '2026-11-27T16:00:01+08:00')], ['clock.warned.v1', warning('b', '2026-11-27T16:05:00+08:00')]))).toEqual(['warning b', 'breach a'])
  })

  it('shows nothing twice, whether it comes from a list, from the stream or again by replay', () => {
    const listed = ofClock({ id: 'a', order_id: 'o', kind: 'accept', unit: null, due_at: '2026-11-27T08:00:00Z', breached_at: '2026-11-27T08:00:01Z', provisional: false })
    const alarms = heard(listed === undefined ? [] : [listed], 'clock.breached.v1', breach('a', '2026-11-27T16:00:01+08:00'))
    expect(shown(alarms)).toEqual(['breach a'])
  })

  it('drops the warning of a clock that is breached', () => {
    expect(shown(after(['clock.warned.v1', warning('a', '2026-11-27T15:00:00+08:00')], ['clock.breached.v1', breach('a', '2026-11-27T16:00:01+08:00')]))).toEqual(['breach a'])
  })

  it('drops a breach that is taken back, and no later one of the same clock', () => {
    const excused = JSON.stringify({ clock_id: 'a', due_at: '2026-11-27T08:00:00Z' })
    const later = breach('a', '2026-11-28T16:00:01+08:00', '2026-11-28T16:00:00+08:00')
    expect(after(['clock.breached.v1', breach('a', '2026-11-27T16:00:01+08:00')], ['clock.breach_excused.v1', excused])).toEqual([])
    expect(after(['clock.breached.v1', later], ['clock.breach_excused.v1', excused])).toHaveLength(1)
  })

  it('opens a digest into its warnings', () => {
    const digest = JSON.stringify({ unit: 'zhujian', warned_at: '2026-11-27T15:00:00+08:00', count: 2, warnings: [JSON.parse(warning('a', '')), JSON.parse(warning('b', '')), null] })
    expect(after(['clock.warnings_digested.v1', digest]).map((alarm) => [alarm.clockId, alarm.unit])).toEqual([['a', 'zhujian'], ['b', 'zhujian']])
  })

  it.each([
    ['no JSON', '{'],
    ['no object', '5'],
    ['nothing known', '{}'],
  ])('is left as it is by %s', (_, data) => {
    const alarms = after(['clock.breached.v1', breach('a', '2026-11-27T16:00:01+08:00')])
    expect(heard(alarms, 'clock.breached.v1', data)).toEqual(alarms)
  })

  it('shows no alarm of a clock that has ended since', () => {
    const alarms = after(
      ['clock.breached.v1', breach('answered', '2026-11-27T16:00:01+08:00')],
      ['clock.breached.v1', breach('late', '2026-11-27T16:00:02+08:00')],
      ['clock.warned.v1', warning('done', '2026-11-27T16:00:03+08:00')],
      ['clock.warned.v1', warning('near', '2026-11-27T16:00:04+08:00')],
    )
    const breaches = [{ id: 'answered', state: 'late' }, { id: 'late', state: 'running' }]
    const today = { ids: new Set(['near']), until: Date.parse('2026-11-28T00:00:00+08:00') }
    expect(shown(stillOpen(alarms, breaches, today))).toEqual(['warning near', 'breach late'])
    expect(shown(stillOpen(alarms, [], undefined))).toEqual(shown(alarms))
    // Of what is due later the board says nothing.
    expect(shown(stillOpen(alarms, breaches, { ids: new Set(), until: Date.parse('2026-11-27T17:00:00+08:00') }))).toEqual(['warning near', 'warning done', 'breach late'])
  })

  it('keeps the newest only', () => {
    const more = Array.from({ length: KEPT + 5 }, (_, place) => heard([], 'clock.breached.v1', breach(String(place), new Date(place * 1_000).toISOString()))).flat()
    expect(withAlarms([], more)).toHaveLength(KEPT)
    expect(withAlarms([], more)[0]?.clockId).toBe(String(KEPT + 4))
  })
})
