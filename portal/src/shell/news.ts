/** What changed for this person: a list, and a stream that keeps it and the desks up to date while the page is looked at. */
import { useQuery, useQueryClient, type QueryClient } from '@tanstack/vue-query'
import { computed, onScopeDispose, watch } from 'vue'
import { dispatch, read, sent, type Dispatch } from '@/api/client'
import { newKey } from '@/api/command'

export type NewsItem = Dispatch['NewsOut']

/** Topics by which the stream calls its events; an unknown one is seen at the next question all the same. */
export const TOPICS = [
  'new', 'assigned', 'return_asked', 'returned', 'return_refused', 'submitted', 'to_review', 'sent_back', 'approved', 'redo', 'revisited',
  'closed', 'urged', 'changed', 'cancelled', 'due_soon', 'overdue', 'excused', 'review_due', 'review_overdue', 'promise_due',
  'promise_broken', 'plan_due', 'extension_asked', 'extension_decided', 'feedback_failed', 'supervision',
] as const

const ADDRESS = '/api/dispatch/v1/news/stream'
const PAUSE = 5_000
const LONGEST_PAUSE = 60_000

/** How long to wait before the stream is opened again, after so many failures in a row. */
export function pauseAfter(failures: number): number {
  return Math.min(PAUSE * 2 ** Math.max(0, failures - 1), LONGEST_PAUSE)
}

async function changed(queries: QueryClient, orderId: string): Promise<void> {
  await Promise.all([
    queries.invalidateQueries({ queryKey: ['news'] }),
    queries.invalidateQueries({ queryKey: ['counts'] }),
    queries.invalidateQueries({ queryKey: ['orders'] }),
    queries.invalidateQueries({ queryKey: ['order', orderId] }),
  ])
}

/** The news of this person, and the stream; call it once, in the shell. */
export function useNews() {
  const queries = useQueryClient()
  const list = useQuery({
    queryKey: ['news'],
    queryFn: ({ signal }) => read(dispatch.GET('/v1/news', { params: { query: { limit: 40 } }, signal })),
    refetchInterval: 60_000,
  })
  let stream: EventSource | null = null
  let last: string | null = null
  let failures = 0
  let waiting: ReturnType<typeof setTimeout> | undefined

  function close(): void {
    clearTimeout(waiting)
    stream?.close()
    stream = null
  }

  /** Only the tab that is looked at has a stream: a browser has six connections to a host, and six tabs would take them all. */
  function open(): void {
    const newest = list.data.value?.newest
    if (stream !== null || newest === undefined || document.visibilityState !== 'visible') return
    stream = new EventSource(`${ADDRESS}?after=${last ?? String(newest)}`)
    stream.onopen = () => (failures = 0) // it ends with each token, and that is no failure
    for (const topic of TOPICS) {
      stream.addEventListener(topic, (event) => {
        failures = 0
        last = event.lastEventId
        const item = JSON.parse(String(event.data)) as NewsItem
        void changed(queries, item.order_id)
      })
    }
    stream.onerror = () => {
      // It ends with the token, too.  Any question renews the token, and the list is one.
      close()
      failures += 1
      waiting = setTimeout(() => {
        void list.refetch().then(open)
      }, pauseAfter(failures))
    }
  }

  function looked(): void {
    if (document.visibilityState === 'visible') open()
    else close()
  }
  document.addEventListener('visibilitychange', looked)
  watch(() => list.data.value?.newest !== undefined, open, { immediate: true })
  onScopeDispose(() => {
    document.removeEventListener('visibilitychange', looked)
    close()
  })

  return {
    items: computed(() => list.data.value?.items ?? []),
    unread: computed(() => list.data.value?.unread ?? 0),
    seenUpto: computed(() => list.data.value?.seen_upto ?? 0),
    pending: list.isPending,
    fault: list.error,
    again: list.refetch,
    markSeen: async (): Promise<void> => {
      const upto = list.data.value?.items[0]?.id
      if (upto === undefined || upto <= (list.data.value?.seen_upto ?? 0)) return
      await sent(dispatch.POST('/v1/news/seen', { params: { header: { 'Idempotency-Key': newKey() } }, body: { upto } }))
      await queries.invalidateQueries({ queryKey: ['news'] })
    },
  }
}
