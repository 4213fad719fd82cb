/** Short messages in the corner: shown, spoken by screen readers, gone by themselves; faults stay until they are closed. */
import { reactive } from 'vue'

export interface Toast {
  id: number
  words: string
  fault: boolean
  /** What one press takes back or opens. */
  action: { name: string; run: () => void } | undefined
}

export const toasts = reactive<Toast[]>([])
const STAYS = 6_000
let last = 0

export function toast(words: string, { fault = false, action }: { fault?: boolean; action?: Toast['action'] } = {}): void {
  const id = ++last
  toasts.push({ id, words, fault, action })
  if (!fault) {
    setTimeout(() => {
      close(id)
    }, STAYS)
  }
}

export function close(id: number): void {
  const place = toasts.findIndex((each) => each.id === id)
  if (place >= 0) toasts.splice(place, 1)
}
