import { describe, expect, it } from 'vitest'
import { addressOf, filterOf, kindOf, wantedOf } from '@/orders/filters'

const read = (query: Record<string, unknown>) => wantedOf(query, ['triage', 'handling', 'closed'], ['overdue'])
const NOTHING = read({})

describe('filters in the address', () => {
  it('come back as they went', () => {
    const wanted = {
      status: ['handling', 'closed'],
      group: 'overdue',
      unit: 'zhujian',
      platform: 'city_12345',
      urgent: 'yes' as const,
      urged: 'no' as const,
      category: '住房 & 物业',
      street: '东街',
      from: '2026-11-01',
      to: '2026-11-30',
      due: '2026-12-01',
      sort: 'pressing' as const,
    }
    expect(read(addressOf(wanted))).toEqual(wanted)
  })

  it('stand nowhere when nothing is filtered', () => {
    expect(addressOf(NOTHING)).toEqual({})
  })

  it.each([
    ['an unknown state', { status: 'handling,gone' }, { status: ['handling'] }],
    ['an unknown list', { group: 'gone' }, { group: null }],
    ['a day that is none', { from: '2026-13-45', to: 'soon' }, { from: '', to: '' }],
    ['a code with markup', { unit: '<b>' }, { unit: null }],
    ['twice the same', { street: ['东街', '西街'] }, { street: '东街' }],
  ])('leave out or settle %s', (_, query, left) => {
    expect(read(query)).toMatchObject(left)
  })
})

describe('filters for the API', () => {
  it('include the last day of the span, and a deadline at its 24:00', () => {
    expect(filterOf({ ...NOTHING, from: '2026-11-30', to: '2026-11-30', due: '2026-12-31' })).toEqual({
      sort: 'received',
      received_from: '2026-11-30T00:00:00+08:00',
      received_before: '2026-12-01T00:00:00+08:00',
      due_before: '2027-01-01T00:00:00+08:00',
    })
  })

  it('say yes and no', () => {
    expect(filterOf({ ...NOTHING, urgent: 'no', urged: 'yes' })).toMatchObject({ urgent: false, urged: true })
  })
})

it.each([
  ['0192f0c5-1111-7abc-8def-0123456789ab', 'number'],
  ['DC2026112300005', 'number'],
  ['20261123000051', 'number'],
  ['123456', 'number'],
  ['13800138000', 'phone'],
  ['+86 138-0013-8000', 'phone'],
  ['0571-88880000', 'phone'],
  ['电梯 停运', 'words'],
  ['3号楼', 'words'],
  ['wifi', 'words'],
])('%s is sought as %s', (typed, kind) => {
  expect(kindOf(typed)).toBe(kind)
})
