import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { defineComponent, h, ref } from 'vue'
import UiDialog from '@/kit/UiDialog.vue'

const open = ref(false)
const Page = defineComponent({
  setup: () => () => [
    h('button', { id: 'opener', onClick: () => (open.value = true) }, '比较各版'),
    h(
      UiDialog,
      { open: open.value, 'onUpdate:open': (value: boolean) => (open.value = value), title: '各版的内容', description: '单位能看到。' },
      { default: () => [h('input', { id: 'first' }), h('button', { id: 'last' }, '好')] },
    ),
  ],
})
let page: VueWrapper
const opener = () => document.getElementById('opener') as HTMLButtonElement
const dialog = () => document.querySelector<HTMLElement>('[role="dialog"]')

async function opened(): Promise<HTMLElement> {
  opener().focus()
  opener().click()
  return vi.waitFor(() => {
    const found = dialog()
    expect(found?.contains(document.activeElement)).toBe(true)
    return found as HTMLElement
  })
}
function press(key: string, more: KeyboardEventInit = {}): void {
  document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }))
}

beforeEach(() => {
  open.value = false
  page = mount(Page, { attachTo: document.body })
})
afterEach(async () => {
  page.unmount()
  await flushPromises()
})

it('is named and described, and takes the focus', async () => {
  const shown = await opened()
  const text = (attribute: string) => document.getElementById(shown.getAttribute(attribute) ?? '')?.textContent
  expect(text('aria-labelledby')).toBe('各版的内容')
  expect(text('aria-describedby')).toBe('单位能看到。')
})

it('closes with Esc, and the focus returns to where it was', async () => {
  await opened()
  press('Escape')
  await vi.waitFor(() => {
    expect(dialog()).toBeNull()
    expect(document.activeElement).toBe(opener())
  })
  expect(open.value).toBe(false)
})

it('closes by its button, and the focus returns to where it was', async () => {
  const shown = await opened()
  shown.querySelector<HTMLElement>('[aria-label="关闭"]')?.click()
  await vi.waitFor(() => {
    expect(dialog()).toBeNull()
    expect(document.activeElement).toBe(opener())
  })
})

it('stays open with the Esc that ends a composition', async () => {
  await opened()
  document.getElementById('first')?.focus()
  press('Escape', { isComposing: true })
  await flushPromises()
  expect(open.value).toBe(true)
})

it('stays open when one clicks beside it: nothing typed is lost', async () => {
  await opened()
  const cover = document.querySelector('.ui-dialog-cover') as HTMLElement
  for (const target of [cover, document.body]) {
    target.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true, cancelable: true }))
    target.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }))
  }
  await flushPromises()
  expect(open.value).toBe(true)
})

it('keeps the Tab key inside of itself', async () => {
  const shown = await opened()
  document.getElementById('last')?.focus()
  press('Tab')
  expect(document.activeElement).toBe(shown.querySelector('[aria-label="关闭"]'))
  press('Tab', { shiftKey: true })
  expect(document.activeElement?.id).toBe('last')
})
