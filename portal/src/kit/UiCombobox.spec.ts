import { flushPromises, mount, type DOMWrapper, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import UiCombobox from '@/kit/UiCombobox.vue'

const choices = [
  { value: 'chengguan', name: '区综合行政执法局' },
  { value: 'shuiwu', name: '区水务局' },
  { value: 'zhujian', name: '区住房和城乡建设局' },
]
let field: VueWrapper
let input: Omit<DOMWrapper<HTMLInputElement>, 'exists'>

function put(props: Record<string, unknown> = {}): void {
  field = mount(UiCombobox, { props: { label: '承办单位', choices, modelValue: null, ...props }, attachTo: document.body }) as VueWrapper
  input = field.get('input')
}
const options = () => [...document.querySelectorAll<HTMLElement>('[role="option"]')]
const names = () => options().map((option) => option.querySelector('span')?.textContent)
const highlighted = () => document.getElementById(input.attributes('aria-activedescendant') ?? '')?.querySelector('span')?.textContent
const isOpen = () => input.attributes('aria-expanded') === 'true'
const chosen = () => field.emitted<[string | null]>('update:modelValue')?.map(([value]) => value)

async function open(): Promise<void> {
  input.element.focus()
  await vi.waitFor(() => {
    expect(highlighted()).toBeDefined()
  })
}
async function type(text: string): Promise<void> {
  await input.setValue(text)
  await flushPromises()
}

beforeEach(() => {
  put()
})
afterEach(() => {
  field.unmount()
})

it('opens with the focus, and shows every choice with its code', async () => {
  await open()
  expect(isOpen()).toBe(true)
  expect(options().map((option) => option.textContent)).toEqual(['区综合行政执法局chengguan', '区水务局shuiwu', '区住房和城乡建设局zhujian'])
})

it('is walked and answered by keyboard', async () => {
  await open()
  expect(highlighted()).toBe('区综合行政执法局')
  await input.trigger('keydown', { key: 'ArrowDown' })
  expect(highlighted()).toBe('区水务局')
  await input.trigger('keydown', { key: 'End' })
  expect(highlighted()).toBe('区住房和城乡建设局')
  await input.trigger('keydown', { key: 'ArrowUp' })
  await input.trigger('keydown', { key: 'Enter' })
  await flushPromises()

  expect(chosen()).toEqual(['shuiwu'])
  expect(isOpen()).toBe(false)
  expect(document.activeElement).toBe(input.element)
})

it.each([
  ['住房', ['区住房和城乡建设局']],
  ['shuiw', ['区水务局']],
  ['局', ['区综合行政执法局', '区水务局', '区住房和城乡建设局']],
])('finds “%s” by a part of the name or of its pinyin', async (typed, found) => {
  await open()
  await type(typed)
  expect(names()).toEqual(found)
})

it('says which words found nothing', async () => {
  await open()
  await type('没有的')
  expect(document.body.textContent).toContain('没有名称或拼音含“没有的”的选项')
})

it('finds while an input method composes, and chooses nothing by its keys', async () => {
  await open()
  await input.trigger('compositionstart')
  await type("zhu'j")
  expect(names()).toEqual(['区住房和城乡建设局'])

  await input.trigger('keydown', { key: 'Enter', isComposing: true })
  await input.trigger('keydown', { key: ' ', isComposing: true })
  await input.trigger('keydown', { key: 'ArrowDown', isComposing: true })
  expect(chosen()).toBeUndefined()
  expect(isOpen()).toBe(true)

  input.element.value = '住建'
  await input.trigger('compositionend')
  await flushPromises()
  await type('住房')
  await vi.waitFor(() => {
    expect(highlighted()).toBe('区住房和城乡建设局')
  })
  await input.trigger('keydown', { key: 'Enter' })
  expect(chosen()).toEqual(['zhujian'])
})

it('does not close with the Esc that ends a composition', async () => {
  await open()
  await input.trigger('compositionstart')
  await type("zhu'j")
  await input.trigger('keydown', { key: 'Escape', isComposing: true })
  await flushPromises()
  expect(isOpen()).toBe(true)
})

it('keeps what was chosen when it is left with Esc', async () => {
  field.unmount()
  put({ modelValue: 'zhujian' })
  await open()
  expect(input.element.value).toBe('区住房和城乡建设局')
  await type('水')
  await input.trigger('keydown', { key: 'Escape' })
  await flushPromises()

  expect(isOpen()).toBe(false)
  expect(chosen()).toBeUndefined()
  expect(input.element.value).toBe('区住房和城乡建设局')
})

it('is one tab stop, and says its fault by the field that it is in', async () => {
  await field.setProps({ fault: '请选择承办单位', required: true })
  expect(field.get('button').attributes('tabindex')).toBe('-1')
  expect(input.attributes()).toMatchObject({ role: 'combobox', 'aria-invalid': 'true', 'aria-required': 'true' })
  expect(field.get(`[id="${input.attributes('aria-describedby') ?? ''}"]`).text()).toBe('请选择承办单位')
})

it('is typed anew when it has a choice already: the first letter takes the place of its name', async () => {
  field.unmount()
  put({ modelValue: 'zhujian' })
  await open()
  expect([input.element.selectionStart, input.element.selectionEnd]).toEqual([0, '区住房和城乡建设局'.length])
})
