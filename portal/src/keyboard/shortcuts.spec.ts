import { describe, expect, it } from 'vitest'
import { match } from '@/keyboard/shortcuts'

const shortcuts = ['j', 'escape', 'mod+enter'].map((key) => ({ key, does: key, run: () => undefined }))
function pressed(key: string, on: HTMLElement, init: KeyboardEventInit = {}): string | undefined {
  const event = new KeyboardEvent('keydown', { key, ...init })
  Object.defineProperty(event, 'target', { value: on })
  return match(shortcuts, event)?.key
}

describe('keys while somebody types', () => {
  const field = document.createElement('textarea')

  it('leaves letters to the text', () => {
    expect(pressed('j', field)).toBeUndefined()
    expect(pressed('j', document.createElement('div'))).toBe('j')
  })

  it('leaves the text by Esc and sends it by Ctrl+Enter', () => {
    expect(pressed('Escape', field)).toBe('escape')
    expect(pressed('Enter', field, { ctrlKey: true })).toBe('mod+enter')
  })

  it('leaves every key to an input method that composes', () => {
    expect(pressed('Escape', field, { isComposing: true })).toBeUndefined()
  })
})
