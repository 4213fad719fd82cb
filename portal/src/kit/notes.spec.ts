import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import { nextTick } from 'vue'
import { Refusal } from '@/api/refusal'
import RefusalNote from '@/kit/RefusalNote.vue'
import StateNote from '@/kit/StateNote.vue'
import UrgentMark from '@/kit/UrgentMark.vue'

const EMPTY = '没有待研判的工单。新工单到达时自动出现在这里。'

it('says what will appear where there is nothing, but not while it is being read', () => {
  expect(mount(StateNote, { props: { empty: EMPTY } }).text()).toBe(EMPTY)
  const reading = mount(StateNote, { props: { pending: true, empty: EMPTY } })
  expect(reading.text()).toBe('正在读取…')
  expect(reading.attributes('role')).toBe('status')
})

it('says a refusal in the words of the platform, and asks again', async () => {
  const note = mount(StateNote, { props: { fault: new Refusal(403, 'forbidden', '你没有这项权限'), pending: true, empty: EMPTY } })
  expect(note.attributes('role')).toBe('alert')
  expect(note.text()).toContain('你没有这项权限')
  await note.get('button').trigger('click')
  expect(note.emitted('again')).toHaveLength(1)
})

it('says of any other fault what to do', () => {
  expect(mount(StateNote, { props: { fault: new TypeError('Failed to fetch') } }).text()).toContain('连不上平台，请检查网络后再试')
})

it('is nothing where there is something', () => {
  expect(mount(StateNote, { props: { pending: false, fault: null } }).text()).toBe('')
})

it('takes the focus when a command is refused, and again for the next refusal', async () => {
  const note = mount(RefusalNote, { props: { refusal: undefined as Refusal | undefined }, attachTo: document.body })
  for (const message of ['回退时限已过', '版本已变']) {
    document.body.focus()
    await note.setProps({ refusal: new Refusal(409, 'refused', message) })
    await nextTick()
    expect(note.get('[role="alert"]').text()).toBe(message)
    expect(document.activeElement).toBe(note.get('[role="alert"]').element)
  }
})

it.each([
  [409, false],
  [500, true],
  [0, true],
])('says after a refusal of status %i whether it may have been done: %s', (status, unknown) => {
  const note = mount(RefusalNote, { props: { refusal: new Refusal(status, 'x', '请再试') } })
  expect(note.text().includes('不会重复办理')).toBe(unknown)
})

it('names the urgent classes, also one that it does not know', () => {
  expect(mount(UrgentMark, { props: { classes: ['safety', 'policy', 'new'] } }).findAll('span').map((mark) => mark.text())).toEqual(['安全紧急', '政策咨询', 'new'])
})
