import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { h, nextTick } from 'vue'
import RowList from '@/kit/RowList.vue'

interface Row {
  id: string
  title: string
}
const ROWS: readonly Row[] = Array.from({ length: 40 }, (_, nth) => ({ id: `o${nth}`, title: `第 ${nth} 件` }))
let drawings = 0
const mounted = () =>
  mount(RowList<Row>, {
    props: { label: '待研判', rows: ROWS, keyOf: (row: Row) => row.id, chosen: undefined as string | undefined },
    slots: {
      default: ({ row }: { row: Row }) => {
        drawings++
        return h('span', row.title)
      },
    },
    attachTo: document.body,
  })
let list: ReturnType<typeof mounted>
const row = (nth: number) => list.findAll<HTMLElement>('[role="option"]')[nth]
const stops = () => list.findAll('[role="option"][tabindex="0"]').map((each) => each.text())
const asked = () => list.emitted<[string]>('choose')?.map(([id]) => id)

beforeEach(() => {
  list = mounted()
})
afterEach(() => {
  list.unmount()
})

it('is one tab stop: the chosen row, or the first one', async () => {
  expect(list.attributes()).toMatchObject({ role: 'listbox', 'aria-label': '待研判' })
  expect(stops()).toEqual(['第 0 件'])
  await list.setProps({ chosen: 'o3' })
  expect(stops()).toEqual(['第 3 件'])
  expect(row(3)?.attributes('aria-selected')).toBe('true')
})

it.each([
  ['ArrowDown', 'o11'],
  ['ArrowUp', 'o9'],
  ['PageDown', 'o22'],
  ['PageUp', 'o0'],
  ['Home', 'o0'],
  ['End', 'o39'],
])('asks by %s for %s', async (key, id) => {
  await list.setProps({ chosen: 'o10' })
  await list.trigger('keydown', { key })
  expect(asked()).toEqual([id])
})

it('takes the focus along to the row that the page then chooses', async () => {
  await list.setProps({ chosen: 'o0' })
  list.vm.step(1)
  await list.setProps({ chosen: 'o1' })
  await nextTick()
  expect(document.activeElement).toBe(row(1)?.element)
})

it('leaves the focus alone when the page chooses by itself', async () => {
  await list.setProps({ chosen: 'o5' })
  await nextTick()
  expect(document.activeElement).toBe(document.body)
})

it('opens a row by Enter, not while Ctrl is held, which sends a form', async () => {
  await row(2)?.trigger('keydown', { key: 'Enter', ctrlKey: true })
  expect(list.emitted('open')).toBeUndefined()
  await row(2)?.trigger('keydown', { key: 'Enter' })
  expect(list.emitted('open')).toEqual([['o2']])
})

it('chooses by a click and opens by a second one', async () => {
  await row(4)?.trigger('click')
  await row(4)?.trigger('dblclick')
  expect(asked()).toEqual(['o4'])
  expect(list.emitted('open')).toEqual([['o4']])
})

it('draws again only the row that changed', async () => {
  drawings = 0
  await list.setProps({ rows: ROWS.map((each, nth) => (nth === 7 ? { ...each, title: '改过' } : each)) })
  expect(row(7)?.text()).toBe('改过')
  expect(drawings).toBe(1)
})

it('asks for more before its end is reached', async () => {
  await list.trigger('scroll')
  expect(list.emitted('end')).toHaveLength(1)
})
