import { describe, expect, it } from 'vitest'
import { roundWords } from '@/review/rounds'

const approved = { state: 'approved' as const, taken_back_at: null, void_reason: null, centre_at: '2026-11-23T02:00:00Z' }

describe('what became of a round', () => {
  it('is its state', () => {
    expect(roundWords(approved)).toBe('审核通过')
    expect(roundWords({ ...approved, state: 'rejected' })).toBe('中心退回')
  })
  it('says who took an approval back', () => {
    expect(roundWords({ ...approved, state: 'rejected', taken_back_at: '2026-11-23T02:00:01Z' })).toBe('平台自动退回')
  })
  it('says that and why an approved reply was not sent', () => {
    expect(roundWords({ ...approved, state: 'void', void_reason: 'cancelled' })).toBe('审核通过，未反馈上级（上级平台撤单）')
    expect(roundWords({ ...approved, state: 'void', void_reason: 'reopened' })).toBe('审核通过，未反馈上级（上级要求重办）')
  })
  it('says why nobody decides on a reply any more', () => {
    expect(roundWords({ ...approved, state: 'void', void_reason: 'superseded', centre_at: null })).toBe('作废（另有新的答复）')
  })
})
