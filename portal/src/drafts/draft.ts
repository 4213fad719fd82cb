/** What was typed and not sent: kept on this machine until it is sent, whatever happens to the tab. */
import { reactive, ref, watch, type Ref } from 'vue'
import { session } from '@/session/session'

export type DraftField = string | boolean | string[] | null
export type DraftFields = Record<string, DraftField>

export interface Draft<Fields extends DraftFields> {
  fields: Fields
  state: Ref<'empty' | 'local'>
  /** The form was sent, or the person threw the draft away. */
  drop: () => Promise<void>
}

function keyOf(form: string, order: string): string {
  return `gongdan.draft.${session.person?.account ?? ''}.${form}.${order}`
}

function kept<Fields>(key: string): Partial<Fields> | null {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') as Partial<Fields> | null
  } catch {
    return null
  }
}

/** The draft of one form of one order; it follows the order that the page shows. */
export function useDraft<Fields extends DraftFields>(form: string, order: () => string | undefined, empty: Fields): Draft<Fields> {
  const fields = reactive({ ...empty }) as Fields
  const state = ref<'empty' | 'local'>('empty')
  const isEmpty = () => Object.entries(empty).every(([name, value]) => JSON.stringify(fields[name]) === JSON.stringify(value))

  watch(
    order,
    (id) => {
      Object.assign(fields, { ...empty }, id === undefined ? {} : kept<Fields>(keyOf(form, id)))
    },
    { immediate: true },
  )
  watch(fields, () => {
    const id = order()
    if (id === undefined) return
    if (isEmpty()) localStorage.removeItem(keyOf(form, id))
    else localStorage.setItem(keyOf(form, id), JSON.stringify(fields))
    state.value = isEmpty() ? 'empty' : 'local'
  })

  return {
    fields,
    state,
    drop: () => {
      const id = order()
      if (id !== undefined) localStorage.removeItem(keyOf(form, id))
      Object.assign(fields, { ...empty })
      return Promise.resolve()
    },
  }
}
