import { expect, it } from 'vitest'
import { typedOf, valueOf } from '@/operations/rules/form'

it.each([[{ count: 3, warning: 1 }], [{ warn_at: '16:00', cut_off: null, next_day_until: '12:00' }], [{ warn_at: '16:00', cut_off: '17:00', next_day_until: '12:00' }], [90], ['yes'], ['08:30']])('%j stays what it is', (value) => {
  expect(valueOf(typedOf(value), value)).toEqual(value)
})

it('sends what is no number as it was typed, so that the platform says what is wrong', () => {
  expect(valueOf({ ...typedOf(3), one: '三' }, 3)).toBe('三')
  expect(valueOf({ ...typedOf(3), one: '2.5' }, 3)).toBe('2.5')
})
