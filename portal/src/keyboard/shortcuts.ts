/** Single keys for those who work all day: never while someone types, never while an input method composes. */
import { computed, onBeforeUnmount, onMounted, shallowReactive, toValue, type MaybeRefOrGetter } from 'vue'
import { singleKeys } from '@/session/look'

export interface Shortcut {
  /** `KeyboardEvent.key` in lower case.  `mod+enter` is Ctrl+Enter (⌘ on a Mac) and works while someone types;
  `g d` is G and then D. */
  key: string
  /** What it does, in Chinese, for the footer and the help. */
  does: string
  run: (event: KeyboardEvent) => void
  /** Not in the footer, only in the help. */
  quiet?: boolean
}

type Given = MaybeRefOrGetter<readonly Shortcut[]>
const given = shallowReactive<Given[]>([])

/** Those of the pages that are open now: the page's own first, those of the shell last. */
export const active = computed(() => given.flatMap((each) => toValue(each)))

const SECOND_KEY_WITHIN = 1_500

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true
  return target instanceof HTMLInputElement && !['radio', 'checkbox', 'button', 'submit', 'file'].includes(target.type)
}

/** Whether the event belongs to an input method: 229 is what old Chromium sends instead of isComposing. */
export function isComposing(event: KeyboardEvent): boolean {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- no other sign of it exists there
  return event.isComposing || event.keyCode === 229
}

/** Whether an open dialog, menu or list has the keys. */
function isCovered(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('[role="dialog"],[role="menu"],[data-own-keys],[aria-expanded="true"][role="combobox"]') !== null
}

/** The shortcut that an event stands for; `first` is the key that began a sequence, such as G. */
export function match(shortcuts: readonly Shortcut[], event: KeyboardEvent, first: string | null = null): Shortcut | undefined {
  if (isComposing(event) || event.defaultPrevented || event.altKey) return undefined
  const key = event.key.toLowerCase()
  if (event.ctrlKey || event.metaKey) return shortcuts.find((shortcut) => shortcut.key === `mod+${key}`)
  // Esc leaves a text field for the list; the draft stays.
  if (isTyping(event.target) && key !== 'escape') return undefined
  if (isCovered(event.target)) return undefined
  if (key.length === 1 && singleKeys.value === 'off') return undefined
  return shortcuts.find((shortcut) => shortcut.key === (first === null ? key : `${first} ${key}`))
}

/** Whether a key begins a sequence of one of these. */
function begins(shortcuts: readonly Shortcut[], event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || isComposing(event)) return false
  if (isTyping(event.target) || isCovered(event.target) || singleKeys.value === 'off') return false
  return shortcuts.some((shortcut) => shortcut.key.startsWith(`${event.key.toLowerCase()} `))
}

let first: { key: string; at: number } | null = null

function heard(event: KeyboardEvent): void {
  const all = active.value
  const started = first !== null && event.timeStamp - first.at < SECOND_KEY_WITHIN ? first.key : null
  first = null
  const shortcut = match(all, event, started)
  if (shortcut !== undefined) {
    event.preventDefault()
    shortcut.run(event)
  } else if (started === null && begins(all, event)) {
    first = { key: event.key.toLowerCase(), at: event.timeStamp }
  }
}

document.addEventListener('keydown', heard)

/** The keys of a page while it is open; those of an inner page go before those of the pages around it.

A page whose keys depend on what it shows gives a getter: a key that does nothing now is not shown. */
export function useShortcuts(shortcuts: Given): void {
  onMounted(() => {
    given.unshift(shortcuts)
  })
  onBeforeUnmount(() => {
    const place = given.indexOf(shortcuts)
    if (place >= 0) given.splice(place, 1)
  })
}

/** A key as it is written in the footer: `mod+enter` is Ctrl Enter. */
export function keyNames(key: string): string[] {
  const NAMES: Readonly<Record<string, string>> = { mod: 'Ctrl', enter: 'Enter', escape: 'Esc', arrowdown: '↓', arrowup: '↑' }
  return key.split(/[+ ]/).map((part) => NAMES[part] ?? part.toUpperCase())
}
