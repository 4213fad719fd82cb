import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import { h } from 'vue'
import UiField from '@/kit/UiField.vue'

interface Slot {
  id: string
  aria: Record<string, string | undefined>
}

function field(props: { hint?: string; fault?: string; required?: boolean; id?: string; keyName?: string }) {
  const all = mount(UiField, { props: { label: '理由', ...props }, slots: { default: ({ id, aria }: Slot) => h('input', { id, ...aria }) } })
  const control = all.get('input')
  const describing = all.get(`[id="${control.attributes('aria-describedby') ?? ''}"]`)
  return { all, control, describing }
}

it('names its control by its label', () => {
  const { all, control } = field({})
  expect(all.get('label').attributes('for')).toBe(control.attributes('id'))
})

it('says the hint to a screen reader, and the fault in its place', () => {
  const hinted = field({ hint: '单位能看到' })
  expect(hinted.describing.text()).toBe('单位能看到')
  expect(hinted.control.attributes('aria-invalid')).toBeUndefined()

  const wrong = field({ hint: '单位能看到', fault: '请写明理由' })
  expect(wrong.describing.text()).toBe('请写明理由')
  expect(wrong.control.attributes('aria-invalid')).toBe('true')
})

it('says that it must be filled in by more than a star', () => {
  const { all, control } = field({ required: true })
  expect(control.attributes('aria-required')).toBe('true')
  expect(all.get('.star').attributes('aria-hidden')).toBe('true')
})

it('takes the id that a page gives it, and makes one that no other field has', () => {
  expect(field({ id: 'assign-unit' }).control.attributes('id')).toBe('assign-unit')
  const both = mount({ render: () => [1, 2].map((nth) => h(UiField, { key: nth, label: String(nth) }, { default: ({ id }: Slot) => h('input', { id }) })) })
  const ids = both.findAll('input').map((input) => input.attributes('id'))
  expect(new Set(ids).size).toBe(2)
})

it('shows the key that leads to it', () => {
  expect(field({ keyName: 'U' }).all.get('kbd').text()).toBe('U')
})
