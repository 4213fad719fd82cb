/** How the pages look to this person: light or dark, the size of the type, single keys on or off.  Kept on this machine. */
import { ref, watch, watchEffect, type Ref } from 'vue'

export type Theme = 'system' | 'light' | 'dark'
export type TypeSize = 'normal' | 'large' | 'larger'

function kept<Value extends string>(key: string, usual: Value, allowed: readonly Value[]): Ref<Value> {
  const stored = localStorage.getItem(`gongdan.${key}`)
  const value = ref(allowed.find((each) => each === stored) ?? usual) as Ref<Value>
  watch(value, (changed) => {
    localStorage.setItem(`gongdan.${key}`, changed)
  })
  return value
}

export const THEMES = [
  { value: 'system', name: '随系统' },
  { value: 'light', name: '浅色' },
  { value: 'dark', name: '深色' },
] as const
export const TYPE_SIZES = [
  { value: 'normal', name: '标准' },
  { value: 'large', name: '大' },
  { value: 'larger', name: '特大' },
] as const

export const theme = kept<Theme>('theme', 'system', ['system', 'light', 'dark'])
export const typeSize = kept<TypeSize>('type', 'normal', ['normal', 'large', 'larger'])
/** WCAG 2.1.4: keys of one character can be switched off. */
export const singleKeys = kept<'on' | 'off'>('single-keys', 'on', ['on', 'off'])

/** Put the choices on the document, now and whenever they change. */
export function applyLook(): void {
  const dark = window.matchMedia('(prefers-color-scheme: dark)')
  const systemIsDark = ref(dark.matches)
  dark.addEventListener('change', (event) => (systemIsDark.value = event.matches))
  watchEffect(() => {
    const shown = theme.value === 'system' ? (systemIsDark.value ? 'dark' : 'light') : theme.value
    document.documentElement.dataset['theme'] = shown
    document.documentElement.dataset['type'] = typeSize.value
  })
}
