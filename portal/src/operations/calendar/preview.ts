/** The preview of a change of the calendar: it holds only for exactly what was previewed. */
import { computed, ref, shallowRef } from 'vue'
import { sent, type Sent, type Sla } from '@/api/client'
import type { Refusal } from '@/api/refusal'

type Page = Sla['PreviewOut']

export function usePreview<Body>(current: () => Body, ask: (body: Body, cursor: string | undefined) => Parameters<typeof sent<Page>>[0]) {
  const pages = shallowRef<Page[]>([])
  const refusal = shallowRef<Refusal>()
  const busy = ref(false)
  const previewed = ref('')

  async function run(more: boolean): Promise<void> {
    if (busy.value) return
    const body = current()
    const cursor = more ? (pages.value[pages.value.length - 1]?.next ?? undefined) : undefined
    busy.value = true
    const outcome: Sent<Page> = await sent(ask(body, cursor))
    busy.value = false
    if (!outcome.done) {
      refusal.value = outcome.refusal
      if (!more) pages.value = []
      return
    }
    refusal.value = undefined
    pages.value = more ? [...pages.value, outcome.data] : [outcome.data]
    previewed.value = JSON.stringify(body)
  }

  const holds = computed(() => pages.value.length > 0 && previewed.value === JSON.stringify(current()))
  return {
    pages,
    refusal,
    faults: computed(() => refusal.value?.fields ?? {}),
    busy,
    /** Whether what is shown is the preview of what is written now. */
    holds,
    base: computed(() => pages.value[0]?.base_version),
    show: () => run(false),
    more: () => run(true),
    forget: () => {
      pages.value = []
    },
  }
}
