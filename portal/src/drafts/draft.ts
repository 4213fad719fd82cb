/** What was typed and not sent.  It is kept on this machine at once and on the platform a moment later, until it is sent. */
import { onScopeDispose, reactive, ref, watch, type Ref } from 'vue'
import { dispatch, read } from '@/api/client'
import { Refusal } from '@/api/refusal'
import { session } from '@/session/session'

export type DraftField = string | boolean | string[] | null
export type DraftFields = Record<string, DraftField>

const PAUSE = 1_200

interface Kept<Fields> {
  fields: Fields
  version: string | undefined
}

export interface Draft<Fields extends DraftFields> {
  fields: Fields
  /** Where the draft is: nothing typed, being saved, saved on the platform, or on this machine only. */
  state: Ref<'empty' | 'saving' | 'saved' | 'local'>
  /** Another tab or machine has changed the draft; the person chooses which one stays. */
  other: Ref<Fields | null>
  takeOther: () => void
  keepMine: () => Promise<void>
  /** The form was sent, or the person threw the draft away. */
  drop: () => Promise<void>
}

function keyOf(form: string, order: string): string {
  return `gongdan.draft.${session.person?.account ?? ''}.${form}.${order}`
}

function local<Fields>(key: string): Partial<Fields> | null {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') as Partial<Fields> | null
  } catch {
    return null
  }
}

// One list says of which orders a draft is kept, so that not every order that is looked at asks for one.
const LIST_HOLDS = 15_000
let listed: { at: number; account: string | undefined; keys: Promise<ReadonlySet<string>> } | null = null

async function isKept(form: string, order: string): Promise<boolean> {
  const account = session.person?.account
  if (listed === null || listed.account !== account || Date.now() - listed.at > LIST_HOLDS) {
    const keys = read(dispatch.GET('/v1/drafts')).then((lines) => new Set(lines.map((line) => `${line.form} ${line.order_id}`)))
    listed = { at: Date.now(), account, keys }
  }
  try {
    return (await listed.keys).has(`${form} ${order}`)
  } catch (fault) {
    listed = null
    throw fault
  }
}

/** The draft of one form of one order; it follows the order that the page shows. */
export function useDraft<Fields extends DraftFields>(form: string, order: () => string | undefined, empty: Fields): Draft<Fields> {
  const fields = reactive({ ...empty }) as Fields
  const state = ref<'empty' | 'saving' | 'saved' | 'local'>('empty')
  const other = ref<Fields | null>(null) as Ref<Fields | null>
  let version: string | undefined
  let waiting: ReturnType<typeof setTimeout> | undefined
  let quiet = false
  let shown: string | undefined

  /** As the platform keeps a draft: a choice that was not made is left out. */
  const content = (values: Fields) => Object.fromEntries(Object.entries(values).filter((field): field is [string, string | boolean | string[]] => field[1] !== null))
  const isEmpty = () => Object.entries(empty).every(([name, value]) => JSON.stringify(fields[name]) === JSON.stringify(value))

  function put(values: Partial<Fields>): void {
    quiet = true
    Object.assign(fields, { ...empty }, values)
    // The watcher runs before this promise, and must not save what has just been read.
    void Promise.resolve().then(() => (quiet = false))
  }

  async function fetched(id: string): Promise<Kept<Fields> | null> {
    try {
      const path = { form, order_id: id }
      const asked = dispatch.GET('/v1/drafts/{form}/{order_id}', { params: { path } })
      let etag: string | undefined
      const draft = await read(
        asked.then((answer) => {
          etag = answer.response.headers.get('etag') ?? undefined
          return answer
        }),
      )
      return { fields: { ...empty, ...draft.content }, version: etag }
    } catch (fault) {
      if (fault instanceof Refusal && fault.status === 404) return null
      throw fault
    }
  }

  async function open(id: string | undefined): Promise<void> {
    if (shown !== undefined && waiting !== undefined) {
      clearTimeout(waiting)
      waiting = undefined
      void save(shown, { ...fields }, version)
    }
    shown = id
    version = undefined
    other.value = null
    const mine = id === undefined ? null : local<Fields>(keyOf(form, id))
    put(mine ?? {})
    state.value = mine === null ? 'empty' : 'local'
    if (id === undefined) return
    try {
      if (!(await isKept(form, id))) return
      const kept = await fetched(id)
      if (shown !== id || kept === null) return
      version = kept.version
      if (isEmpty()) {
        put(kept.fields)
        state.value = 'saved'
      } else if (JSON.stringify(kept.fields) === JSON.stringify({ ...fields })) state.value = 'saved'
      else other.value = kept.fields
    } catch {
      // The draft of this machine stays; the platform is asked again with the next change.
    }
  }

  async function save(id: string, values: Fields, since: string | undefined): Promise<void> {
    const path = { form, order_id: id }
    try {
      const header = since === undefined ? {} : { 'if-match': since }
      const asked = dispatch.PUT('/v1/drafts/{form}/{order_id}', { params: { path, header }, body: content(values) })
      let etag: string | undefined
      await read(
        asked.then((answer) => {
          etag = answer.response.headers.get('etag') ?? undefined
          return answer
        }),
      )
      listed = null
      if (shown === id) {
        version = etag
        if (waiting === undefined) state.value = 'saved'
      }
    } catch (fault) {
      if (shown !== id) return
      state.value = 'local'
      if (fault instanceof Refusal && fault.status === 409) {
        const kept = await fetched(id).catch(() => null)
        if (kept !== null && shown === id) {
          version = kept.version
          other.value = kept.fields
        }
      }
    }
  }

  function changed(): void {
    const id = shown
    if (quiet || id === undefined) return
    const key = keyOf(form, id)
    if (isEmpty() && version === undefined) {
      localStorage.removeItem(key)
      state.value = 'empty'
      return
    }
    localStorage.setItem(key, JSON.stringify(fields))
    state.value = 'saving'
    clearTimeout(waiting)
    waiting = setTimeout(() => {
      waiting = undefined
      void save(id, { ...fields }, version)
    }, PAUSE)
  }

  watch(order, (id) => void open(id), { immediate: true })
  watch(fields, changed, { flush: 'sync' })
  onScopeDispose(() => {
    if (waiting !== undefined && shown !== undefined) {
      clearTimeout(waiting)
      void save(shown, { ...fields }, version)
    }
  })

  return {
    fields,
    state,
    other,
    takeOther: () => {
      if (other.value !== null) put(other.value)
      other.value = null
      state.value = 'saved'
    },
    keepMine: async () => {
      other.value = null
      if (shown !== undefined) await save(shown, { ...fields }, version)
    },
    drop: async () => {
      const id = shown
      clearTimeout(waiting)
      waiting = undefined
      if (id === undefined) return
      localStorage.removeItem(keyOf(form, id))
      put({})
      state.value = 'empty'
      other.value = null
      const saved = version !== undefined
      version = undefined
      listed = null
      if (saved) await read(dispatch.DELETE('/v1/drafts/{form}/{order_id}', { params: { path: { form, order_id: id } } })).catch(() => null)
    },
  }
}
