/** What is wrong with the fields of a form: all that is missing at once when it is sent, and of no field that was changed since. */
import { computed, getCurrentInstance, nextTick, ref, shallowRef, watch, type ComputedRef } from 'vue'
import type { useCommand } from '@/api/command'
import type { Refusal } from '@/api/refusal'

type Values = Readonly<Record<string, unknown>>
type Said = Readonly<Record<string, string | false | undefined>>

export interface Faults {
  /** By the name of a field, what is wrong with it now. */
  faults: ComputedRef<Readonly<Record<string, string>>>
  /** The refusal, until what it was about has been changed. */
  refusal: ComputedRef<Refusal | undefined>
  /** Whether nothing is missing; otherwise each missing field says so, and the first of them has the focus. */
  complete: () => boolean
  /** Say of no field that it is missing before the form is sent again: it was sent, or shows something else. */
  forget: () => void
}

/** `values` are the fields as they are, `missing` what is said of those that must be filled and are not.

`names` leads from a field's name in the platform's words to the one in the form, where they differ. */
export function useFaults(command: ReturnType<typeof useCommand>, values: () => Values, missing: () => Said, names: Readonly<Record<string, string>> = {}): Faults {
  const instance = getCurrentInstance()
  const tried = ref(false)
  const refused = shallowRef<Values>({})
  watch(
    command.refusal,
    () => {
      refused.value = { ...values() }
    },
    { flush: 'sync' },
  )
  const isChanged = (name: string): boolean => values()[name] !== refused.value[name]

  const said = computed(() => Object.entries(command.faults.value).map(([field, words]) => ({ name: names[field] ?? field, words })))
  const faults = computed(() => {
    const found: Record<string, string> = {}
    for (const { name, words } of said.value) if (!isChanged(name)) found[name] = words
    if (tried.value) for (const [name, words] of Object.entries(missing())) if (words) found[name] = words
    return found
  })
  const refusal = computed(() => {
    const given = command.refusal.value
    // What the rules refuse stays refused, whatever is typed; what was malformed or missing may be right by now.
    if (given?.status !== 422) return given
    const concerned = said.value.length > 0 ? said.value.map((fault) => fault.name) : Object.keys(refused.value)
    const isOpen = said.value.length > 0 ? concerned.some((name) => !isChanged(name)) : !concerned.some(isChanged)
    return isOpen ? given : undefined
  })

  function complete(): boolean {
    tried.value = true
    if (!Object.values(missing()).some(Boolean)) return true
    void nextTick(() => {
      const root: unknown = instance?.proxy?.$el
      if (root instanceof HTMLElement) root.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
    })
    return false
  }

  return {
    faults,
    refusal,
    complete,
    forget: () => {
      tried.value = false
      command.forget()
    },
  }
}

/** Whether a field holds nothing but blanks. */
export function isBlank(value: string | number | null | undefined): boolean {
  return value === null || value === undefined || String(value).trim() === ''
}
