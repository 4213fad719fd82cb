import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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

describe('a long list', () => {
  const LONG: readonly Row[] = Array.from({ length: 10_000 }, (_, nth) => ({ id: `o${nth}`, title: `第 ${nth} 件` }))
  const there = () => list.findAll<HTMLElement>('[role="option"]').map((each) => each.attributes('aria-posinset'))
  async function scroll(to: number): Promise<void> {
    const box = list.element as HTMLElement
    box.scrollTop = to
    await list.trigger('scroll')
  }

  it('has the rows around what is seen, and says which they are', async () => {
    await list.setProps({ rows: LONG })
    expect(there()[0]).toBe('1')
    expect(there().length).toBeLessThan(60)
    expect(row(0)?.attributes('aria-setsize')).toBe('10000')

    await scroll(36 * 5_000)
    expect(there()).toContain('5001')
    expect(there()).not.toContain('1')
    expect(there().length).toBeLessThan(60)
  })

  it('stands every row where it would stand among all', async () => {
    await list.setProps({ rows: LONG })
    await scroll(36 * 5_000)
    for (const each of list.findAll<HTMLElement>('[role="option"]')) expect(each.element.style.top).toBe(`${(Number(each.attributes('aria-posinset')) - 1) * 36}px`)
    expect(list.get<HTMLElement>('.whole').element.style.height).toBe(`${36 * 10_000}px`)
  })

  it('keeps the chosen row with its focus, wherever one scrolls', async () => {
    await list.setProps({ rows: LONG, chosen: 'o3' })
    list.vm.focus()
    const chosen = document.activeElement
    expect(chosen?.textContent).toBe('第 3 件')
    for (const to of [5_000, 9_990, 0]) {
      await scroll(36 * to)
      expect(document.activeElement).toBe(chosen)
    }
  })

  it('is walked to its end', async () => {
    await list.setProps({ rows: LONG, chosen: 'o3' })
    await list.trigger('keydown', { key: 'End' })
    expect(asked()).toEqual(['o9999'])
    await list.setProps({ chosen: 'o9999' })
    await nextTick()
    expect(document.activeElement?.textContent).toBe('第 9999 件')
  })

  it('is whole up to 300 rows, for the search of the browser', async () => {
    await list.setProps({ rows: LONG.slice(0, 300) })
    expect(there()).toHaveLength(300)
    expect(row(0)?.attributes('aria-setsize')).toBeUndefined()
  })
})
