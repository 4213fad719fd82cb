import { flushPromises, mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import UiTabs from '@/kit/UiTabs.vue'

const tabs = [
  { value: 'to_assign', name: '待研判', count: 12 },
  { value: 'consult', name: '会商研判', count: 0 },
  { value: 'returns', name: '回退待审' },
]

it('is one tab stop whose arrows choose, with how much is in each', async () => {
  const all = mount(UiTabs, { props: { label: '派单台的各列', tabs, modelValue: 'to_assign' }, attachTo: document.body })
  expect(all.get('[role="tablist"]').attributes('aria-label')).toBe('派单台的各列')
  const each = all.findAll<HTMLButtonElement>('[role="tab"]')
  expect(each.map((tab) => tab.text())).toEqual(['待研判12', '会商研判0', '回退待审'])
  expect(each.map((tab) => tab.attributes('aria-selected'))).toEqual(['true', 'false', 'false'])

  each[0]?.element.focus()
  await flushPromises()
  await each[0]?.trigger('keydown', { key: 'ArrowRight' })
  await flushPromises()
  expect(all.emitted('update:modelValue')).toEqual([['consult']])
  expect(document.activeElement).toBe(each[1]?.element)
  await all.setProps({ modelValue: 'consult' })
  expect(all.findAll('[role="tab"]').map((tab) => tab.attributes('tabindex'))).toEqual(['-1', '0', '-1'])
  all.unmount()
})
