import { expect, it } from 'vitest'
import { viewsOf, withView } from '@/orders/views'

const ONE = { name: '超期', query: { group: 'overdue' } }

it('reads what was stored and leaves out what is broken', () => {
  expect(viewsOf(JSON.stringify([ONE, null, { name: '', query: {} }, { name: '坏', query: { a: 1 } }, 5]))).toEqual([ONE])
  expect(viewsOf('{')).toEqual([])
  expect(viewsOf(null)).toEqual([])
})

it('replaces a view of the same name, and keeps the newest first', () => {
  const other = { name: '东街', query: { street: '东街' } }
  const newer = { name: ' 超期 ', query: { group: 'overdue', sort: 'pressing' } }
  expect(withView([other, ONE], newer)).toEqual([{ name: '超期', query: newer.query }, other])
})

it('saves nothing without a name', () => {
  expect(withView([ONE], { name: '  ', query: {} })).toEqual([ONE])
})
