/** What was typed in a form of the operations and not sent: kept in this tab until it is sent or thrown away.

In the tab's own store, which ends with the browser: a request in quarantine may name a person. */
import { reactive, ref, watch, type Ref } from 'vue'
import { session } from '@/session/session'

export interface Kept<Fields> {
  fields: Fields
  /** Whether something is typed that has not been sent. */
  changed: Ref<boolean>
  drop: () => void
}

/** `empty` is the form as it opens; `not` names what is never stored, such as a password. */
export function useKept<Fields extends object>(form: string, empty: Fields, not: readonly (keyof Fields)[] = []): Kept<Fields> {
  const key = `gongdan.kept.${session.person?.account ?? ''}.${form}`
  const first = JSON.stringify(empty)
  const fields = reactive({ ...(JSON.parse(first) as Fields), ...stored<Fields>(key) }) as Fields
  const changed = ref(JSON.stringify(fields) !== first)
  watch(fields, () => {
    changed.value = JSON.stringify(fields) !== first
    try {
      if (changed.value) sessionStorage.setItem(key, JSON.stringify(fields, (name, value: unknown) => (not.includes(name as keyof Fields) ? undefined : value)))
      else sessionStorage.removeItem(key)
    } catch {
      // The store is full: what is typed stays in the page.
    }
  }, { flush: 'sync' })
  return {
    fields,
    changed,
    drop: () => {
      Object.assign(fields, JSON.parse(first))
      sessionStorage.removeItem(key)
    },
  }
}

function stored<Fields>(key: string): Partial<Fields> {
  try {
    return (JSON.parse(sessionStorage.getItem(key) ?? '{}') ?? {}) as Partial<Fields>
  } catch {
    return {}
  }
}
