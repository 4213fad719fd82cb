import { expect, it } from 'vitest'
import { tellsOf } from '@/review/contacts'

const contact = { contacted_at: '2026-11-23T02:20:41Z', phone: '0535-6891234' }
const reply = { contact_at: '2026-11-23T10:20:00+08:00', contact_phone: '0535 6891234' }

it('knows a contact by its minute and its number, however they are written', () => {
  expect(tellsOf(reply, contact)).toBe(true)
})

it.each([
  [{ ...reply, contact_at: '2026-11-23T10:21:00+08:00' }, contact],
  [{ ...reply, contact_phone: '0535-6891235' }, contact],
  [{ ...reply, contact_phone: '' }, contact],
  [{ ...reply, contact_at: null }, contact],
  [reply, { ...contact, phone: null }],
])('takes no other for it (%#)', (said, recorded) => {
  expect(tellsOf(said, recorded)).toBe(false)
})
