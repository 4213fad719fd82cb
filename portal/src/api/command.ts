/** A command that a person gives: never done twice, and its refusal stands beside the form until it is given again. */
import { computed, ref, shallowRef } from 'vue'
import { sent, type Sent } from '@/api/client'
import type { Refusal } from '@/api/refusal'

type Asked<Data> = Parameters<typeof sent<Data>>[0]

/** A new key; `crypto.randomUUID` does not exist over plain HTTP. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The state of one form's command.

`run` sends a body under an Idempotency-Key.  While it is unknown whether a request took effect, the same body goes out under
the same key: a lost connection and an impatient second press do nothing twice. */
export function useCommand() {
  const busy = ref(false)
  const refusal = shallowRef<Refusal>()
  let open: { body: string; key: string } | null = null

  async function run<Data>(body: unknown, ask: (key: string) => Asked<Data>): Promise<Sent<Data> | null> {
    if (busy.value) return null
    const text = JSON.stringify(body)
    if (open?.body !== text) open = { body: text, key: newKey() }
    busy.value = true
    refusal.value = undefined
    const outcome = await sent<Data>(ask(open.key))
    busy.value = false
    if (outcome.done) open = null
    else {
      refusal.value = outcome.refusal
      if (!outcome.refusal.unknown) open = null
    }
    return outcome
  }

  return {
    busy,
    refusal,
    /** By the name of a field, what the platform says is wrong with it. */
    faults: computed(() => refusal.value?.fields ?? {}),
    run,
    forget: () => {
      refusal.value = undefined
    },
  }
}
