/** The platform's now.  A machine's own clock may be wrong, and the platform may run on a simulated one. */
import { onScopeDispose, ref, type Ref } from 'vue'

let ahead = 0
let known = false
const shown = ref(Date.now())

/** Whether the platform lives through the history of its sample, at speed, and is not in the present yet. */
export const catchingUp = ref(false)

/** Learn from the headers of an answer how far the platform's clock is ahead of this machine's, and whether it catches up. */
export function learnNow(headers: Headers): void {
  const at = Date.parse(headers.get('gongdan-now') ?? '')
  if (Number.isNaN(at)) return
  catchingUp.value = headers.has('gongdan-catching-up')
  const before = ahead
  ahead = at - Date.now()
  // Small differences are the time that the answer took; showing them would make every countdown flicker.
  if (!known || Math.abs(ahead - before) > 2_000) shown.value = at
  known = true
}

/** The platform's now, in milliseconds. */
export function now(): number {
  return Date.now() + ahead
}

/** The platform's now for countdowns, again every ten seconds. */
export function useNow(): Readonly<Ref<number>> {
  shown.value = now()
  const ticking = setInterval(() => (shown.value = now()), 10_000)
  onScopeDispose(() => {
    clearInterval(ticking)
  })
  return shown
}
