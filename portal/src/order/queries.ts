/** What is known of one order, from the services that own it; asked for again after each command. */
import { useQuery, useQueryClient, type QueryClient } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue, watch } from 'vue'
import { dispatch, intake, read, readVersioned, sla, type Dispatch } from '@/api/client'
import { may } from '@/session/session'

export type Order = Dispatch['OrderDetail']
export type FormerOrder = Dispatch['FormerOrder']
type Id = MaybeRefOrGetter<string | undefined>

/** Nobody is told when a colleague of the same desk takes an order on: what is shown of it is asked for again. */
const AGAIN_EVERY = 15_000

/** Whether a unit had this order before and sees no more of it than its own part. */
export function isFormer(order: Order | FormerOrder): order is FormerOrder {
  return order.part === 'former'
}

function readOrder(id: string, signal: AbortSignal) {
  return readVersioned(dispatch.GET('/v1/orders/{order_id}', { params: { path: { order_id: id } }, signal }))
}

export function useOrder(id: Id) {
  return useQuery({
    queryKey: computed(() => ['order', toValue(id), 'detail']),
    enabled: computed(() => toValue(id) !== undefined),
    queryFn: ({ signal }) => readOrder(toValue(id) ?? '', signal),
    refetchInterval: AGAIN_EVERY,
  })
}

/** Reads the order below the chosen one while that one is looked at, so that J shows it at once; then it is asked for anew. */
export function useNextOrder(rows: () => readonly { order_id: string }[], shown: () => string | undefined): void {
  const queries = useQueryClient()
  watch(
    () => rows()[rows().findIndex((row) => row.order_id === shown()) + 1]?.order_id,
    (next) => {
      if (next === undefined || shown() === undefined) return
      // A fault is said when somebody comes there.
      queries.query({ queryKey: ['order', next, 'detail'], queryFn: ({ signal }) => readOrder(next, signal), retry: false }).catch(() => null)
    },
    { immediate: true },
  )
}

/** The order as its upstream sent it, with the caller masked. */
export function useUpstreamCopy(id: Id) {
  return useQuery({
    queryKey: computed(() => ['order', toValue(id), 'upstream']),
    enabled: computed(() => toValue(id) !== undefined && may('intake', 'read_order')),
    queryFn: ({ signal }) => read(intake.GET('/v1/orders/{order_id}', { params: { path: { order_id: toValue(id) ?? '' } }, signal })),
    refetchInterval: AGAIN_EVERY,
  })
}

export function useClocks(id: Id) {
  return useQuery({
    queryKey: computed(() => ['order', toValue(id), 'clocks']),
    enabled: computed(() => toValue(id) !== undefined),
    queryFn: async ({ signal }) => (await read(sla.GET('/v1/orders/{order_id}/clocks', { params: { path: { order_id: toValue(id) ?? '' } }, signal }))).clocks,
    refetchInterval: AGAIN_EVERY,
  })
}

/** When the clocks and the timeline are asked for once more: their services hear of a command a moment after it. */
const HEARD_AFTER = [800, 2_500]

/** Everything that a command on an order may have changed, in this page and in the lists. */
export async function orderChanged(queries: QueryClient, id: string): Promise<void> {
  for (const after of HEARD_AFTER) {
    setTimeout(() => {
      for (const part of ['clocks', 'timeline']) void queries.invalidateQueries({ queryKey: ['order', id, part] })
    }, after)
  }
  await Promise.all([
    queries.invalidateQueries({ queryKey: ['order', id] }),
    queries.invalidateQueries({ queryKey: ['orders'] }),
    queries.invalidateQueries({ queryKey: ['counts'] }),
  ])
}

export function useOrderChanged(): (id: string) => Promise<void> {
  const queries = useQueryClient()
  return (id) => orderChanged(queries, id)
}
