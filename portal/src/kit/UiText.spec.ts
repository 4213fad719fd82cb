import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import UiText from '@/kit/UiText.vue'

function text(props: Record<string, unknown> = {}) {
  const all = mount(UiText, { props: { label: '理由', modelValue: '', ...props }, attachTo: document.body })
  const control = all.get<HTMLInputElement>('input, textarea')
  const told = () => all.get(`[id="${control.attributes('aria-describedby') ?? ''}"]`).text()
  return { all, control, told }
}

it('gives every letter to its page', async () => {
  const { all, control } = text()
  await control.setValue('暖气不热')
  expect(all.emitted('update:modelValue')).toEqual([['暖气不热']])
})

it('is a paragraph when it has rows', () => {
  expect(text({ rows: 3 }).control.element.tagName).toBe('TEXTAREA')
  expect(text().control.element.tagName).toBe('INPUT')
})

it('says a fault at the field', () => {
  const { control, told } = text({ fault: '请写明理由' })
  expect(control.attributes('aria-invalid')).toBe('true')
  expect(told()).toBe('请写明理由')
})

it('keeps a paste that is too long whole, and says how much is too much', async () => {
  const { all, control, told } = text({ most: 5, fault: '平台的话' })
  await all.setProps({ modelValue: '一二三四五' })
  expect(told()).toBe('平台的话')

  await all.setProps({ modelValue: '一二三四五六七' })
  expect(control.element.value).toBe('一二三四五六七')
  expect(told()).toBe('已有 7 字，最多 5 字，请删去 2 字')
  expect(control.attributes('aria-invalid')).toBe('true')
})

it('takes the focus when its page gives it', () => {
  const { all, control } = text()
  ;(all.vm as unknown as { focus: () => void }).focus()
  expect(document.activeElement).toBe(control.element)
})

it('gives words while an input method composes only when they are composed', async () => {
  const { all, control } = text()
  await control.trigger('compositionstart')
  control.element.value = "nuan'qi"
  await control.trigger('input')
  expect(all.emitted('update:modelValue')).toBeUndefined()

  control.element.value = '暖气'
  await control.trigger('compositionend')
  expect(all.emitted('update:modelValue')).toEqual([['暖气']])
})

it('lets no browser fill in what it remembers, unless it is told what to remember', () => {
  expect(text().control.attributes('autocomplete')).toBe('off')
  expect(text({ autocomplete: 'username' }).control.attributes('autocomplete')).toBe('username')
})
