import { expect, it } from 'vitest'
import { base64Of, textOf } from '@/operations/parked/words'

it('brings text to base64 and back, beyond ASCII, too', () => {
  expect(base64Of('{"a":"中"}')).toBe('eyJhIjoi5LitIn0=')
  expect(textOf(base64Of('{"a":"中𠀀"}'))).toBe('{"a":"中𠀀"}')
})

it('knows bytes that are no text', () => {
  expect(textOf('//8=')).toBeUndefined()
})
