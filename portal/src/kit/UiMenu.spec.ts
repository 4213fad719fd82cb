import { flushPromises, mount, type DOMWrapper, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import UiMenu from '@/kit/UiMenu.vue'

const ran: string[] = []
const items = ['怎么用', '设置', '退出登录'].map((name) => ({ name, run: () => ran.push(name), hint: name === '设置' ? '?' : '' }))
let menu: VueWrapper
let button: Omit<DOMWrapper<HTMLButtonElement>, 'exists'>
const list = () => document.querySelector<HTMLElement>('[role="menu"]')
const focused = () => document.activeElement?.firstElementChild?.textContent

async function opened(): Promise<void> {
  button.element.focus()
  await press('ArrowDown')
  await vi.waitFor(() => {
    expect(focused()).toBe('怎么用')
  })
}
async function press(key: string): Promise<void> {
  document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
  await flushPromises()
}
async function closed(): Promise<void> {
  await vi.waitFor(() => {
    expect(list()).toBeNull()
    expect(document.activeElement).toBe(button.element)
  })
}

beforeEach(() => {
  ran.length = 0
  menu = mount(UiMenu, { props: { label: '李敏', items }, attachTo: document.body }) as VueWrapper
  button = menu.get('button')
})
afterEach(async () => {
  menu.unmount()
  await flushPromises()
})

it('opens by the arrow down at its first item, and says so', async () => {
  expect(button.attributes()).toMatchObject({ 'aria-haspopup': 'menu', 'aria-expanded': 'false' })
  await opened()
  expect(button.attributes('aria-expanded')).toBe('true')
  expect(list()?.getAttribute('aria-labelledby')).toBe(button.attributes('id'))
})

it('opens by a press, which is what Enter and Space are to a button', async () => {
  button.element.click()
  await vi.waitFor(() => {
    expect(focused()).toBe('怎么用')
  })
})

it('is walked by arrows, and one item is done by Enter', async () => {
  await opened()
  await press('ArrowDown')
  expect(focused()).toBe('设置')
  await press('End')
  expect(focused()).toBe('退出登录')
  await press('ArrowUp')
  await press('Enter')

  expect(ran).toEqual(['设置'])
  await closed()
})

it('closes with Esc, does nothing, and the focus returns to its button', async () => {
  await opened()
  await press('Escape')
  await closed()
  expect(ran).toEqual([])
})

it('leaves its items alone when a pointer opens it', async () => {
  button.element.dispatchEvent(new MouseEvent('click', { bubbles: true, detail: 1 }))
  await vi.waitFor(() => {
    expect(document.activeElement).toBe(list())
  })
})
