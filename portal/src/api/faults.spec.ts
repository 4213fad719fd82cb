import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import { defineComponent, h, reactive } from 'vue'
import { useCommand } from '@/api/command'
import { isBlank, useFaults, type Faults } from '@/api/faults'
import { Refusal } from '@/api/refusal'

function form(fields: { phone: string; content: string }): { of: Faults; command: ReturnType<typeof useCommand> } {
  const command = useCommand()
  let of: Faults | undefined
  mount(
    defineComponent(() => {
      of = useFaults(command, () => ({ ...fields }), () => ({ phone: isBlank(fields.phone) && '请填写电话号码', content: isBlank(fields.content) && '请填写沟通内容' }), { 'call.phone': 'phone' })
      return () => h('form')
    }),
  )
  if (of === undefined) throw new Error('not set up')
  return { of, command }
}

it('says all that is missing at once, not before the form is sent, and of no field that is filled', () => {
  const fields = reactive({ phone: '', content: ' ' })
  const { of } = form(fields)
  expect(of.faults.value).toEqual({})

  expect(of.complete()).toBe(false)
  expect(of.faults.value).toEqual({ phone: '请填写电话号码', content: '请填写沟通内容' })

  fields.phone = '0535-6890000'
  expect(of.faults.value).toEqual({ content: '请填写沟通内容' })
  fields.content = '已联系'
  expect(of.faults.value).toEqual({})
  expect(of.complete()).toBe(true)
})

it('takes back what the platform said of a field when it is changed, and the refusal with the last of them', () => {
  const fields = reactive({ phone: '1', content: '已联系' })
  const { of, command } = form(fields)
  command.refusal.value = new Refusal(422, 'invalid', '请求内容有误', { 'call.phone': '应为电话号码', content: '太短' })
  expect(of.faults.value).toEqual({ phone: '应为电话号码', content: '太短' })

  fields.phone = '0535-6890000'
  expect(of.faults.value).toEqual({ content: '太短' })
  expect(of.refusal.value?.code).toBe('invalid')
  fields.content = '已与来电人联系'
  expect(of.refusal.value).toBeUndefined()
})

it('keeps what the rules refuse, and takes back what names no field when anything is changed', () => {
  const fields = reactive({ phone: '1', content: '已联系' })
  const { of, command } = form(fields)
  command.refusal.value = new Refusal(409, 'not_accepted', '须先认领')
  fields.phone = '2'
  expect(of.refusal.value?.code).toBe('not_accepted')

  command.refusal.value = new Refusal(422, 'contact_incomplete', '联系记录不完整')
  expect(of.refusal.value?.code).toBe('contact_incomplete')
  fields.phone = '3'
  expect(of.refusal.value).toBeUndefined()
})
