import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import DataTable, { type Column } from '@/kit/DataTable.vue'

interface Unit {
  name: string
  orders: number
  rate: number | null
}

const columns: readonly Column<Unit>[] = [
  { key: 'name', title: '单位', value: (row: Unit) => row.name },
  { key: 'orders', title: '工单', value: (row: Unit) => row.orders, number: true },
  { key: 'rate', title: '解决率', value: (row: Unit) => row.rate, number: true },
]
const UNITS: readonly Unit[] = [
  { name: '水务局', orders: 9, rate: 98.5 },
  { name: '公安分局', orders: 30, rate: null },
  { name: '住建局', orders: 4, rate: 100 },
]
const table = (rows: readonly Unit[], sort?: string) =>
  mount(DataTable<Unit>, { props: { caption: '各单位', columns, rows, keyOf: (row: Unit) => row.name, ...(sort === undefined ? {} : { sort }) }, attachTo: document.body })
type Table = ReturnType<typeof table>
const box = (of: Table) => of.get<HTMLElement>('[role="region"]')
const column = (of: Table, nth: number) => of.findAll('tbody:not([aria-hidden]) tr').map((row) => row.findAll('td')[nth]?.text())

async function scroll(of: Table, to: number): Promise<void> {
  box(of).element.scrollTop = to
  await box(of).trigger('scroll')
}

it('stands as it is given until a column is asked for', () => {
  const all = table(UNITS)
  expect(column(all, 0)).toEqual(['水务局', '公安分局', '住建局'])
  expect(all.findAll('th').map((head) => head.attributes('aria-sort'))).toEqual(['none', 'none', 'none'])
})

it('sorts words from the first and numbers from the largest, the other way when asked again', async () => {
  const all = table(UNITS)
  const [name, orders] = all.findAll('th button')
  await orders?.trigger('click')
  expect(column(all, 1)).toEqual(['30', '9', '4'])
  expect(all.findAll('th').map((head) => head.attributes('aria-sort'))).toEqual(['none', 'descending', 'none'])
  await orders?.trigger('click')
  expect(column(all, 1)).toEqual(['4', '9', '30'])

  await name?.trigger('click')
  expect(column(all, 0)).toEqual(['公安分局', '水务局', '住建局'])
})

it('shows a dash where there is no figure, which sorts as the least', () => {
  expect(column(table(UNITS, 'rate'), 2)).toEqual(['100', '98.5', '—'])
})

it('can be scrolled by keyboard, and is named', () => {
  expect(box(table(UNITS)).attributes()).toMatchObject({ tabindex: '0', 'aria-label': '各单位' })
})

const MANY = Array.from({ length: 10_000 }, (_, nth) => ({ name: `${nth}`, orders: nth, rate: null }))

it('draws of ten thousand rows those in view, and says which they are', async () => {
  const all = table(MANY, 'orders')
  const drawn = column(all, 1)
  expect(drawn[0]).toBe('9999')
  expect(drawn.length).toBeLessThan(60)
  expect(all.get('table').attributes('aria-rowcount')).toBe('10001')
  expect(all.get('tbody tr').attributes('aria-rowindex')).toBe('2')

  await scroll(all, 33 * 5_000)
  const middle = column(all, 1)
  expect(middle).toContain('4999')
  expect(middle).not.toContain('9999')
  expect(middle.length).toBeLessThan(60)
  expect(all.findAll('td.gap')).toHaveLength(2)
})

it('keeps the height of the rows that it does not draw', async () => {
  const all = table(MANY)
  await scroll(all, 33 * 5_000)
  const gaps = all.findAll<HTMLElement>('td.gap').map((gap) => Number.parseInt(gap.element.style.height))
  const drawn = column(all, 0).length
  expect(gaps.reduce((sum, gap) => sum + gap, 33 * drawn)).toBe(33 * 10_000)
})

it('has an end when it was scrolled far down and most rows go', async () => {
  const all = table(MANY)
  await scroll(all, 33 * 9_000)
  await all.setProps({ rows: MANY.slice(0, 400) })
  expect(column(all, 0)).toContain('399')
})

it('draws a table of usual length whole, for the search of the browser', () => {
  const all = table(MANY.slice(0, 300))
  expect(column(all, 0)).toHaveLength(300)
  expect(all.get('table').attributes('aria-rowcount')).toBeUndefined()
})
