import { mount } from '@vue/test-utils'
import { expect, it, vi } from 'vitest'
import UiButton from '@/kit/UiButton.vue'

it('sends no form unless it is told to', () => {
  expect(mount(UiButton).get('button').attributes('type')).toBe('button')
  expect(mount(UiButton, { props: { type: 'submit' } }).get('button').attributes('type')).toBe('submit')
})

it('keeps the focus while it is busy, and says that it is', async () => {
  const all = mount(UiButton, { props: { busy: false }, slots: { default: '交办' }, attachTo: document.body })
  const button = all.get('button')
  button.element.focus()
  await all.setProps({ busy: true })

  expect(document.activeElement).toBe(button.element)
  expect(button.attributes()).toMatchObject({ 'aria-busy': 'true', 'aria-disabled': 'true' })
  expect(button.attributes('disabled')).toBeUndefined()
  all.unmount()
})

it('cannot be pressed when it is disabled', () => {
  const pressed = vi.fn()
  const button = mount(UiButton, { props: { disabled: true }, attrs: { onClick: pressed } }).get('button')
  button.element.click()
  expect(button.attributes('disabled')).toBeDefined()
  expect(pressed).not.toHaveBeenCalled()
})
