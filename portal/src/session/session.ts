/** Who is signed in.  The token is in a cookie that no script can read; here is only what the pages show. */
import { computed, reactive, readonly } from 'vue'
import { dispatch, mayHaveSession, onSessionEnd, read } from '@/api/client'
import type { Dispatch } from '@/api/client'

export type Person = Dispatch['MeOut']
export type Service = 'intake' | 'dispatch' | 'sla' | 'review' | 'analytics'

/** How the session ended where the sign-in page has something to say of it: by itself, or by the person in all places. */
type Ended = 'itself' | 'everywhere'

const state = reactive<{ person: Person | null; asked: boolean; ended: Ended | null }>({ person: null, asked: false, ended: null })

export const session = readonly(state)

/** Whether the person may call an operation, by the platform's own table of access. */
export function may(service: Service, operation: string): boolean {
  return state.person?.may[service]?.includes(operation) ?? false
}

/** The person; only for pages behind the sign-in.  While they are taken away after the sign-out it is still the last one. */
export const person = computed<Person>((before) => {
  const known = state.person ?? before
  if (known === undefined) throw new Error('nobody is signed in')
  return known
})

/** Ask once who is signed in; later calls answer at once.  Without a session there is nobody to ask for. */
export async function known(): Promise<boolean> {
  if (!state.asked) {
    state.person = mayHaveSession() ? await read(dispatch.GET('/v1/me')).catch(() => null) : null
    state.asked = true
  }
  return state.person !== null
}

/** The platform let the person in. */
export async function signedIn(): Promise<void> {
  state.person = await read(dispatch.GET('/v1/me'))
  state.asked = true
  state.ended = null
}

/** Forget the person, and remember how the session ended. */
export function signedOut(ended: Ended | null = null): void {
  state.person = null
  state.ended = ended
}

onSessionEnd(() => {
  if (state.person !== null) signedOut('itself')
})
