/** Requests for more time, and what granting one would do. */
import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import { read, sla, type Sla } from '@/api/client'
import { may } from '@/session/session'

export type Extension = Sla['Extension']
export type ExtensionState = Sla['ExtensionState']

export function useExtensions(state: MaybeRefOrGetter<ExtensionState>) {
  const pages = useInfiniteQuery({
    queryKey: computed(() => ['orders', 'extensions', toValue(state)]),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => read(sla.GET('/v1/extensions', { params: { query: { state: toValue(state), limit: 100, ...(pageParam === null ? {} : { cursor: pageParam }) } }, signal })),
    getNextPageParam: (page) => page.next ?? null,
    refetchInterval: 30_000,
  })
  return {
    rows: computed<Extension[]>(() => pages.data.value?.pages.flatMap((page) => page.items) ?? []),
    pending: pages.isPending,
    fault: pages.error,
    again: pages.refetch,
    more: (): void => {
      if (pages.hasNextPage.value && !pages.isFetchingNextPage.value) void pages.fetchNextPage()
    },
  }
}

/** Every request of an order, with its answer. */
export function useExtensionsOf(order: MaybeRefOrGetter<string | undefined>) {
  return useQuery({
    queryKey: computed(() => ['order', toValue(order), 'extensions', 'all']),
    enabled: computed(() => toValue(order) !== undefined),
    queryFn: async ({ signal }) => (await read(sla.GET('/v1/orders/{order_id}/extensions', { params: { path: { order_id: toValue(order) ?? '' } }, signal }))).items,
  })
}

/** When the order would be due if the request were granted, as the platform's calendar counts it; nothing is changed.

The days count on from the clock's own, so that the clock is asked how many it has. */
export function useEffectOf(extension: MaybeRefOrGetter<Extension>) {
  return useQuery({
    queryKey: computed(() => ['order', toValue(extension).order_id, 'effect', toValue(extension).id]),
    enabled: computed(() => toValue(extension).state === 'requested' && may('sla', 'explain_clock')),
    retry: false,
    queryFn: async ({ signal }) => {
      const { clock_id, workdays } = toValue(extension)
      const proof = await read(sla.GET('/v1/clocks/{clock_id}/explain', { params: { path: { clock_id } }, signal }))
      if (proof.span !== 'workdays') return null
      return read(sla.GET('/v1/deadlines', { params: { query: { started_at: proof.clock.started_at, workdays: proof.amount + workdays } }, signal }))
    },
  })
}
