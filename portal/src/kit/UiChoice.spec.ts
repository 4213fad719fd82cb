import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import UiChoice from '@/kit/UiChoice.vue'

const choices = [
  { value: 'yes', name: '同意', keyName: 'A' },
  { value: 'no', name: '驳回' },
]

it('says which answer is chosen, and asks the page for another', async () => {
  const group = mount(UiChoice, { props: { label: '结论', choices, chosen: 'yes' } })
  const buttons = group.findAll('button')

  expect(group.attributes()).toMatchObject({ role: 'group', 'aria-label': '结论' })
  expect(buttons.map((button) => button.attributes('aria-pressed'))).toEqual(['true', 'false'])
  await buttons[1]?.trigger('click')
  expect(group.emitted('choose')).toEqual([['no']])
})

it('sends no form', () => {
  const group = mount(UiChoice, { props: { label: '结论', choices, chosen: undefined } })
  expect(group.findAll('button').every((button) => button.attributes('type') === 'button')).toBe(true)
})
