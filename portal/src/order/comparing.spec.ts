import { describe, expect, it } from 'vitest'
import { changedParts } from '@/order/comparing'

const before = (parts: ReturnType<typeof changedParts>) => parts.filter((part) => part.kind !== 'new').map((part) => part.text).join('')
const after = (parts: ReturnType<typeof changedParts>) => parts.filter((part) => part.kind !== 'gone').map((part) => part.text).join('')

describe('what changed between two versions', () => {
  it('marks only what differs', () => {
    expect(changedParts('路灯不亮，请维修', '路灯全部不亮，请尽快维修')).toEqual([
      { kind: 'same', text: '路灯' },
      { kind: 'new', text: '全部' },
      { kind: 'same', text: '不亮，请' },
      { kind: 'new', text: '尽快' },
      { kind: 'same', text: '维修' },
    ])
  })

  it.each([
    ['', ''],
    ['', '新的'],
    ['没有了', ''],
    ['aXbYc', 'aPbQc'],
    ['😀水管', '水管😀'],
    ['长'.repeat(4_000), `${'长'.repeat(3_000)}短${'长'.repeat(900)}`],
  ])('gives both texts again (%#)', (one, other) => {
    const parts = changedParts(one, other)
    expect([before(parts), after(parts)]).toEqual([one, other])
  })
})
