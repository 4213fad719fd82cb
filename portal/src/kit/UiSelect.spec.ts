import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import UiSelect from '@/kit/UiSelect.vue'

const choices = [
  { value: 'zhujian', name: '区住房和城乡建设局' },
  { value: 'shuiwu', name: '区水务局' },
]

it('shows what is chosen, and gives another choice to its page', async () => {
  const field = mount(UiSelect, { props: { label: '单位', choices, modelValue: 'shuiwu' } })
  const list = field.get<HTMLSelectElement>('select')
  expect(list.element.value).toBe('shuiwu')

  await list.setValue('zhujian')
  expect(field.emitted('update:modelValue')).toEqual([['zhujian']])
})

it('has words for no choice where none may be chosen, and gives null', async () => {
  const field = mount(UiSelect, { props: { label: '单位', choices, modelValue: 'shuiwu', none: '（不限）' } })
  expect(field.findAll('option').map((option) => option.text())).toEqual(['（不限）', '区住房和城乡建设局', '区水务局'])

  await field.get('select').setValue('')
  expect(field.emitted('update:modelValue')).toEqual([[null]])
  expect(mount(UiSelect, { props: { label: '单位', choices, modelValue: 'shuiwu' } }).findAll('option')).toHaveLength(2)
})

it('says its fault by the field that it is in', () => {
  const field = mount(UiSelect, { props: { label: '单位', choices, modelValue: null, fault: '请选择单位', required: true } })
  const list = field.get('select')
  expect(list.attributes()).toMatchObject({ 'aria-invalid': 'true', 'aria-required': 'true' })
  expect(field.get(`[id="${list.attributes('aria-describedby') ?? ''}"]`).text()).toBe('请选择单位')
})
